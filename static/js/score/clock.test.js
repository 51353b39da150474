import assert from "node:assert/strict";
import { test } from "node:test";

import { clock } from "./clock.js";

test("seconds become minutes and seconds, and hours from an hour on", () => {
  assert.equal(clock(0), "0:00");
  assert.equal(clock(9.99), "0:09");
  assert.equal(clock(213.4), "3:33");
  assert.equal(clock(3600 + 62), "1:01:02");
});

test("a length that is not known yet is shown as nothing", () => {
  assert.equal(clock(Number.NaN), "0:00");
  assert.equal(clock(-1), "0:00");
});
