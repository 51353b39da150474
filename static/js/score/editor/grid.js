// Steps that the caret and moved notes take: the grid of a bar, and the ways through a score.
import { ZERO, compare, fraction, minus, plus, times, wholes } from "./fraction.js";
import { comparePlaces } from "./score_model.js";

/** @typedef {import("./fraction.js").Fraction} Fraction */
/** @typedef {import("./score_model.js").Place} Place */
/** @typedef {import("./score_model.js").ScoreModel} ScoreModel */

/** @typedef {{value: string, label: string, step: Fraction}} GridStep */

/** @type {readonly GridStep[]} */
export const GRID_STEPS = [
  { value: "1", label: "Quarters", step: fraction(1) },
  { value: "1/2", label: "8ths", step: fraction(1, 2) },
  { value: "1/3", label: "8th triplets", step: fraction(1, 3) },
  { value: "1/4", label: "16ths", step: fraction(1, 4) },
  { value: "1/6", label: "16th triplets", step: fraction(1, 6) },
  { value: "1/8", label: "32nds", step: fraction(1, 8) },
];

/** Under a swing mark equal notes are written and these places of the beat are meant. */
const SWUNG = {
  eighth: { step: fraction(1, 2), places: [fraction(0), fraction(2, 3)] },
  "16th": { step: fraction(1, 4), places: [fraction(0), fraction(1, 3), fraction(1, 2), fraction(5, 6)] },
};

/**
 * The places of a bar on a grid, in order.
 *
 * @param {ScoreModel} score
 * @param {number} number of the bar
 * @param {Fraction} step
 * @returns {Place[]}
 */
export function gridPlaces(score, number, step) {
  const bar = score.bar(number);
  if (!bar) return [];
  const swing = SWUNG[/** @type {keyof typeof SWUNG} */ (score.swingAt(number))];
  const isSwung = swing !== undefined && compare(swing.step, step) === 0;
  /** @type {Place[]} */
  const places = [];
  const [cycle, inCycle] = isSwung ? [fraction(1), swing.places] : [step, [ZERO]];
  for (let turn = 0; ; turn += 1) {
    for (const place of inCycle) {
      const position = plus(times(cycle, fraction(turn)), place);
      if (compare(position, bar.quarters) >= 0) return places;
      places.push({ bar: number, position });
    }
  }
}

/**
 * The next place on the grid; null at either end of the score.
 *
 * @param {ScoreModel} score
 * @param {Place} place
 * @param {Fraction} step
 * @param {1 | -1} direction
 * @returns {Place | null}
 */
export function gridNeighbour(score, place, step, direction) {
  return neighbour(score, place, direction, (bar) => gridPlaces(score, bar, step));
}

/**
 * The next place at which something is struck. A bar in which nothing is struck counts as one place, so that
 * the way leads through it too.
 *
 * @param {ScoreModel} score
 * @param {Place} place
 * @param {1 | -1} direction
 * @returns {Place | null}
 */
export function strokeNeighbour(score, place, direction) {
  return neighbour(score, place, direction, (bar) => {
    const strokes = score.strokesIn(bar);
    return strokes.length ? strokes : [{ bar, position: ZERO }];
  });
}

/**
 * The start of the bar before or after; null at either end of the score.
 *
 * @param {ScoreModel} score
 * @param {Place} place
 * @param {1 | -1} direction
 * @returns {Place | null}
 */
export function barNeighbour(score, place, direction) {
  const number = place.bar + direction;
  if (!score.bar(number)) return null;
  return { bar: number, position: ZERO };
}

/**
 * @param {ScoreModel} score
 * @param {Place} place
 * @param {1 | -1} direction
 * @param {(bar: number) => Place[]} placesOf
 * @returns {Place | null}
 */
function neighbour(score, place, direction, placesOf) {
  for (let bar = place.bar; score.bar(bar); bar += direction) {
    const places = placesOf(bar).filter((other) => comparePlaces(other, place) * direction > 0);
    if (places.length) return direction > 0 ? places[0] : places[places.length - 1];
  }
  return null;
}

/**
 * The place of a bar on a grid that lies nearest in the drawing.
 *
 * @param {Place[]} places
 * @param {(place: Place) => number} xOf
 * @param {number} x
 */
export function nearestPlace(places, xOf, x) {
  return places.reduce((best, place) => (Math.abs(xOf(place) - x) < Math.abs(xOf(best) - x) ? place : best));
}

/**
 * Where in its felt beat a place is written: beats count from 1, in a pickup as the last of a bar; `rest` is in
 * beats, 0 ≤ rest < 1. In compound meters the felt beat has three parts.
 *
 * @param {ScoreModel} score
 * @param {Place} place
 * @returns {{beat: number, rest: Fraction, isCompound: boolean}}
 */
export function beatOf(score, place) {
  const bar = score.bar(place.bar);
  if (!bar) return { beat: 1, rest: ZERO, isCompound: false };
  const unit = times(bar.quarters, fraction(1, bar.beatTimes_s.length));
  const restOf = (/** @type {Fraction} */ position) =>
    times(minus(position, times(unit, fraction(wholes(position, unit)))), fraction(unit.d, unit.n));
  const whole = wholes(place.position, unit);
  const missing = wholes(minus(fraction(4 * bar.beats, bar.beatType), bar.quarters), unit);
  const together = [place, ...score.hitsIn(place.bar).filter(({ position }) => wholes(position, unit) === whole)];
  const rests = together.map(({ position }) => restOf(position));
  return { beat: whole + 1 + missing, rest: written(score.swingAt(place.bar), rests), isCompound: unit.n === 3 };
}

/**
 * Where the first of the strokes of a beat is written; under a swing mark as an equal note, if the whole beat can be.
 *
 * @param {string | null} feel
 * @param {Fraction[]} rests
 */
function written(feel, rests) {
  const swing = SWUNG[/** @type {keyof typeof SWUNG} */ (feel)];
  const among = rests.map((rest) => swing?.places.findIndex((place) => compare(place, rest) === 0) ?? -1);
  return among.includes(-1) ? rests[0] : times(swing.step, fraction(among[0]));
}
