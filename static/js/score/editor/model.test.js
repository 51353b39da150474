import assert from "node:assert/strict";
import { test } from "node:test";

import { compare, format, fraction, minus, parse, plus, times, wholes } from "./fraction.js";
import { barAt, headAt, xOfPlace } from "./geometry.js";
import { barNeighbour, gridNeighbour, gridPlaces, strokeNeighbour } from "./grid.js";
import { ScoreModel } from "./score_model.js";
import { hit, scoreJson } from "./scores_for_tests.js";
import { beatName, placeWords } from "./words.js";

const at = (/** @type {number} */ bar, /** @type {string} */ position) => ({ bar, position: parse(position) });
const said = (/** @type {{bar: number, position: import("./fraction.js").Fraction} | null} */ place) =>
  place && `${place.bar}:${format(place.position)}`;
const eighth = fraction(1, 2);

test("positions are exact", () => {
  assert.equal(format(plus(parse("1/3"), parse("1/6"))), "1/2");
  assert.equal(format(minus(parse("1/3"), parse("1/3"))), "0");
  assert.equal(format(times(parse("2/3"), parse("3"))), "2");
  assert.equal(wholes(parse("7/2"), parse("1/2")), 7);
  assert.equal(wholes(parse("-1/3"), parse("1/2")), -1);
  assert.ok(compare(parse("1/3"), parse("33/100")) > 0);
  assert.throws(() => parse("1.5"), RangeError);
  assert.throws(() => parse("1/0"), RangeError);
});

test("hits are read along the bars, and from the top of the staff down", () => {
  const score = ScoreModel.fromJson(
    scoreJson(2, [hit("k", "kick", 1, "1"), hit("z", "snare", 2, "0"), hit("h", "hihat_closed", 1, "1"), hit("a", "snare", 1, "1/2")]),
  );

  assert.deepEqual(score.hits.map(({ id }) => id), ["a", "h", "k", "z"]);
  assert.deepEqual(score.hitsAt(at(1, "1")).map(({ id }) => id), ["h", "k"]);
  assert.deepEqual(score.strokesIn(1).map(said), ["1:1/2", "1:1"]);
});

test("a place sounds between the beats around it", () => {
  const score = ScoreModel.fromJson(scoreJson(2, []));

  assert.equal(score.timeAt(at(2, "3/2")), 2.75);
  assert.equal(score.timeAt(at(1, "7/2")), 1.75);
});

test("the way from stroke to stroke leads through empty bars and ends at both ends", () => {
  const score = ScoreModel.fromJson(scoreJson(3, [hit("a", "kick", 1, "3/2"), hit("b", "kick", 3, "1")]));

  assert.equal(said(strokeNeighbour(score, at(1, "3/2"), 1)), "2:0");
  assert.equal(said(strokeNeighbour(score, at(2, "0"), 1)), "3:1");
  assert.equal(said(strokeNeighbour(score, at(3, "1"), 1)), null);
  assert.equal(said(strokeNeighbour(score, at(3, "1"), -1)), "2:0");
  assert.equal(said(strokeNeighbour(score, at(1, "3/2"), -1)), null);
  assert.equal(said(barNeighbour(score, at(2, "3"), -1)), "1:0");
  assert.equal(barNeighbour(score, at(3, "0"), 1), null);
});

test("grid steps go over the barline, and from off the grid to it", () => {
  const score = ScoreModel.fromJson(scoreJson(2, []));

  assert.equal(said(gridNeighbour(score, at(1, "7/2"), eighth, 1)), "2:0");
  assert.equal(said(gridNeighbour(score, at(1, "1/3"), eighth, 1)), "1:1/2");
  assert.equal(said(gridNeighbour(score, at(1, "1/3"), eighth, -1)), "1:0");
  assert.equal(said(gridNeighbour(score, at(2, "0"), eighth, -1)), "1:7/2");
  assert.equal(gridNeighbour(score, at(2, "7/2"), eighth, 1), null);
});

