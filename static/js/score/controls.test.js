import assert from "node:assert/strict";
import { test } from "node:test";

import { scrollNeeded } from "./follow.js";
import { actionFor } from "./keyboard.js";
import { columnHeights, drawnHeights } from "./peaks.js";
import { allowedSpeed } from "./speed.js";
import { variantFor } from "./variants.js";

test("speed goes in steps of five from 50 to 120 percent", () => {
  assert.equal(allowedSpeed(73), 75);
  assert.equal(allowedSpeed(10), 50);
  assert.equal(allowedSpeed(500), 120);
  assert.equal(allowedSpeed(Number.NaN), 100);
});

test("each width has its engraving", () => {
  assert.deepEqual([390, 599, 600, 820, 1099, 1100, 1440].map(variantFor), [
    "phone",
    "phone",
    "tablet",
    "tablet",
    "tablet",
    "desktop",
    "desktop",
  ]);
});

test("the keys of the player act wherever nothing else wants them", () => {
  assert.equal(actionFor({ key: " " }, ""), "toggle");
  assert.equal(actionFor({ key: "L" }, ""), "loop");
  assert.equal(actionFor({ key: "ArrowLeft" }, "button"), "back");
  assert.equal(actionFor({ key: "?" }, ""), "help");
});

test("keys with a modifier belong to the browser", () => {
  assert.equal(actionFor({ key: "ArrowLeft", altKey: true }, ""), null);
  assert.equal(actionFor({ key: "l", ctrlKey: true }, ""), null);
});

test("typing a bar number plays nothing, space presses a focused button, arrows move a slider", () => {
  assert.equal(actionFor({ key: " " }, "text"), null);
  assert.equal(actionFor({ key: "a" }, "text"), null);
  assert.equal(actionFor({ key: " " }, "button"), null);
  assert.equal(actionFor({ key: "ArrowUp" }, "slider"), null);
  assert.equal(actionFor({ key: " " }, "slider"), "toggle");
  assert.equal(actionFor({ key: " " }, "dialog"), null);
});

test("a column is as high as the loudest sample of its share", () => {
  const waveform = { scale: 100, peaks: /** @type {[number, number][]} */ ([[-10, 20], [-50, 5], [0, 0], [-1, 100]]) };

  assert.deepEqual([...columnHeights(waveform, 2)], [0.5, 1]);
});

test("more columns than peaks leave no gap, and no peaks leave silence", () => {
  const waveform = { scale: 100, peaks: /** @type {[number, number][]} */ ([[-50, 50], [-50, 50]]) };

  assert.deepEqual([...columnHeights(waveform, 5)], [0.5, 0.5, 0.5, 0.5, 0.5]);
  assert.deepEqual([...columnHeights({ scale: 127, peaks: [] }, 3)], [0, 0, 0]);
});

test("quiet recordings fill the strip, silent ones stay flat", () => {
  assert.equal(Math.max(...drawnHeights(Float32Array.of(0.01, 0.05))), 1);
  assert.deepEqual([...drawnHeights(new Float32Array(2))], [0, 0]);
});

test("a line in sight is left where it is", () => {
  assert.equal(scrollNeeded({ top: 100, bottom: 250 }, { top: 0, bottom: 700 }), 0);
});

test("a line out of sight comes to lie high up, so that the next can be read ahead", () => {
  assert.equal(scrollNeeded({ top: 680, bottom: 830 }, { top: 0, bottom: 700 }), 680 - 84);
  assert.equal(scrollNeeded({ top: -300, bottom: -150 }, { top: 0, bottom: 700 }), -384);
});
