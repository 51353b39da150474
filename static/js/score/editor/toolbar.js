// The editor's tools: buttons that ask for the same acts as the keys do, and what they show of the score.
import { GRID_STEPS } from "./grid.js";
import { INSTRUMENTS, MARKS } from "./instruments.js";

/** @typedef {import("./keys.js").Act} Act */

/**
 * Events: "act" (detail: an Act), "revisions", "requantise", "retry", "again", "drop", "conflict".
 */
export class Toolbar extends EventTarget {
  /** @type {Map<string, HTMLButtonElement>} */
  #instruments = new Map();
  /** @type {Map<string, HTMLButtonElement>} */
  #marks = new Map();

  /** @param {HTMLElement} element */
  constructor(element) {
    super();
    this.element = element;
    this.grid = /** @type {HTMLSelectElement} */ (this.#part("grid"));
    this.like = /** @type {HTMLSelectElement} */ (this.#part("like"));
    this.#buildPalette();
    this.#buildMarks();
    this.#buildGrid();
    for (const button of element.querySelectorAll("[data-act]")) {
      const [type, direction] = (/** @type {HTMLElement} */ (button).dataset.act ?? "").split(" ");
      const act = /** @type {Act} */ ({ type, ...(direction ? { direction: Number(direction) } : {}) });
      button.addEventListener("click", () => this.#ask(act));
    }
    for (const button of element.querySelectorAll("[data-tell]")) {
      const type = /** @type {HTMLElement} */ (button).dataset.tell ?? "";
      button.addEventListener("click", () => this.dispatchEvent(new Event(type)));
    }
  }

  /** Whether a press on an instrument adds to what is struck there, instead of changing it. */
  get adds() {
    return this.#part("chord").getAttribute("aria-pressed") === "true";
  }

  switchChord() {
    this.#part("chord").setAttribute("aria-pressed", String(!this.adds));
  }

  get step() {
    return (GRID_STEPS.find(({ value }) => value === this.grid.value) ?? GRID_STEPS[3]).step;
  }

  /**
   * @param {object} state
   * @param {import("./score_model.js").Hit[]} state.hits that are chosen
   * @param {string} state.words
   * @param {boolean} state.canUndo
   * @param {boolean} state.canRedo
   */
  show({ hits, words, canUndo, canRedo }) {
    const instruments = new Set(hits.map((hit) => hit.instrument));
    for (const [name, button] of this.#instruments) {
      button.setAttribute("aria-pressed", String(instruments.has(name)));
      if (instruments.has(name)) bringIntoRow(button);
    }
    for (const [name, button] of this.#marks) {
      const only = MARKS.find((mark) => mark.name === name)?.only;
      const possible = hits.some((hit) => !only || only.includes(hit.instrument));
      button.setAttribute("aria-pressed", String(hits.length > 0 && hits.every((hit) => hit.marks.includes(name))));
      enable(button, possible);
    }
    for (const button of this.element.querySelectorAll("[data-needs-notes]")) enable(button, hits.length > 0);
    enable(this.#part("undo"), canUndo);
    enable(this.#part("redo"), canRedo);
    this.#part("where").textContent = words;
  }

  /** @param {import("./state_line.js").StateLine} line */
  showState({ tone, text, offers }) {
    const place = this.#part("state");
    place.dataset.tone = tone;
    this.#part("state-text").textContent = text;
    for (const button of place.querySelectorAll("[data-tell]")) {
      const { tell } = /** @type {HTMLElement} */ (button).dataset;
      button.toggleAttribute("hidden", !offers.some((offer) => offer === tell));
    }
  }

  #buildPalette() {
    const palette = this.#part("palette");
    for (const { name, label, short, key } of INSTRUMENTS) {
      const button = toolButton(short, label, key);
      button.addEventListener("click", (event) => this.#ask({ type: "instrument", name, add: event.shiftKey }));
      this.#instruments.set(name, button);
      palette.append(button);
    }
  }

  #buildMarks() {
    const marks = this.#part("marks");
    for (const { name, label, short, key } of MARKS) {
      const button = toolButton(short, label, key);
      button.addEventListener("click", () => this.#ask({ type: "mark", name }));
      this.#marks.set(name, button);
      marks.append(button);
    }
  }

  #buildGrid() {
    this.grid.replaceChildren(
      ...GRID_STEPS.map(({ value, label }) => new Option(label, value, value === "1/4", value === "1/4")),
    );
  }

  /** @param {Act} act */
  #ask(act) {
    this.dispatchEvent(new CustomEvent("act", { detail: act }));
  }

  /** @param {string} name */
  #part(name) {
    const found = this.element.querySelector(`[data-editor-${name}]`);
    if (!found) throw new Error(`the editor has no data-editor-${name}`);
    return /** @type {HTMLElement} */ (found);
  }
}

/**
 * @param {string} short
 * @param {string} label
 * @param {string} key
 */
function toolButton(short, label, key) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tool";
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-label", label);
  if (key) button.setAttribute("aria-keyshortcuts", key);
  button.title = key ? `${label} (${key.toUpperCase()})` : label;
  const name = document.createElement("span");
  name.className = "tool__name";
  name.textContent = short;
  button.append(name);
  if (key) {
    const letter = document.createElement("kbd");
    letter.className = "tool__key";
    letter.textContent = key.toUpperCase();
    button.append(letter);
  }
  return button;
}

/**
 * On a phone the row of instruments scrolls sideways; the one that is chosen must be seen.
 *
 * @param {HTMLElement} button
 */
function bringIntoRow(button) {
  const row = button.closest(".editor__row");
  if (!row) return;
  const [inner, outer] = [button.getBoundingClientRect(), row.getBoundingClientRect()];
  row.scrollLeft += Math.max(0, inner.right - outer.right + 24) + Math.min(0, inner.left - outer.left - 24);
}

/**
 * Switched off for everybody, but still found by the keyboard: a button that vanishes under the focus takes
 * the focus along.
 *
 * @param {Element} button
 * @param {boolean} on
 */
function enable(button, on) {
  button.setAttribute("aria-disabled", String(!on));
}
