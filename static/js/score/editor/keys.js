// The keys of the editor. While it is open they are its own, all but Space, which plays as ever; on links, menus and
// the player's controls only undoing, redoing and leaving are left, so that nothing is deleted there unawares.
import { INSTRUMENTS, MARKS } from "./instruments.js";

/**
 * @typedef {{type: "stroke" | "grid" | "bar" | "move", direction: 1 | -1, extend?: boolean}
 *   | {type: "across", direction: 1 | -1}
 *   | {type: "velocity", direction: 1 | -1}
 *   | {type: "instrument", name: string, add: boolean}
 *   | {type: "mark", name: string}
 *   | {type: "remove" | "undo" | "redo" | "leave" | "help" | "start" | "end" | "chord"}} Act
 */

/** @type {Map<string, string>} */
const INSTRUMENT_OF_KEY = new Map(INSTRUMENTS.map(({ key, name }) => [key, name]));
/** @type {Map<string, string>} */
const MARK_OF_KEY = new Map(MARKS.filter(({ key }) => key).map(({ key, name }) => [key, name]));
/** What Shift makes of the toms' digits says nothing of the key that was pressed; its code does. */
const DIGIT = /^(?:Digit|Numpad)([123])$/;

/**
 * What a key asks for; null: it belongs to somebody else.
 *
 * @param {object} press
 * @param {string} press.key
 * @param {string} [press.code]
 * @param {boolean} [press.ctrlKey]
 * @param {boolean} [press.metaKey]
 * @param {boolean} [press.altKey]
 * @param {boolean} [press.shiftKey]
 * @param {"text" | "slider" | "button" | "dialog" | "elsewhere" | ""} holder what has the focus; "elsewhere":
 *   something that is neither the score nor one of the editor's tools
 * @returns {Act | null}
 */
export function actFor(press, holder) {
  if (holder === "dialog") return null;
  if (press.key === "Escape") return { type: "leave" };
  if (holder === "text") return null;
  const command = press.ctrlKey || press.metaKey;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const sideways = { ArrowLeft: /** @type {const} */ (-1), ArrowRight: /** @type {const} */ (1) }[key];
  if (command) {
    if (press.altKey) return null;
    if (key === "z") return { type: press.shiftKey ? "redo" : "undo" };
    if (key === "y") return { type: "redo" };
    if (holder === "elsewhere") return null;
    return sideways ? { type: "bar", direction: sideways } : null;
  }
  if (holder === "elsewhere") return null;
  if (sideways && holder === "slider") return null;
  if (press.altKey) return sideways ? { type: "move", direction: sideways } : null;
  if (sideways) return { type: "stroke", direction: sideways, extend: press.shiftKey === true };
  return plainAct(key, press, holder);
}

/**
 * @param {string} key
 * @param {{code?: string, shiftKey?: boolean}} press
 * @param {string} holder
 * @returns {Act | null}
 */
function plainAct(key, press, holder) {
  const vertical = { ArrowUp: /** @type {const} */ (1), ArrowDown: /** @type {const} */ (-1) }[key];
  if (holder === "slider" && (vertical || key === "Home" || key === "End")) return null;
  if (vertical) return { type: "across", direction: vertical };
  const digit = press.shiftKey ? DIGIT.exec(press.code ?? "")?.[1] : undefined;
  const instrument = INSTRUMENT_OF_KEY.get(digit ?? key);
  if (instrument) return { type: "instrument", name: instrument, add: press.shiftKey === true };
  const mark = MARK_OF_KEY.get(key);
  if (mark) return { type: "mark", name: mark };
  switch (key) {
    case "Delete":
    case "Backspace":
      return { type: "remove" };
    case ",":
    case "<":
      return { type: "grid", direction: -1 };
    case ".":
    case ">":
      return { type: "grid", direction: 1 };
    case "+":
    case "=":
      return { type: "velocity", direction: 1 };
    case "-":
      return { type: "velocity", direction: -1 };
    case "Home":
      return { type: "start" };
    case "End":
      return { type: "end" };
    case "?":
      return { type: "help" };
    default:
      return null;
  }
}
