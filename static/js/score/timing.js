// When each hit and each bar of the score sounds in the recording.
import { countUpTo } from "./search.js";

/** @typedef {{number: number, id: string, start_s: number, end_s: number}} Bar */
/**
 * @typedef {object} TimingTable
 * @property {Record<string, number>} hits hit id → seconds
 * @property {Bar[]} bars in order
 */

export class Timing {
  /** @param {TimingTable} table */
  constructor(table) {
    const hits = Object.entries(table.hits).sort((a, b) => a[1] - b[1]);
    /** Ids of the hits, in order of onset. */
    this.ids = hits.map(([id]) => id);
    this.onsets = Float64Array.from(hits, ([, onset]) => onset);
    this.bars = table.bars;
    this.starts = Float64Array.from(table.bars, (bar) => bar.start_s);
    /** Bars by the ids that they have in the SVG. @type {Map<string, number>} */
    this.numberById = new Map(table.bars.map((bar) => [bar.id, bar.number]));
    /** @type {Map<number, number>} */
    this.indexByNumber = new Map(table.bars.map((bar, index) => [bar.number, index]));
  }

  /**
   * The hits that sound at a moment, as a range of indices into `ids`.
   *
   * @param {number} time_s
   * @param {number} hold_s how long a hit is shown
   * @returns {[number, number]} first and one after the last
   */
  soundingAt(time_s, hold_s) {
    return [countUpTo(this.onsets, time_s - hold_s), countUpTo(this.onsets, time_s)];
  }

  /**
   * @param {number} time_s
   * @returns {number} index into `bars`; -1 before the first bar, and after the last has ended
   */
  barIndexAt(time_s) {
    const index = countUpTo(this.starts, time_s) - 1;
    if (index < 0 || (index === this.bars.length - 1 && time_s >= this.bars[index].end_s)) return -1;
    return index;
  }

  /**
   * Where "one bar on" or "one bar back" leads. Going back from well inside a bar leads to its own start first,
   * as it does in every player.
   *
   * @param {number} time_s
   * @param {1 | -1} direction
   * @param {number} grace_s so near to its start a bar counts as just begun
   * @returns {number} seconds
   */
  neighbourStart(time_s, direction, grace_s) {
    const count = countUpTo(this.starts, time_s);
    if (direction > 0) return count < this.bars.length ? this.starts[count] : time_s;
    const index = count - 1;
    if (index < 0) return 0;
    if (time_s - this.starts[index] > grace_s) return this.starts[index];
    return index > 0 ? this.starts[index - 1] : 0;
  }

  /** @param {number} number as printed */
  barNumbered(number) {
    const index = this.indexByNumber.get(number);
    return index === undefined ? null : this.bars[index];
  }

  get firstNumber() {
    return this.bars[0]?.number ?? 1;
  }

  get lastNumber() {
    return this.bars[this.bars.length - 1]?.number ?? 1;
  }
}