test("under a swing mark the off-beats of its own grid are played late, those of others are not", () => {
  const score = ScoreModel.fromJson(scoreJson(2, [], [{ bar: 2, swing: "eighth" }]));

  assert.deepEqual(gridPlaces(score, 1, eighth).map(({ position }) => format(position)), ["0", "1/2", "1", "3/2", "2", "5/2", "3", "7/2"]);
  assert.deepEqual(gridPlaces(score, 2, eighth).map(({ position }) => format(position)), ["0", "2/3", "1", "5/3", "2", "8/3", "3", "11/3"]);
  assert.equal(gridPlaces(score, 2, fraction(1, 3)).length, 12);
});

test("places are called as drummers count them", () => {
  const json = scoreJson(1, []);
  const score = ScoreModel.fromJson(json);
  const compound = ScoreModel.fromJson({ ...json, bars: [{ ...json.bars[0], beats: 6, beat_type: 8, quarters: "3", beat_times_s: [0, 0.5] }] });
  const pickup = ScoreModel.fromJson({ ...json, bars: [{ ...json.bars[0], quarters: "1", beat_times_s: [0] }] });

  assert.equal(placeWords(score, at(1, "3/2")), "Bar 1, beat 2 and");
  assert.equal(placeWords(score, at(1, "13/4")), "Bar 1, beat 4 e");
  assert.equal(placeWords(score, at(1, "8/3")), "Bar 1, beat 3 let");
  assert.equal(placeWords(score, at(1, "1/8")), "Bar 1, beat 1 plus 1/8");
  assert.equal(placeWords(compound, at(1, "5/2")), "Bar 1, beat 2 li");
  assert.equal(beatName(compound, at(1, "1/2")), "1 la");
  assert.equal(beatName(pickup, at(1, "1/2")), "4&");
});

test("under a swing mark places are called as they are written, unless their beat cannot be swung", () => {
  const swing = [{ bar: 1, swing: "eighth" }];
  const swung = ScoreModel.fromJson(scoreJson(1, [hit("a", "ride", 1, "0"), hit("b", "ride", 1, "2/3")], swing));
  const triplets = ScoreModel.fromJson(scoreJson(1, [hit("a", "ride", 1, "1/3"), hit("b", "ride", 1, "2/3")], swing));

  assert.equal(beatName(swung, at(1, "2/3")), "1&");
  assert.equal(beatName(triplets, at(1, "2/3")), "1 let");
});

const drawn = {
  number: 1,
  count: 1,
  area: { x: 1000, y: 0, width: 4000, height: 2000 },
  contentFrom: 1200,
  heads: [{ id: "a", x: 2000, y: 500 }, { id: "b", x: 3000, y: 900 }, { id: "k", x: 3000, y: 1300 }],
};

test("a place between two strokes lies between their heads; the bar's ends bound the rest", () => {
  const score = ScoreModel.fromJson(scoreJson(1, [hit("a", "snare", 1, "1"), hit("b", "snare", 1, "3"), hit("k", "kick", 1, "3")]));
  const x = (/** @type {string} */ position) => xOfPlace(score, drawn, at(1, position));

  assert.equal(x("0"), 1200);
  assert.equal(x("1/2"), 1600);
  assert.equal(x("1"), 2000);
  assert.equal(x("2"), 2500);
  assert.equal(x("7/2"), 4000);
});

test("an empty bar is divided evenly, and a long rest among its bars", () => {
  const score = ScoreModel.fromJson(scoreJson(4, []));
  const rest = { ...drawn, count: 4, heads: [] };

  assert.equal(xOfPlace(score, { ...drawn, heads: [] }, at(1, "2")), 3100);
  assert.deepEqual([1200, 2200, 4990, 9000].map((x) => barAt(rest, x)), [1, 2, 4, 4]);
  assert.ok(xOfPlace(score, rest, at(3, "0")) > xOfPlace(score, rest, at(2, "2")));
});

test("a click takes the nearest head within reach", () => {
  assert.equal(headAt(drawn.heads, 2990, 1150, 300)?.id, "k");
  assert.equal(headAt(drawn.heads, 2500, 700, 300), null);
});
