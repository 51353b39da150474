import assert from "node:assert/strict";
import { test } from "node:test";

import { addCommands, applied, instrumentCommands, markCommands, moveCommands, removeCommands, sendable, velocityCommands } from "./commands.js";
import { format, fraction, parse } from "./fraction.js";
import { INSTRUMENTS, MARKS } from "./instruments.js";
import { actFor } from "./keys.js";
import { ScoreModel } from "./score_model.js";
import { choose, chooseToo, goAcross, goTo, keep, selectionIn } from "./selection.js";
import { hit, scoreJson } from "./scores_for_tests.js";
import { stateLine } from "./state_line.js";
import { selectionWords, sentence } from "./words.js";

const sixteenth = fraction(1, 4);
const groove = () =>
  ScoreModel.fromJson(
    scoreJson(2, [
      hit("r1", "ride", 1, "0"),
      hit("k1", "kick", 1, "0"),
      hit("r2", "ride", 1, "1"),
      hit("g", "snare", 1, "1", { grace_of: "s1", velocity: 40 }),
      hit("s1", "snare", 1, "1"),
      hit("o", "hihat_open", 2, "7/2", { marks: ["half_open"] }),
    ]),
  );
const only = (/** @type {ScoreModel} */ score, /** @type {string} */ id) => choose(/** @type {any} */ (score.hit(id)));

test("editing begins with the first note of a bar, or at the start of an empty one", () => {
  const empty = ScoreModel.fromJson(scoreJson(1, []));

  assert.deepEqual(selectionIn(groove(), 1).ids, ["r1"]);
  assert.deepEqual(selectionIn(empty, 1).ids, []);
});

test("a walk along the bar stays with its instrument where it can, and comes back to it", () => {
  const score = groove();
  const start = only(score, "k1");

  const next = goTo(score, start, { bar: 1, position: parse("1") });
  const back = goTo(score, next, { bar: 1, position: parse("0") });

  assert.deepEqual(next.ids, ["s1"]);
  assert.deepEqual(back.ids, ["k1"]);
});

test("up and down go through what is struck together, as far as it reaches", () => {
  const score = groove();

  const up = goAcross(score, only(score, "k1"), 1);

  assert.deepEqual(up?.ids, ["r1"]);
  assert.equal(up && goAcross(score, up, 1), null);
});

test("shift-click adds a note and takes it away again", () => {
  const score = groove();
  const one = only(score, "r1");

  const two = chooseToo(one, /** @type {any} */ (score.hit("k1")));
  const again = chooseToo(two, /** @type {any} */ (score.hit("r1")));

  assert.deepEqual(two.ids, ["r1", "k1"]);
  assert.deepEqual(again.ids, ["k1"]);
});

test("after a change the selection follows its notes, or stays where they were", () => {
  const score = groove();
  const gone = score.withHits(score.hits.filter(({ id }) => id !== "r2"));
  const named = score.withHits(score.hits.map((other) => (other.id === "r2" ? { ...other, id: "e1" } : other)));

  const caret = keep(gone, only(score, "r2"));
  const renamed = keep(named, only(score, "r2"), new Map([["r2", "e1"]]));

  assert.deepEqual(caret.ids, []);
  assert.equal(format(caret.place.position), "1");
  assert.deepEqual(renamed.ids, ["e1"]);
});

test("a caret in a bar that is no longer there goes to the last one", () => {
  const shorter = ScoreModel.fromJson(scoreJson(1, []));

  assert.equal(keep(shorter, { place: { bar: 2, position: parse("3") }, ids: [], lane: "" }).place.bar, 1);
});

test("acts become commands of the API", () => {
  const score = groove();
  const ride = only(score, "r2");

  assert.deepEqual(removeCommands(ride, "bars"), [{ op: "remove", ids: ["r2"], like: "bars" }]);
  assert.deepEqual(instrumentCommands(score, ride, "crash", ""), [{ op: "set_instrument", ids: ["r2"], instrument: "crash" }]);
  assert.deepEqual(instrumentCommands(score, ride, "ride", ""), []);
  assert.deepEqual(markCommands(score, ride, "accent", "hits"), [{ op: "mark", ids: ["r2"], mark: "accent", like: "hits" }]);
  assert.deepEqual(velocityCommands(score, ride, 10, ""), [{ op: "set_velocity", ids: ["r2"], velocity: 100 }]);
  assert.deepEqual(velocityCommands(score, ride, 100, "")[0].velocity, 127);
  assert.deepEqual(
    sendable(addCommands(ride, "kick", "new-1", "hits")[0], new Map()),
    { op: "add", bar: 1, position: "1", instrument: "kick" },
  );
});

test("a mark that all chosen notes have is taken away, and instruments that cannot have it are left alone", () => {
  const score = groove();

  assert.equal(markCommands(score, only(score, "o"), "half_open", "")[0].op, "unmark");
  assert.deepEqual(markCommands(score, only(score, "r1"), "rim_shot", ""), []);
});

test("notes move to the next place on the grid, over the barline too", () => {
  const score = groove();
  const late = score.withHits([{ .../** @type {any} */ (score.hit("r1")), position: parse("15/4") }]);

  const rides = { ...only(score, "r1"), ids: ["r1", "r2"] };

  assert.deepEqual(moveCommands(score, rides, sixteenth, 1, ""), [{ op: "move", ids: ["r1", "r2"], by: "1/4" }]);
  assert.deepEqual(moveCommands(late, only(late, "r1"), sixteenth, 1, ""), [{ op: "move", id: "r1", bar: 2, position: "0" }]);
  assert.deepEqual(moveCommands(score, only(score, "k1"), sixteenth, -1, ""), []);
});

