// The keys of the score page.

/**
 * @typedef {"toggle" | "back" | "on" | "faster" | "slower" | "loop" | "from" | "to" | "start" | "picture" | "help"} Action
 */

/** @type {Record<string, Action>} */
const ACTIONS = {
  " ": "toggle",
  ArrowLeft: "back",
  ArrowRight: "on",
  ArrowUp: "faster",
  ArrowDown: "slower",
  l: "loop",
  a: "from",
  b: "to",
  Home: "start",
  v: "picture",
  "?": "help",
};

/**
 * What a key asks for, or null when it belongs to somebody else: to the browser, to a field that is being typed
 * into, to a button that Space presses, to a slider that arrows move.
 *
 * @param {object} press
 * @param {string} press.key
 * @param {boolean} [press.ctrlKey]
 * @param {boolean} [press.metaKey]
 * @param {boolean} [press.altKey]
 * @param {string} holder what has the focus: "text", "slider", "button", "dialog" or ""
 * @returns {Action | null}
 */
export function actionFor(press, holder) {
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  if (holder === "text" || holder === "dialog") return null;
  const action = ACTIONS[press.key.length === 1 ? press.key.toLowerCase() : press.key] ?? null;
  if (holder === "button" && press.key === " ") return null;
  if (holder === "slider" && (press.key.startsWith("Arrow") || press.key === "Home")) return null;
  return action;
}

/**
 * @param {EventTarget | null} target
 * @returns {"text" | "slider" | "button" | "dialog" | ""}
 */
export function holderOf(target) {
  if (!(target instanceof Element)) return "";
  if (target.closest("dialog[open]")) return "dialog";
  if (target.matches('input[type="range"], [role="slider"]')) return "slider";
  if (target.matches("input, textarea, select, [contenteditable]")) return "text";
  if (target.closest("button, a, summary")) return "button";
  return "";
}
