// What is being edited: one place in the score, and the notes chosen, of which there may be none (a caret).
import { compare } from "./fraction.js";
import { instrumentNamed } from "./instruments.js";
import { comparePlaces } from "./score_model.js";

/** @typedef {import("./score_model.js").Place} Place */
/** @typedef {import("./score_model.js").Hit} Hit */
/** @typedef {import("./score_model.js").ScoreModel} ScoreModel */

/**
 * @typedef {object} Selection
 * @property {Place} place
 * @property {readonly string[]} ids of the chosen notes, in order of choice
 * @property {string} lane the instrument that is followed along the staff
 */

/**
 * The selection with which editing begins.
 *
 * @param {ScoreModel} score
 * @param {number} bar
 * @returns {Selection}
 */
export function selectionIn(score, bar) {
  const first = score.hitsIn(bar).find((hit) => hit.graceOf === null);
  return first ? choose(first) : { place: { bar, position: { n: 0, d: 1 } }, ids: [], lane: "" };
}

/**
 * Only this note.
 *
 * @param {Hit} hit
 * @returns {Selection}
 */
export function choose(hit) {
  return { place: { bar: hit.bar, position: hit.position }, ids: [hit.id], lane: hit.instrument };
}

/**
 * This note too; or, when it is chosen already, no longer.
 *
 * @param {Selection} selection
 * @param {Hit} hit
 * @returns {Selection}
 */
export function chooseToo(selection, hit) {
  const others = selection.ids.filter((id) => id !== hit.id);
  if (others.length < selection.ids.length) return { ...selection, ids: others };
  return { ...choose(hit), ids: [...others, hit.id] };
}

/**
 * A place, with the note that is followed if it is struck there, or else the nearest on the staff.
 *
 * @param {ScoreModel} score
 * @param {Selection} selection
 * @param {Place} place
 * @param {boolean} [extend] keep what is chosen
 * @returns {Selection}
 */
export function goTo(score, selection, place, extend = false) {
  const hit = followed(score.hitsAt(place), selection.lane);
  const kept = extend ? selection.ids : [];
  return {
    place,
    ids: hit ? [...kept.filter((id) => id !== hit.id), hit.id] : kept,
    lane: selection.lane || (hit?.instrument ?? ""),
  };
}

/**
 * The next note up or down of those struck together.
 *
 * @param {ScoreModel} score
 * @param {Selection} selection
 * @param {1 | -1} direction 1: up the staff
 * @returns {Selection | null} null: there is none
 */
export function goAcross(score, selection, direction) {
  const chord = score.hitsAt(selection.place);
  const current = chord.findIndex((hit) => hit.id === selection.ids[selection.ids.length - 1]);
  const from = current < 0 ? (direction > 0 ? chord.length : -1) : current;
  const next = chord[from - direction];
  return next ? choose(next) : null;
}

/**
 * The selection after the score has changed: notes that are gone are no longer chosen; when none is left,
 * the caret stays where they were. Notes that have moved take the place along.
 *
 * @param {ScoreModel} score
 * @param {Selection} selection
 * @param {Map<string, string>} [renamed] new ids of notes that had provisional ones
 * @returns {Selection}
 */
export function keep(score, selection, renamed = new Map()) {
  const ids = selection.ids.map((id) => renamed.get(id) ?? id).filter((id) => score.hit(id) !== null);
  const last = ids.length ? score.hit(ids[ids.length - 1]) : null;
  if (last) return { place: { bar: last.bar, position: last.position }, ids, lane: last.instrument };
  const bar = Math.min(Math.max(selection.place.bar, score.firstNumber), score.lastNumber);
  const length = score.bar(bar)?.quarters;
  const inside = bar === selection.place.bar && length && compare(selection.place.position, length) < 0;
  return { ...selection, ids, place: inside ? selection.place : { bar, position: { n: 0, d: 1 } } };
}

/**
 * The chosen notes, in reading order.
 *
 * @param {ScoreModel} score
 * @param {Selection} selection
 * @returns {Hit[]}
 */
export function chosenHits(score, selection) {
  return selection.ids
    .map((id) => score.hit(id))
    .filter((hit) => hit !== null)
    .sort((a, b) => comparePlaces(a, b));
}

/**
 * @param {Hit[]} hits
 * @param {string} lane
 */
function followed(hits, lane) {
  const mains = hits.filter((hit) => hit.graceOf === null);
  const same = mains.find((hit) => hit.instrument === lane);
  if (same || !lane) return same ?? mains[0] ?? null;
  const height = instrumentNamed(lane).place;
  const distance = (/** @type {Hit} */ hit) => Math.abs(instrumentNamed(hit.instrument).place - height);
  return mains.reduce(
    (/** @type {Hit | null} */ best, hit) => (best && distance(best) <= distance(hit) ? best : hit),
    null,
  );
}
