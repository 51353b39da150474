import assert from "node:assert/strict";
import { test } from "node:test";

import { linkAnnouncement, linkStatus } from "./link_text.js";

const MB = 1024 * 1024;

test("the status says how much has come, and of how much if that is known", () => {
  assert.equal(linkStatus({ state: "pending", bytes: 0, bytes_total: null }), "Waiting");
  assert.equal(linkStatus({ state: "fetching", bytes: 0, bytes_total: null }), "Fetching");
  assert.equal(linkStatus({ state: "fetching", bytes: MB, bytes_total: null }), "Fetching: 1.0 MB");
  assert.equal(linkStatus({ state: "fetching", bytes: MB, bytes_total: 4 * MB }), "Fetching: 1.0 MB of 4.0 MB");
  assert.equal(linkStatus({ state: "failed", bytes: MB, bytes_total: 4 * MB }), "Failed");
});

test("a screen reader hears how an import ends, and nothing while it goes on", () => {
  const link = { title: "", url: "https://a.test/b.mp3", failure: null };

  assert.equal(linkAnnouncement("pending", { ...link, state: "fetching" }), "");
  assert.equal(linkAnnouncement("fetching", { ...link, state: "done", title: "Waltz" }), "Waltz: fetched.");
  const failure = { code: "link_live", message: "This is a live broadcast.", hint: "" };
  assert.equal(linkAnnouncement("fetching", { ...link, state: "failed", failure }), "https://a.test/b.mp3: failed. This is a live broadcast.");
  assert.equal(linkAnnouncement("failed", { ...link, state: "failed", failure }), "");
});
