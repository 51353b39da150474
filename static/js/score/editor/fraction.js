// Exact positions. A score says where a note stands as a fraction of quarter notes, such as "3/2"; thirds of a
// beat have no exact number, so they are never turned into one to be compared or added.

/** @typedef {{readonly n: number, readonly d: number}} Fraction in lowest terms, d > 0 */

/**
 * @param {number} n
 * @param {number} [d]
 * @returns {Fraction}
 */
export function fraction(n, d = 1) {
  if (!Number.isInteger(n) || !Number.isInteger(d) || d === 0) throw new RangeError(`${n}/${d} is no fraction`);
  const sign = d < 0 ? -1 : 1;
  const divisor = commonDivisor(Math.abs(n), Math.abs(d)) || 1;
  return { n: (sign * n) / divisor || 0, d: (sign * d) / divisor };
}

/**
 * @param {string} text "3/2" or "4"
 * @returns {Fraction}
 */
export function parse(text) {
  const found = /^(-?\d+)(?:\/(\d+))?$/.exec(text);
  if (!found) throw new RangeError(`"${text}" is no fraction`);
  return fraction(Number(found[1]), found[2] === undefined ? 1 : Number(found[2]));
}

/** @param {Fraction} value */
export function format(value) {
  return value.d === 1 ? String(value.n) : `${value.n}/${value.d}`;
}

/**
 * @param {Fraction} a
 * @param {Fraction} b
 */
export function plus(a, b) {
  return fraction(a.n * b.d + b.n * a.d, a.d * b.d);
}

/**
 * @param {Fraction} a
 * @param {Fraction} b
 */
export function minus(a, b) {
  return fraction(a.n * b.d - b.n * a.d, a.d * b.d);
}

/**
 * @param {Fraction} a
 * @param {Fraction} b
 */
export function times(a, b) {
  return fraction(a.n * b.n, a.d * b.d);
}

/**
 * How many whole `b` fit into `a`, rounded down.
 *
 * @param {Fraction} a
 * @param {Fraction} b
 */
export function wholes(a, b) {
  return Math.floor((a.n * b.d) / (a.d * b.n));
}

/**
 * @param {Fraction} a
 * @param {Fraction} b
 * @returns {number} below 0: a comes first; 0: equal
 */
export function compare(a, b) {
  return a.n * b.d - b.n * a.d;
}

/** @param {Fraction} value */
export function toNumber(value) {
  return value.n / value.d;
}

export const ZERO = fraction(0);

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
function commonDivisor(a, b) {
  return b === 0 ? a : commonDivisor(b, a % b);
}