test("the page shows at once what a command will do", () => {
  const score = groove();

  const after = applied(score, [
    { op: "move", ids: ["s1"], by: "1/4" },
    { op: "set_instrument", ids: ["o"], instrument: "hihat_closed" },
    { op: "mark", ids: ["r1"], mark: "accent" },
    { op: "mark", ids: ["r1"], mark: "ghost" },
    { op: "add", id: "new-1", bar: 2, position: "0", instrument: "kick" },
    { op: "remove", ids: ["r2"] },
  ]);

  assert.equal(format(/** @type {any} */ (after.hit("g")).position), "5/4");
  assert.deepEqual(after.hit("o")?.marks, []);
  assert.deepEqual(after.hit("r1")?.marks, ["ghost"]);
  assert.equal(after.hit("new-1")?.bar, 2);
  assert.equal(after.hit("r2"), null);
  assert.equal(score.hit("r2")?.instrument, "ride");
});

test("grace notes go with their main note", () => {
  const score = groove();

  assert.equal(applied(score, [{ op: "remove", ids: ["s1"] }]).hit("g"), null);
});

test("what is chosen and what was done is said in words", () => {
  const score = groove();

  assert.equal(selectionWords(score, only(score, "o")), "Bar 2, beat 4 and: Open hi-hat, half open, velocity 90");
  assert.equal(selectionWords(score, only(score, "k1")), "Bar 1, beat 1: Kick, velocity 90 (with 1 other)");
  assert.equal(sentence(score, { op: "set_instrument", ids: ["r1"], instrument: "crash" }), "bar 1: ride on 1 → crash");
  assert.equal(sentence(score, { op: "remove", ids: ["gone"] }), "delete 0 notes");
});

test("no two acts share a key, and none is a key of the browser's", () => {
  const keys = [...INSTRUMENTS, ...MARKS].map(({ key }) => key).filter((key) => key !== "");

  assert.equal(new Set(keys).size, keys.length);
});

test("keys act on the score, except where one types or a dialog asks", () => {
  assert.deepEqual(actFor({ key: "c" }, ""), { type: "instrument", name: "crash", add: false });
  assert.deepEqual(actFor({ key: "K", shiftKey: true }, "button"), { type: "instrument", name: "kick", add: true });
  assert.deepEqual(actFor({ key: "!", code: "Digit1", shiftKey: true }, ""), { type: "instrument", name: "tom_high", add: true });
  assert.deepEqual(actFor({ key: "ArrowLeft", shiftKey: true }, ""), { type: "stroke", direction: -1, extend: true });
  assert.deepEqual(actFor({ key: "ArrowRight", altKey: true }, ""), { type: "move", direction: 1 });
  assert.deepEqual(actFor({ key: "Z", ctrlKey: true, shiftKey: true }, ""), { type: "redo" });
  assert.deepEqual(actFor({ key: "z", metaKey: true }, ""), { type: "undo" });
  assert.equal(actFor({ key: "c", ctrlKey: true }, ""), null);
  assert.equal(actFor({ key: "c" }, "text"), null);
  assert.equal(actFor({ key: "Escape" }, "dialog"), null);
  assert.equal(actFor({ key: " " }, ""), null);
  assert.equal(actFor({ key: "ArrowUp" }, "slider"), null);
});

test("on a link, a menu or the player's buttons no key changes the score, but undoing and leaving work", () => {
  const keys = [...INSTRUMENTS, ...MARKS].map(({ key }) => key).filter((key) => key !== "");
  for (const key of [...keys, "Delete", "Backspace", "+", ",", "?", "ArrowLeft", "ArrowUp", "Home"]) {
    assert.equal(actFor({ key }, "elsewhere"), null, key);
  }
  assert.equal(actFor({ key: "ArrowLeft", altKey: true }, "elsewhere"), null);
  assert.equal(actFor({ key: "ArrowLeft", ctrlKey: true }, "elsewhere"), null);
  assert.deepEqual(actFor({ key: "z", ctrlKey: true }, "elsewhere"), { type: "undo" });
  assert.deepEqual(actFor({ key: "Escape" }, "elsewhere"), { type: "leave" });
});

test("what is not saved is always told, with what can be done about it", () => {
  const calm = { state: /** @type {const} */ ("idle"), unsaved: 0, offered: 0, refusal: "", trouble: "" };

  assert.deepEqual(stateLine(calm), { tone: "saved", text: "Saved", offers: [] });
  assert.equal(stateLine({ ...calm, state: "sending", unsaved: 1 }).tone, "saving");
  assert.equal(stateLine({ ...calm, refusal: "there is one cymbal" }).text, "there is one cymbal");
  assert.deepEqual(stateLine({ ...calm, state: "stuck", unsaved: 1, trouble: "No connection." }), {
    tone: "trouble",
    text: "No connection. 1 change not saved.",
    offers: ["retry"],
  });
  assert.deepEqual(stateLine({ ...calm, state: "conflict", unsaved: 2 }).offers, ["conflict"]);
  assert.deepEqual(stateLine({ ...calm, unsaved: 2, offered: 2 }).offers, ["again", "drop"]);
});
