import assert from "node:assert/strict";
import { test } from "node:test";

import { megabytes, refusal, uploadFailure, uploadStatus } from "./upload_text.js";

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
