import assert from "node:assert/strict";
import { test } from "node:test";

import { choiceText, megabytes, refusal, sortOut, uploadFailure, uploadStatus } from "./upload_text.js";

const MB = 1024 * 1024;

test("a file within the limit may be sent, whatever its name", () => {
  assert.equal(refusal({ name: "song.xyz", size: 200 * MB }, 200), null);
});

test("a file over the limit is refused before it travels, and says what may help", () => {
  assert.match(refusal({ name: "live.wav", size: 201 * MB }, 200) ?? "", /“live\.wav” has 201 MB; the limit is 200 MB/);
});

test("an empty file is refused before it travels", () => {
  assert.match(refusal({ name: "x.mp3", size: 0 }, 200) ?? "", /is empty/);
});

test("sizes are as exact as they need to be", () => {
  assert.equal(megabytes(2.34 * MB), "2.3 MB");
  assert.equal(megabytes(123.4 * MB), "123 MB");
});

test("the status counts up, then says that the file is being checked", () => {
  assert.equal(uploadStatus(0, 4 * MB), "Uploading: 0 % of 4.0 MB");
  assert.equal(uploadStatus(MB, 4 * MB), "Uploading: 25 % of 4.0 MB");
  assert.equal(uploadStatus(4 * MB, 4 * MB), "Sent. Checking the file …");
});

test("what the server says is passed on with its hint", () => {
  const body = { code: "not_audio", message: "This is no audio.", details: { hint: "Send an MP3." } };
  assert.deepEqual(uploadFailure(415, body), ["This is no audio.", "Send an MP3."]);
});

test("an answer without words gets ours", () => {
  assert.match(uploadFailure(0, null)[0], /connection was lost/);
  assert.match(uploadFailure(401, null)[0], /signed out/);
  assert.match(uploadFailure(403, null)[0], /signed out/);
  assert.match(uploadFailure(500, null)[0], /our fault/);
});

const LIMITS = { maxMb: 200, batchMaxMb: 1000, batchMaxFiles: 3 };
const song = (name, mb = 1) => ({ name, size: mb * MB });

test("one file is sent or refused as ever, and a zip file may be larger", () => {
  assert.deepEqual(sortOut([song("a.wav", 200)], LIMITS), { kept: [song("a.wav", 200)], leftOut: [], refusal: null });
  assert.match(sortOut([song("a.wav", 201)], LIMITS).refusal ?? "", /the limit is 200 MB/);
  assert.equal(sortOut([song("cd.ZIP", 900)], LIMITS).refusal, null);
  assert.match(sortOut([song("cd.zip", 1001)], LIMITS).refusal ?? "", /the limit is 1000 MB/);
});

test("of several files those that cannot be taken stay behind, with the reason", () => {
  const { kept, leftOut, refusal: why } = sortOut([song("a.wav"), song("big.wav", 300), song("empty.wav", 0)], LIMITS);

  assert.deepEqual(kept, [song("a.wav")]);
  assert.match(leftOut[0], /big\.wav/);
  assert.match(leftOut[1], /empty\.wav/);
  assert.equal(why, null);
});

test("too many files, too many bytes and nothing at all are refused", () => {
  assert.equal(sortOut([1, 2, 3].map((n) => song(`${n}.wav`)), LIMITS).refusal, null);
  assert.match(sortOut([1, 2, 3, 4].map((n) => song(`${n}.wav`)), LIMITS).refusal ?? "", /4 files; 3 can be sent/);
  assert.match(sortOut([song("a.zip", 600), song("b.zip", 600)], LIMITS).refusal ?? "", /1200 MB together/);
  assert.match(sortOut([song("a", 0), song("b", 0)], LIMITS).refusal ?? "", /None of these/);
});

test("what is chosen is told in a line", () => {
  assert.deepEqual(choiceText([song("a.wav", 2)]), { title: "a.wav", line: "2.0 MB", button: "Write the score" });
  assert.equal(choiceText([song("cd.zip")]).button, "Write the scores");
  assert.equal(choiceText([song("a"), song("b")]).line, "a, b · 2.0 MB");
  const many = choiceText(["a", "b", "c", "d", "e"].map((name) => song(name)));
  assert.deepEqual([many.title, many.line], ["5 files", "a, b, c and 2 more · 5.0 MB"]);
});

test("of several files each refusal of the server is told", () => {
  const refused = [{ name: "a.txt", message: "No sound." }, { name: "b.wav", message: "Empty." }];

  const lines = uploadFailure(400, { message: "There is no song in this.", details: { hint: "Choose.", refused } });

  assert.deepEqual(lines, ["There is no song in this.", "a.txt: No sound.", "b.wav: Empty.", "Choose."]);
  assert.equal(uploadStatus(MB, MB, 2), "Sent. Checking the files …");
});
