// Where places lie in an engraved bar. The engraver says where each note's head is; what lies between follows
// from its neighbours, in the drawing's own units (180 to a staff space).
import { compare, toNumber } from "./fraction.js";

/** @typedef {import("./score_model.js").Place} Place */
/** @typedef {import("./score_model.js").ScoreModel} ScoreModel */

/** @typedef {{id: string, x: number, y: number}} Head the middle of a note's head */
/** @typedef {{x: number, y: number, width: number, height: number}} Area */
/**
 * @typedef {object} DrawnBar
 * @property {number} number of the first bar that is drawn here
 * @property {number} count more than one: a long rest
 * @property {Area} area
 * @property {number} contentFrom where music can begin, after clef and time signature
 * @property {readonly Head[]} heads
 */

/** From a barline to the first note. Measured. */
export const BAR_LEAD = 310;
/** From the last column to the barline, at least. */
const BAR_TAIL = 250;

/**
 * Where a place lies.
 *
 * @param {ScoreModel} score as it was engraved
 * @param {DrawnBar} drawn
 * @param {Place} place
 */
export function xOfPlace(score, drawn, place) {
  if (drawn.count > 1) {
    const share = (place.bar - drawn.number + fractionOfBar(score, place)) / drawn.count;
    return drawn.contentFrom + share * (drawn.area.x + drawn.area.width - BAR_TAIL - drawn.contentFrom);
  }
  const columns = columnsOf(score, drawn);
  const at = toNumber(place.position);
  const after = columns.findIndex((column) => column.at >= at);
  const right = columns[after];
  if (right.at === at || after === 0) return right.x;
  const left = columns[after - 1];
  return left.x + ((at - left.at) / (right.at - left.at)) * (right.x - left.x);
}

/**
 * In which of the bars of a long rest a point lies.
 *
 * @param {DrawnBar} drawn
 * @param {number} x
 */
export function barAt(drawn, x) {
  const share = (x - drawn.contentFrom) / (drawn.area.x + drawn.area.width - drawn.contentFrom);
  return drawn.number + Math.min(drawn.count - 1, Math.max(0, Math.floor(share * drawn.count)));
}

/**
 * The head nearest to a point, if one is near enough.
 *
 * @param {readonly Head[]} heads
 * @param {number} x
 * @param {number} y
 * @param {number} reach
 */
export function headAt(heads, x, y, reach) {
  /** @type {Head | null} */
  let best = null;
  let least = reach;
  for (const head of heads) {
    const distance = Math.hypot(head.x - x, head.y - y);
    if (distance <= least) [best, least] = [head, distance];
  }
  return best;
}

/**
 * What is known of where positions lie, in order: each struck place, and the bar's two ends.
 *
 * @param {ScoreModel} score
 * @param {DrawnBar} drawn
 */
function columnsOf(score, drawn) {
  const bar = score.bar(drawn.number);
  const end = bar ? toNumber(bar.quarters) : 4;
  const xs = new Map(drawn.heads.map((head) => [head.id, head.x]));
  /** @type {{at: number, x: number}[]} */
  const columns = [];
  let lastPosition = null;
  for (const hit of score.hitsIn(drawn.number)) {
    const x = xs.get(hit.id);
    if (x === undefined || hit.graceOf !== null) continue;
    if (lastPosition && compare(lastPosition, hit.position) === 0) continue;
    lastPosition = hit.position;
    columns.push({ at: toNumber(hit.position), x });
  }
  const right = drawn.area.x + drawn.area.width;
  if (!columns.length || columns[0].at > 0) {
    columns.unshift({ at: 0, x: Math.min(drawn.contentFrom, columns[0]?.x ?? Infinity) });
  }
  return [...columns, { at: end, x: Math.max(right, columns[columns.length - 1].x) }];
}

/**
 * @param {ScoreModel} score
 * @param {Place} place
 */
function fractionOfBar(score, place) {
  const bar = score.bar(place.bar);
  return bar ? toNumber(place.position) / toNumber(bar.quarters) : 0;
}
