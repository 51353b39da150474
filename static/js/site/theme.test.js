import assert from "node:assert/strict";
import { test } from "node:test";

import { toggled } from "./theme.js";

test("the toggle turns to the other theme and keeps the choice", () => {
  assert.deepEqual(toggled("light", "light"), { shown: "dark", stored: "dark" });
  assert.deepEqual(toggled("dark", "dark"), { shown: "light", stored: "light" });
});

test("coming back to the system's theme forgets the choice", () => {
  assert.deepEqual(toggled("dark", "light"), { shown: "light", stored: null });
  assert.deepEqual(toggled("light", "dark"), { shown: "dark", stored: null });
});
