import assert from "node:assert/strict";
import { test } from "node:test";

import { batchAnnouncement, batchTabTitle, countsText } from "./batch_text.js";

const batch = { id: "b", title: "Set", status: "running", total: 20, done: 7, failed: 0, cancelled: 0, fetching: 0, progress: 0.419, eta_s: null };

test("only what there is is counted", () => {
  assert.equal(countsText(batch), "7 of 20 songs ready");
  assert.equal(countsText({ ...batch, failed: 1, cancelled: 2 }), "7 of 20 songs ready, 1 failed, 2 stopped");
  assert.equal(countsText({ ...batch, fetching: 3 }), "7 of 20 songs ready, 3 to be fetched");
  assert.equal(countsText({ ...batch, total: 1, done: 1 }), "1 of 1 song ready");
});

test("a screen reader hears of each song that ends, not of each step", () => {
  assert.equal(batchAnnouncement(null, batch), "");
  assert.equal(batchAnnouncement(batch, { ...batch, progress: 0.43 }), "");
  assert.equal(batchAnnouncement(batch, { ...batch, done: 8 }), "Set: 8 of 20 songs ready.");
  assert.equal(batchAnnouncement(batch, { ...batch, failed: 1 }), "Set: 7 of 20 songs ready, 1 failed.");
});

test("the tab tells how far it is, and then what came of it", () => {
  assert.equal(batchTabTitle(batch), "41 % · Set · drumsite");
  assert.equal(batchTabTitle({ ...batch, status: "completed", done: 20 }), "20 of 20 songs ready · Set · drumsite");
});
