import assert from "node:assert/strict";
import { test } from "node:test";

import { crossedEnd, loopBetween, loopSeconds, stretched, withEnd } from "./loop.js";
import { Timing } from "./timing.js";

const timing = new Timing({
  hits: {},
  bars: [1, 2, 3, 4].map((number) => ({ number, id: `bar-${number}`, start_s: number * 2, end_s: number * 2 + 2 })),
});

test("a loop is given in any order", () => {
  assert.deepEqual(loopBetween(7, 3, 1, 20), { from: 3, to: 7 });
});

test("a loop stays inside the piece, whatever is typed", () => {
  assert.deepEqual(loopBetween(-4, 99, 1, 20), { from: 1, to: 20 });
  assert.deepEqual(loopBetween(Number.NaN, 4.4, 1, 20), { from: 1, to: 4 });
});

test("an end that passes the other takes it along", () => {
  assert.deepEqual(withEnd({ from: 2, to: 4 }, "from", 6), { from: 6, to: 6 });
  assert.deepEqual(withEnd({ from: 5, to: 8 }, "to", 3), { from: 3, to: 3 });
  assert.deepEqual(withEnd({ from: 2, to: 4 }, "to", 6), { from: 2, to: 6 });
});

test("the first shift-click loops from the current bar", () => {
  assert.deepEqual(stretched(null, 9, 6), { from: 6, to: 9 });
});

test("a later shift-click outside stretches the loop, inside it moves the nearer end", () => {
  assert.deepEqual(stretched({ from: 4, to: 8 }, 1, 2), { from: 2, to: 8 });
  assert.deepEqual(stretched({ from: 4, to: 8 }, 1, 11), { from: 4, to: 11 });
  assert.deepEqual(stretched({ from: 4, to: 8 }, 1, 5), { from: 5, to: 8 });
  assert.deepEqual(stretched({ from: 4, to: 8 }, 1, 7), { from: 4, to: 7 });
});

test("a loop lasts from its first bar's start to its last bar's end", () => {
  assert.deepEqual(loopSeconds({ from: 2, to: 3 }, timing), { start_s: 4, end_s: 8 });
});

test("a loop over bars that do not exist lasts no time", () => {
  assert.equal(loopSeconds({ from: 2, to: 30 }, timing), null);
});

test("playing over the end is a crossing, starting behind it is not", () => {
  const span = { start_s: 4, end_s: 8 };

  assert.equal(crossedEnd(7.99, 8.0, span), true);
  assert.equal(crossedEnd(6.0, 6.1, span), false);
  assert.equal(crossedEnd(9.0, 9.1, span), false);
});
