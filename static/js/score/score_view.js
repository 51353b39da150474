// The engraved score on the page: lights notes, shades bars, takes clicks and drags on bars.

import { takeApart } from "./lines.js";

/**
 * Events: "bar" (detail: {number, shift}: clicked), "range" (detail: {from, to, done}: dragged over).
 */
export class ScoreView extends EventTarget {
  /** @type {Map<number, Element>} */
  #bars = new Map();
  /** @type {(Element | null)[]} */
  #notes = [];
  /** @type {[number, number]} */
  #lit = [0, 0];
  /** @type {Element | null} */
  #current = null;
  /** @type {import("./loop.js").Loop | null} */
  #loop = null;
  /** @type {number | null} */
  #dragFrom = null;
  #dragTo = 0;

  /**
   * @param {HTMLElement} place
   * @param {import("./timing.js").Timing} timing
   */
  constructor(place, timing) {
    super();
    this.place = place;
    this.timing = timing;
    /** Somebody else takes the clicks. */
    this.isPassive = false;
    place.addEventListener("pointerdown", (event) => this.#press(event));
    place.addEventListener("pointermove", (event) => this.#drag(event));
    window.addEventListener("pointerup", () => this.#letGo());
    window.addEventListener("pointercancel", () => (this.#dragFrom = null));
    place.addEventListener("click", (event) => this.#click(event));
    this.adopt();
  }

  /** Take over the SVG that now lies in the place: find its notes and bars. */
  adopt() {
    const svg = this.place.querySelector("svg");
    if (!svg) return;
    const parts = takeApart(svg);
    if (parts) this.place.replaceChildren(...parts);
    /** @type {Map<string, Element>} */
    const byId = new Map();
    for (const element of this.place.querySelectorAll("[id]")) byId.set(element.id, element);
    this.#notes = this.timing.ids.map((id) => byId.get(id) ?? null);
    this.#bars.clear();
    for (const bar of this.timing.bars) {
      const element = byId.get(bar.id);
      if (!element) continue;
      element.classList.add("score-bar");
      this.#bars.set(bar.number, element);
    }
    this.#lit = [0, 0];
    this.#current = null;
    this.showLoop(this.#loop);
  }

  /**
   * Light exactly the hits of this range of `timing.ids`.
   *
   * @param {[number, number]} range
   */
  light([first, end]) {
    const [oldFirst, oldEnd] = this.#lit;
    if (first === oldFirst && end === oldEnd) return;
    for (let index = oldFirst; index < oldEnd; index += 1) {
      if (index < first || index >= end) this.#notes[index]?.classList.remove("is-sounding");
    }
    for (let index = first; index < end; index += 1) {
      if (index < oldFirst || index >= oldEnd) this.#notes[index]?.classList.add("is-sounding");
    }
    this.#lit = [first, end];
  }

  /**
   * Shade the bar that sounds.
   *
   * @param {number} index into `timing.bars`; -1: none
   * @returns {Element | null} the bar, when it has just become the current one
   */
  showBar(index) {
    const bar = this.#barAt(index);
    if (bar === this.#current) return null;
    this.#current?.classList.remove("is-current");
    bar?.classList.add("is-current");
    this.#current = bar;
    return bar;
  }

  /** The line of music that the current bar is in. */
  get currentLine() {
    return this.#current?.closest(".score-line") ?? this.#current;
  }

  /** @param {import("./loop.js").Loop | null} loop */
  showLoop(loop) {
    this.#loop = loop;
    for (const [number, bar] of this.#bars) {
      bar.classList.toggle("is-looped", loop !== null && number >= loop.from && number <= loop.to);
    }
  }

  /**
   * A rest over several bars is one bar on paper: its later bars are found in its first.
   *
   * @param {number} index
   */
  #barAt(index) {
    for (let at = index; at >= 0; at -= 1) {
      const bar = this.#bars.get(this.timing.bars[at].number);
      if (bar) return bar;
    }
    return null;
  }

  /** @param {Event} event */
  #numberUnder(event) {
    const bar = event.target instanceof Element ? event.target.closest(".score-bar") : null;
    return bar ? (this.timing.numberById.get(bar.id) ?? null) : null;
  }

  /** @param {PointerEvent} event */
  #press(event) {
    // A finger that moves is scrolling; loops are for the mouse and the pen.
    if (this.isPassive || event.pointerType === "touch" || event.button !== 0 || event.shiftKey) return;
    this.#dragFrom = this.#numberUnder(event);
    this.#dragTo = this.#dragFrom ?? 0;
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (this.#dragFrom === null) return;
    const number = this.#numberUnder(event);
    if (number === null || number === this.#dragTo) return;
    this.#dragTo = number;
    this.place.classList.add("score--dragging");
    this.#tell("range", { from: this.#dragFrom, to: number, done: false });
  }

  #letGo() {
    if (this.#dragFrom === null) return;
    const [from, to] = [this.#dragFrom, this.#dragTo];
    const dragged = this.place.classList.contains("score--dragging");
    this.#dragFrom = null;
    if (!dragged) return;
    this.#tell("range", { from, to, done: true });
    // The click that follows the release belongs to the drag; it must not seek.
    setTimeout(() => this.place.classList.remove("score--dragging"));
  }

  /** @param {MouseEvent} event */
  #click(event) {
    if (this.isPassive || this.place.classList.contains("score--dragging")) return;
    const number = this.#numberUnder(event);
    if (number !== null) this.#tell("bar", { number, shift: event.shiftKey });
  }

  /**
   * @param {string} type
   * @param {object} detail
   */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
