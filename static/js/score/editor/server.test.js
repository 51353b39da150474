import assert from "node:assert/strict";
import { test } from "node:test";

import { csrfTokenIn } from "./csrf.js";

test("the token is found among the cookies, and only under its whole name", () => {
  assert.equal(csrfTokenIn("theme=dark; csrftoken=Ab=1; sidebar=open"), "Ab=1");
  assert.equal(csrfTokenIn("xcsrftoken=old; csrftoken2=old"), null);
  assert.equal(csrfTokenIn("csrftoken="), null);
  assert.equal(csrfTokenIn(""), null);
});
