import assert from "node:assert/strict";
import { test } from "node:test";

import { csrfTokenIn } from "./csrf.js";
import { NotationApi } from "./server.js";

test("the token is found among the cookies, and only under its whole name", () => {
  assert.equal(csrfTokenIn("theme=dark; csrftoken=Ab=1; sidebar=open"), "Ab=1");
  assert.equal(csrfTokenIn("xcsrftoken=old; csrftoken2=old"), null);
  assert.equal(csrfTokenIn("csrftoken="), null);
  assert.equal(csrfTokenIn(""), null);
});

/**
 * Answers as the API's list of revisions does, from behind a proxy.
 *
 * @param {number[]} numbers the newest first
 * @param {(asked: string[]) => void} [meanwhile] is called before each answer
 */
function listing(numbers, meanwhile = () => {}) {
  /** @type {string[]} */
  const asked = [];
  const answer = (/** @type {string} */ path) => {
    const url = new URL(path, "https://drums.example");
    asked.push(url.search);
    meanwhile(asked);
    const size = Number(url.searchParams.get("page_size") ?? 20);
    const page = Number(url.searchParams.get("page") ?? 1);
    const rows = numbers.slice((page - 1) * size, page * size).map((revision) => ({ revision, author: "Kim", summary: [] }));
    const next = page * size < numbers.length ? `http://web:8000${url.pathname}?page=${page + 1}&page_size=${size}` : null;
    return Promise.resolve(Response.json({ count: numbers.length, next, previous: null, results: rows }));
  };
  return { asked, answer };
}

const downFrom = (/** @type {number} */ newest) => Array.from({ length: newest }, (_, index) => newest - index);

test("every revision can be gone back to, the oldest too", async (t) => {
  const { asked, answer } = listing(downFrom(230));
  t.mock.method(globalThis, "fetch", answer);

  const revisions = await new NotationApi("/api/v1/notations/7/", "").revisions();

  assert.deepEqual(revisions.map(({ revision }) => revision), downFrom(230));
  assert.deepEqual(asked, ["?page_size=100", "?page=2&page_size=100", "?page=3&page_size=100"]);
});

test("a revision that is saved between two pages makes none appear twice", async (t) => {
  const numbers = downFrom(150);
  const { answer } = listing(numbers, (asked) => {
    if (asked.length === 2) numbers.unshift(151);
  });
  t.mock.method(globalThis, "fetch", answer);

  const revisions = await new NotationApi("/api/v1/notations/7/", "").revisions();

  assert.deepEqual(revisions.map(({ revision }) => revision), downFrom(150));
});
