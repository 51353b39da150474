import assert from "node:assert/strict";
import { test } from "node:test";

import { countUpTo } from "./search.js";
import { Timing } from "./timing.js";

// Two bars of four beats at 120 bpm after a pickup of one beat; the flam's two strokes share a place.
const table = {
  hits: { h3: 1.5, h1: 0.02, h2: 0.52, h4: 1.5, h5: 3.25 },
  bars: [
    { number: 0, id: "bar-0", start_s: 0.0, end_s: 0.5 },
    { number: 1, id: "bar-1", start_s: 0.5, end_s: 2.5 },
    { number: 2, id: "bar-2", start_s: 2.5, end_s: 4.5 },
  ],
};

/** @param {Timing} timing @param {number} time_s */
const sounding = (timing, time_s) => timing.ids.slice(...timing.soundingAt(time_s, 0.16));

test("a search counts what is smaller or equal", () => {
  assert.equal(countUpTo([], 1), 0);
  assert.equal(countUpTo([1, 2, 2, 3], 0), 0);
  assert.equal(countUpTo([1, 2, 2, 3], 2), 3);
  assert.equal(countUpTo([1, 2, 2, 3], 9), 4);
});

test("a hit sounds from its onset until its hold is over", () => {
  const timing = new Timing(table);

  assert.deepEqual(sounding(timing, 0.019), []);
  assert.deepEqual(sounding(timing, 0.02), ["h1"]);
  assert.deepEqual(sounding(timing, 0.179), ["h1"]);
  assert.deepEqual(sounding(timing, 0.181), []);
});

test("hits with the same onset sound together", () => {
  assert.deepEqual(sounding(new Timing(table), 1.55).sort(), ["h3", "h4"]);
});

test("hits are found whatever their order in the table", () => {
  assert.deepEqual(sounding(new Timing(table), 3.3), ["h5"]);
});

test("every hit lights up when time goes by in frames", () => {
  const onsets = Array.from({ length: 1644 }, (_, index) => [`h${index}`, index * 0.137]);
  const timing = new Timing({ ...table, hits: Object.fromEntries(onsets) });

  const seen = new Set();
  for (let time_s = 0; time_s < 1644 * 0.137 + 1; time_s += 1 / 60) {
    for (const id of sounding(timing, time_s)) seen.add(id);
  }

  assert.equal(seen.size, 1644);
});

test("a bar is current from its start until the next begins", () => {
  const timing = new Timing(table);

  assert.equal(timing.barIndexAt(0.49), 0);
  assert.equal(timing.barIndexAt(0.5), 1);
  assert.equal(timing.barIndexAt(4.49), 2);
});

test("no bar is current before the first and after the last", () => {
  const timing = new Timing({ ...table, bars: table.bars.slice(1) });

  assert.equal(timing.barIndexAt(0.2), -1);
  assert.equal(timing.barIndexAt(4.5), -1);
});

test("one bar on goes to the next start, and stays where there is none", () => {
  const timing = new Timing(table);

  assert.equal(timing.neighbourStart(0.7, 1, 0.6), 2.5);
  assert.equal(timing.neighbourStart(3.0, 1, 0.6), 3.0);
});

test("one bar back goes to the bar's own start first, and to the bar before when it has just begun", () => {
  const timing = new Timing(table);

  assert.equal(timing.neighbourStart(1.9, -1, 0.6), 0.5);
  assert.equal(timing.neighbourStart(0.9, -1, 0.6), 0.0);
  assert.equal(timing.neighbourStart(0.1, -1, 0.6), 0);
});

test("bars are found by the number that is printed, a pickup by 0", () => {
  const timing = new Timing(table);

  assert.equal(timing.barNumbered(0)?.end_s, 0.5);
  assert.equal(timing.barNumbered(7), null);
  assert.deepEqual([timing.firstNumber, timing.lastNumber], [0, 2]);
});
