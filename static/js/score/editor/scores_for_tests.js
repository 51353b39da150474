// Small scores for tests, in the API's own form.

/**
 * @param {string} id
 * @param {string} instrument
 * @param {number} bar
 * @param {string} position
 * @param {object} [more]
 */
export function hit(id, instrument, bar, position, more = {}) {
  return { id, instrument, velocity: 90, bar, position, grace_of: null, marks: [], ...more };
}

/**
 * Bars of 4/4 at 120 beats a minute, from bar 1 on.
 *
 * @param {number} count
 * @param {ReturnType<typeof hit>[]} hits
 * @param {{bar: number, swing: string | null}[]} [swingMarks]
 */
export function scoreJson(count, hits, swingMarks = []) {
  const bars = Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    beats: 4,
    beat_type: 4,
    quarters: "4",
    beat_times_s: [0, 0.5, 1, 1.5].map((time) => time + 2 * index),
    end_s: 2 * index + 2,
  }));
  return { schema: "drumsite.score/2", bars, hits, swing_marks: swingMarks };
}
