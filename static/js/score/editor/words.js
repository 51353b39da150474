// Where and what is chosen, in words: read by people, spoken by screen readers.
import { namedIds } from "./commands.js";
import { format, parse } from "./fraction.js";
import { beatOf } from "./grid.js";
import { instrumentNamed, markNamed } from "./instruments.js";
import { chosenHits } from "./selection.js";

/** @typedef {import("./score_model.js").ScoreModel} ScoreModel */
/** @typedef {import("./score_model.js").Place} Place */
/** @typedef {import("./score_model.js").Hit} Hit */
/** @typedef {import("./selection.js").Selection} Selection */

/** How drummers count what lies between two beats: as it is spoken, and as it is written. */
/** @type {Record<string, [string, string]>} */
const SIMPLE = {
  "0": ["", ""],
  "1/4": [" e", "e"],
  "1/2": [" and", "&"],
  "3/4": [" a", "a"],
  "1/3": [" trip", " trip"],
  "2/3": [" let", " let"],
};
/** @type {Record<string, [string, string]>} */
const COMPOUND = { "0": ["", ""], "1/3": [" la", " la"], "2/3": [" li", " li"] };

/**
 * "Bar 3, beat 2 and"
 *
 * @param {ScoreModel} score
 * @param {Place} place
 */
export function placeWords(score, place) {
  return `Bar ${place.bar}, beat ${counted(score, place, 0)}`;
}

/**
 * "2&", as the server's sentences have it
 *
 * @param {ScoreModel} score
 * @param {Place} place
 */
export function beatName(score, place) {
  return counted(score, place, 1);
}

/**
 * @param {ScoreModel} score
 * @param {Place} place
 * @param {0 | 1} form
 */
function counted(score, place, form) {
  const { beat, rest, isCompound } = beatOf(score, place);
  const part = format(rest);
  const names = (isCompound ? COMPOUND : SIMPLE)[part];
  return `${beat}${names ? names[form] : [` plus ${part}`, `+${part}`][form]}`;
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

/**
 * What a command will do, told before it is done.
 *
 * @param {ScoreModel} score before it
 * @param {import("./commands.js").Command} command
 */
export function sentence(score, command) {
  const hits = namedIds(command).map((id) => score.hit(id)).filter((hit) => hit !== null);
  const place = command.op === "add" ? addedAt(command) : hits[0];
  const where = place ? `bar ${place.bar}: ` : "";
  const what = hits.length === 1 ? `${noun(hits[0].instrument)} on ${beatName(score, hits[0])}` : `${hits.length} notes`;
  const mark = markNamed(command.mark ?? "")?.said ?? command.mark;
  switch (command.op) {
    case "add":
      return `${where}add ${noun(command.instrument ?? "")}${place ? ` on ${beatName(score, place)}` : ""}`;
    case "remove":
      return `${where}delete ${what}`;
    case "set_instrument":
      return `${where}${what} → ${noun(command.instrument ?? "")}`;
    case "set_velocity":
      return `${where}${what} at velocity ${command.velocity}`;
    case "mark":
      return `${where}${what} → ${mark}`;
    case "unmark":
      return `${where}${what} no longer ${mark}`;
    case "move":
      return `${where}move ${what}`;
    default:
      return command.op;
  }
}

/** @param {string} instrument */
function noun(instrument) {
  return instrumentNamed(instrument).label.toLowerCase();
}

/**
 * @param {import("./commands.js").Command} command
 * @returns {Place}
 */
function addedAt(command) {
  return { bar: command.bar ?? 0, position: parse(command.position ?? "0") };
}
