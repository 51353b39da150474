// Loops over whole bars.

/** @typedef {{from: number, to: number}} Loop bar numbers as printed, both inside the loop, from ≤ to */

/**
 * A loop from two bar numbers in any order, kept inside the piece.
 *
 * @param {number} a
 * @param {number} b
 * @param {number} first
 * @param {number} last
 * @returns {Loop}
 */
export function loopBetween(a, b, first, last) {
  const inside = (/** @type {number} */ value) =>
    Math.min(last, Math.max(first, Number.isFinite(value) ? Math.round(value) : first));
  const [x, y] = [inside(a), inside(b)];
  return { from: Math.min(x, y), to: Math.max(x, y) };
}

/**
 * The loop moved so that it begins (or ends) with `bar`; the other end follows when it would be passed.
 *
 * @param {Loop} loop
 * @param {"from" | "to"} end
 * @param {number} bar
 * @returns {Loop}
 */
export function withEnd(loop, end, bar) {
  return end === "from" ? { from: bar, to: Math.max(bar, loop.to) } : { from: Math.min(bar, loop.from), to: bar };
}

/**
 * The loop after Shift-click on `bar`: a bar outside stretches it, a bar inside moves the nearer end there.
 *
 * @param {Loop | null} loop
 * @param {number} anchor where a new loop starts from
 * @param {number} bar
 * @returns {Loop}
 */
export function stretched(loop, anchor, bar) {
  if (!loop) return { from: Math.min(anchor, bar), to: Math.max(anchor, bar) };
  if (bar < loop.from) return { from: bar, to: loop.to };
  if (bar > loop.to) return { from: loop.from, to: bar };
  return bar - loop.from < loop.to - bar ? { from: bar, to: loop.to } : { from: loop.from, to: bar };
}

/**
 * @param {Loop} loop
 * @param {import("./timing.js").Timing} timing
 * @returns {{start_s: number, end_s: number} | null}
 */
export function loopSeconds(loop, timing) {
  const from = timing.barNumbered(loop.from);
  const to = timing.barNumbered(loop.to);
  return from && to ? { start_s: from.start_s, end_s: to.end_s } : null;
}

/**
 * Whether playing went over the loop's end. Starting behind the end is no crossing: who jumps out of a loop
 * may listen on.
 *
 * @param {number} before_s
 * @param {number} now_s
 * @param {{start_s: number, end_s: number}} span
 */
export function crossedEnd(before_s, now_s, span) {
  return before_s < span.end_s && now_s >= span.end_s;
}
