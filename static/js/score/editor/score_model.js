// A score as the editor needs it: bars, and the hits in each, where they stand and in which order they are read.
import { compare, format, parse, toNumber } from "./fraction.js";
import { instrumentNamed } from "./instruments.js";

/** @typedef {import("./fraction.js").Fraction} Fraction */

/**
 * @typedef {object} ScoreJson what the API calls `drumsite.score/2`
 * @property {BarJson[]} bars
 * @property {HitJson[]} hits
 * @property {{bar: number, swing: string | null}[]} [swing_marks]
 */
/** @typedef {{number: number, beats: number, beat_type: number, quarters: string, beat_times_s: number[], end_s: number}} BarJson */
/** @typedef {{id: string, instrument: string, velocity: number, bar: number, position: string, grace_of?: string | null, marks?: string[]}} HitJson */

/** @typedef {{number: number, beats: number, beatType: number, quarters: Fraction, beatTimes_s: number[], end_s: number}} Bar */
/** @typedef {{id: string, instrument: string, velocity: number, bar: number, position: Fraction, graceOf: string | null, marks: readonly string[]}} Hit */
/** @typedef {{bar: number, position: Fraction}} Place where a stroke stands or could stand */

export class ScoreModel {
  /** @type {Map<string, Hit>} */
  #byId = new Map();
  /** @type {Map<number, Hit[]>} */
  #byBar = new Map();

  /**
   * @param {readonly Bar[]} bars in order, numbered without a gap
   * @param {readonly Hit[]} hits in any order
   * @param {readonly {bar: number, swing: string | null}[]} swingMarks
   */
  constructor(bars, hits, swingMarks) {
    this.bars = bars;
    this.swingMarks = swingMarks;
    this.hits = [...hits].sort(inReadingOrder);
    for (const hit of this.hits) {
      this.#byId.set(hit.id, hit);
      const others = this.#byBar.get(hit.bar);
      if (others) others.push(hit);
      else this.#byBar.set(hit.bar, [hit]);
    }
  }

  /**
   * @param {ScoreJson} json
   */
  static fromJson(json) {
    const bars = json.bars.map((row) => ({
      number: row.number,
      beats: row.beats,
      beatType: row.beat_type,
      quarters: parse(row.quarters),
      beatTimes_s: row.beat_times_s,
      end_s: row.end_s,
    }));
    const hits = json.hits.map((row) => ({
      id: row.id,
      instrument: row.instrument,
      velocity: row.velocity,
      bar: row.bar,
      position: parse(row.position),
      graceOf: row.grace_of ?? null,
      marks: row.marks ?? [],
    }));
    return new ScoreModel(bars, hits, json.swing_marks ?? []);
  }

  /**
   * The same bars with other hits.
   *
   * @param {readonly Hit[]} hits
   */
  withHits(hits) {
    return new ScoreModel(this.bars, hits, this.swingMarks);
  }

  get firstNumber() {
    return this.bars[0].number;
  }

  get lastNumber() {
    return this.bars[this.bars.length - 1].number;
  }

  /** @param {string} id */
  hit(id) {
    return this.#byId.get(id) ?? null;
  }

  /** @param {number} number */
  bar(number) {
    return this.bars[number - this.firstNumber] ?? null;
  }

  /** @param {number} bar */
  hitsIn(bar) {
    return this.#byBar.get(bar) ?? [];
  }

  /**
   * What is struck at one place, from the top of the staff down.
   *
   * @param {Place} place
   */
  hitsAt(place) {
    return this.hitsIn(place.bar).filter((hit) => compare(hit.position, place.position) === 0);
  }

  /**
   * The places in a bar at which something is struck, in order.
   *
   * @param {number} bar
   * @returns {Place[]}
   */
  strokesIn(bar) {
    /** @type {Place[]} */
    const places = [];
    for (const { position } of this.hitsIn(bar)) {
      const last = places[places.length - 1];
      if (!last || compare(last.position, position) !== 0) places.push({ bar, position });
    }
    return places;
  }

  /**
   * The feel in force: "eighth", "16th", or null for straight.
   *
   * @param {number} bar
   */
  swingAt(bar) {
    const marks = this.swingMarks.filter((mark) => mark.bar <= bar);
    return marks.length ? marks[marks.length - 1].swing : null;
  }

  /**
   * When a place comes in the recording, straight between its bar's beats.
   *
   * @param {Place} place
   */
  timeAt(place) {
    const bar = this.bar(place.bar);
    if (!bar) return 0;
    const beats = bar.beatTimes_s.length;
    const at = toNumber(place.position) / (toNumber(bar.quarters) / beats);
    const beat = Math.min(Math.floor(at), beats - 1);
    const times = [...bar.beatTimes_s, bar.end_s];
    return times[beat] + (at - beat) * (times[beat + 1] - times[beat]);
  }
}

/**
 * @param {Place} a
 * @param {Place} b
 */
export function comparePlaces(a, b) {
  return a.bar - b.bar || compare(a.position, b.position);
}

/** @param {Place} place */
export function placeKey(place) {
  return `${place.bar}:${format(place.position)}`;
}

/**
 * Along the bars, then from the top of the staff down; a grace note before its main note.
 *
 * @param {Hit} a
 * @param {Hit} b
 */
function inReadingOrder(a, b) {
  return (
    comparePlaces(a, b) ||
    instrumentNamed(b.instrument).place - instrumentNamed(a.instrument).place ||
    Number(b.graceOf !== null) - Number(a.graceOf !== null)
  );
}
