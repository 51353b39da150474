// Where and what is chosen, in words: read by people, spoken by screen readers.
import { format } from "./fraction.js";
import { beatOf } from "./grid.js";
import { instrumentNamed, markNamed } from "./instruments.js";
import { chosenHits } from "./selection.js";

/** @typedef {import("./score_model.js").ScoreModel} ScoreModel */
/** @typedef {import("./score_model.js").Place} Place */
/** @typedef {import("./score_model.js").Hit} Hit */
/** @typedef {import("./selection.js").Selection} Selection */

/** How drummers count what lies between two beats. @type {Record<string, string>} */
const COUNTED = { "0": "", "1/4": " e", "1/2": " and", "3/4": " a", "1/3": " triplet 2", "2/3": " triplet 3" };

/**
 * @param {ScoreModel} score
 * @param {Place} place
 */
export function placeWords(score, place) {
  const { beat, rest } = beatOf(score, place);
  const part = format(rest);
  return `Bar ${place.bar}, beat ${beat}${COUNTED[part] ?? ` plus ${part}`}`;
}

/** @param {Hit} hit */
export function hitWords(hit) {
  const marks = hit.marks.map((mark) => markNamed(mark)?.said ?? mark);
  return [instrumentNamed(hit.instrument).label, ...(hit.graceOf === null ? [] : ["grace note"]), ...marks].join(", ");
}

/**
 * @param {ScoreModel} score
 * @param {Selection} selection
 */
export function selectionWords(score, selection) {
  const hits = chosenHits(score, selection);
  const where = placeWords(score, selection.place);
  if (hits.length === 0) return `${where}: nothing here`;
  if (hits.length > 1) return `${hits.length} notes chosen, last: ${where}`;
  const others = score.hitsAt(selection.place).length - 1;
  const company = others > 0 ? ` (with ${others} other${others > 1 ? "s" : ""})` : "";
  return `${where}: ${hitWords(hits[0])}, velocity ${hits[0].velocity}${company}`;
}

/**
 * The same for the eye, which sees the rest in the music.
 *
 * @param {ScoreModel} score
 * @param {Selection} selection
 */
export function selectionLabel(score, selection) {
  const hits = chosenHits(score, selection);
  const where = placeWords(score, selection.place);
  if (hits.length === 0) return where;
  return hits.length === 1 ? `${where}: ${hitWords(hits[0])} · ${hits[0].velocity}` : `${hits.length} notes chosen`;
}
