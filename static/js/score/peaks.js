// From stored peaks to as many columns as there is room for.

/**
 * @param {{scale: number, peaks: [number, number][]}} waveform pairs of lowest and highest sample
 * @param {number} columns
 * @returns {Float32Array} the largest deviation in each column's share, 0..1
 */
export function columnHeights(waveform, columns) {
  const { scale, peaks } = waveform;
  const heights = new Float32Array(Math.max(0, columns));
  if (!peaks.length) return heights;
  for (let column = 0; column < columns; column += 1) {
    const first = Math.floor((column * peaks.length) / columns);
    const end = Math.max(first + 1, Math.floor(((column + 1) * peaks.length) / columns));
    for (let index = first; index < end; index += 1) {
      const [low, high] = peaks[index];
      heights[column] = Math.max(heights[column], Math.abs(low) / scale, Math.abs(high) / scale);
    }
  }
  return heights;
}

/** Drums are peaks over little; drawn as they are, all the rest would be a line. Chosen by eye. */
const LIFT = 0.7;

/**
 * Heights as they are drawn: relative to the loudest, so that quiet recordings fill the strip as well.
 *
 * @param {Float32Array} heights
 */
export function drawnHeights(heights) {
  const loudest = heights.reduce((most, height) => Math.max(most, height), 0);
  return loudest > 0 ? heights.map((height) => (height / loudest) ** LIFT) : heights;
}
