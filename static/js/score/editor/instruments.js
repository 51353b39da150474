// The instruments as the editor knows them: names of the score, words for people, keys, order on the staff.

/**
 * @typedef {object} Instrument
 * @property {string} name as in a score
 * @property {string} label
 * @property {string} short fits a small button
 * @property {string} key
 * @property {number} place staff positions upward from the bottom line
 * @property {"round" | "cross" | "diamond"} head roughly; the engraver knows more shapes
 */

/** In the order of the palette: what is corrected most comes first. @type {readonly Instrument[]} */
export const INSTRUMENTS = [
  { name: "kick", label: "Kick", short: "Kick", key: "k", place: 1, head: "round" },
  { name: "snare", label: "Snare", short: "Snare", key: "s", place: 5, head: "round" },
  { name: "hihat_closed", label: "Hi-hat", short: "Hat", key: "h", place: 9, head: "cross" },
  { name: "hihat_open", label: "Open hi-hat", short: "Open", key: "o", place: 9, head: "cross" },
  { name: "hihat_pedal", label: "Pedal hi-hat", short: "Pedal", key: "p", place: -1, head: "cross" },
  { name: "crash", label: "Crash", short: "Crash", key: "c", place: 10, head: "cross" },
  { name: "ride", label: "Ride", short: "Ride", key: "r", place: 8, head: "cross" },
  { name: "ride_bell", label: "Ride bell", short: "Bell", key: "b", place: 8, head: "diamond" },
  { name: "tom_high", label: "High tom", short: "Tom 1", key: "1", place: 7, head: "round" },
  { name: "tom_mid", label: "Mid tom", short: "Tom 2", key: "2", place: 6, head: "round" },
  { name: "tom_low", label: "Floor tom", short: "Floor", key: "3", place: 3, head: "round" },
  { name: "side_stick", label: "Side stick", short: "Stick", key: "x", place: 5, head: "cross" },
  { name: "china", label: "China", short: "China", key: "i", place: 12, head: "cross" },
  { name: "splash", label: "Splash", short: "Splash", key: "l", place: 11, head: "diamond" },
  { name: "cowbell", label: "Cowbell", short: "Cowbell", key: "w", place: 7, head: "cross" },
  { name: "tambourine", label: "Tambourine", short: "Tamb.", key: "t", place: 11, head: "cross" },
  { name: "clap", label: "Clap", short: "Clap", key: "y", place: 7, head: "cross" },
];

const BY_NAME = new Map(INSTRUMENTS.map((instrument) => [instrument.name, instrument]));

/**
 * @param {string} name
 * @returns {Instrument} also for a name that is not in the table: a newer site may know more than an open page
 */
export function instrumentNamed(name) {
  return BY_NAME.get(name) ?? { name, label: name.replaceAll("_", " "), short: name, key: "", place: 5, head: "round" };
}

/**
 * @typedef {object} MarkKind
 * @property {string} name as in a score
 * @property {string} label
 * @property {string} said after an instrument: "Snare, ghost note"
 * @property {string} key empty: by its button only
 * @property {string} short fits a small button
 * @property {readonly string[]} [only] the instruments that can have it; missing: all
 */

const CYMBALS = ["crash", "ride", "ride_bell", "china", "splash", "hihat_open"];

/** @type {readonly MarkKind[]} */
export const MARKS = [
  { name: "ghost", label: "Ghost note", short: "Ghost", said: "ghost note", key: "g" },
  { name: "accent", label: "Accent", short: "Accent", said: "accent", key: "a" },
  { name: "plain", label: "Neither ghost nor accent", short: "Plain", said: "plain", key: "n" },
  { name: "half_open", label: "Half open", short: "Half open", said: "half open", key: "f", only: ["hihat_open"] },
  { name: "choke", label: "Choke", short: "Choke", said: "choked", key: "q", only: CYMBALS },
  { name: "rim_shot", label: "Rim shot", short: "Rim shot", said: "rim shot", key: "e", only: ["snare"] },
  { name: "roll", label: "Roll", short: "Roll", said: "roll", key: "z" },
  { name: "right", label: "Right hand", short: "R", said: "right hand", key: "" },
  { name: "left", label: "Left hand", short: "L", said: "left hand", key: "" },
];

/** Of each of these a note has one at most. */
export const RIVAL_MARKS = [
  ["ghost", "accent", "plain"],
  ["right", "left"],
];

/** @param {string} name */
export function markNamed(name) {
  return MARKS.find((mark) => mark.name === name) ?? null;
}
