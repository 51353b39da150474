// How long to wait before the next attempt: doubling up to half a minute, and never all clients at once.

const FIRST_S = 0.5;
const LONGEST_S = 30;

/**
 * @param {number} attempt 0 for the first attempt after a loss
 * @param {number} random 0..1
 * @returns {number} seconds, between half of the step and the whole of it
 */
export function backoff(attempt, random) {
  const step = Math.min(LONGEST_S, FIRST_S * 2 ** attempt);
  return step * (0.5 + 0.5 * random);
}
