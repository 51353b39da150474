import assert from "node:assert/strict";
import { test } from "node:test";

import { announcement, etaText, isFinished, stageText, statusText } from "./job_text.js";

const stages = [
  { stage: "extract", label: "Reading the sound", status: "completed", progress: 1, seconds: 0.91 },
  { stage: "detect", label: "Hearing the drums", status: "running", progress: 0.467, seconds: null },
];
const running = { status: "running", stage: "detect", stages, held: false, title: "Waltz", failure: null };

test("a running job is called after its stage", () => {
  assert.equal(statusText(running), "Hearing the drums");
});

test("a job that a moderator holds says so, whatever its status", () => {
  assert.equal(statusText({ ...running, held: true }), "On hold");
});

test("waiting and finished jobs have plain names", () => {
  const names = ["pending", "queued", "completed", "failed", "cancelled"].map((status) =>
    statusText({ ...running, status }),
  );
  assert.deepEqual(names, ["Waiting", "Waiting", "Ready", "Failed", "Stopped"]);
});

test("an estimate is coarse and never promises zero", () => {
  assert.equal(etaText(0), "a few seconds left");
  assert.equal(etaText(21), "about 25 s left");
  assert.equal(etaText(54), "about 55 s left");
  assert.equal(etaText(58), "about 1 min left");
  assert.equal(etaText(200), "about 3 min left");
});

test("an estimate that nobody has made is not shown", () => {
  assert.equal(etaText(null), "");
  assert.equal(etaText(Number.POSITIVE_INFINITY), "");
});

test("a stage shows how far it is, then how long it took", () => {
  assert.equal(stageText(stages[1]), "46 %");
  assert.equal(stageText(stages[0]), "0.9 s");
  assert.equal(stageText({ ...stages[0], status: "reused", seconds: 0 }), "reused");
});

test("a screen reader hears of each new stage and of the end, not of every percent", () => {
  assert.equal(announcement({ status: "running", stage: "extract" }, running), "Waltz: Hearing the drums.");
  assert.equal(announcement({ status: "running", stage: "detect" }, running), "");
  assert.equal(
    announcement({ status: "running", stage: "engrave" }, { ...running, status: "completed" }),
    "Waltz: the score is ready.",
  );
});

test("a failure is announced with its reason", () => {
  const failure = { code: "no_drums", message: "There are no drums to be heard.", hint: "" };

  const words = announcement({ status: "running", stage: "detect" }, { ...running, status: "failed", failure });

  assert.equal(words, "Waltz: failed. There are no drums to be heard.");
});

test("three ends are ends", () => {
  const ends = ["pending", "queued", "running", "completed", "failed", "cancelled"].filter((status) => isFinished({ status }));
  assert.deepEqual(ends, ["completed", "failed", "cancelled"]);
});
