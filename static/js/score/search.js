// Binary search in sorted numbers.

/**
 * How many of `sorted` are smaller than or equal to `value`: the index at which it would be inserted on the right.
 *
 * @param {ArrayLike<number>} sorted ascending
 * @param {number} value
 */
export function countUpTo(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
