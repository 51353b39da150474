import assert from "node:assert/strict";
import { test } from "node:test";

import { lineStarts, slices } from "./lines.js";

// Three lines of two, two and one bars; areas of neighbouring lines overlap a little.
const areas = [
  { x: 100, top: 10, bottom: 110 },
  { x: 500, top: 10, bottom: 110 },
  { x: 100, top: 130, bottom: 230 },
  { x: 450, top: 130, bottom: 230 },
  { x: 100, top: 220, bottom: 320 },
];

test("a line begins with each bar that does not stand to the right of the one before", () => {
  assert.deepEqual(lineStarts(areas), [0, 2, 4]);
});

test("one bar a line makes every bar a line", () => {
  assert.deepEqual(lineStarts(areas.map((area) => ({ ...area, x: 100 }))), [0, 1, 2, 3, 4]);
});

test("cuts lie half-way between two lines, also where they overlap", () => {
  const parts = slices(areas, [0, 2, 4], 400);

  assert.deepEqual(parts.map((part) => part.y), [0, 120, 225]);
});

test("the parts make up the whole drawing, without gaps", () => {
  const parts = slices(areas, [0, 2, 4], 400);

  for (let index = 1; index < parts.length; index += 1) {
    assert.equal(parts[index].y, parts[index - 1].y + parts[index - 1].height);
  }
  assert.equal(parts.reduce((sum, part) => sum + part.height, 0), 400);
});

test("a single line is the whole drawing", () => {
  assert.deepEqual(slices(areas.slice(0, 2), [0], 180), [{ y: 0, height: 180 }]);
});
