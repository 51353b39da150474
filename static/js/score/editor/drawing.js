// The engraved score under the editor's hands: where its notes are, what a click means, what is chosen.
import { BAR_LEAD, barAt, headAt, xOfPlace } from "./geometry.js";
import { gridPlaces, nearestPlace } from "./grid.js";
import { instrumentNamed } from "./instruments.js";
import { comparePlaces } from "./score_model.js";

/** @typedef {import("./geometry.js").DrawnBar} DrawnBar */
/** @typedef {import("./score_model.js").Place} Place */
/** @typedef {import("./score_model.js").ScoreModel} ScoreModel */
/** @typedef {import("./selection.js").Selection} Selection */

const SVG = "http://www.w3.org/2000/svg";
/** From a head's left edge to its middle, in the drawing's units; all heads are about as wide. */
const HALF_HEAD = 115;
/** From clef or time signature to the middle of the first head. Measured. */
const AFTER_SIGN = 700;
const CLEF_OR_DIGIT = /^#glyph-E0(?:69|8[0-9])$/;
/** How far from a head a click still means it, in pixels. A finger is broader than a mouse's tip. */
const REACH_PX = { touch: 24, mouse: 14 };
/** A bar's area is a staff and 1.1 staves above and below. */
const STAVES_IN_AREA = 3.2;
const STAVES_TO_BOTTOM_LINE = 2.1;
/** Heads as they are until the engraver has drawn the real ones, around their middle. */
const HEADS = {
  round: "M-115 30 a118 88 -20 1 0 230 -60 a118 88 -20 1 0 -230 60 z",
  cross: "M-95 -85 L95 85 M-95 85 L95 -85",
  diamond: "M-115 0 L0 -95 L115 0 L0 95 z",
};

export class Drawing {
  /** @type {Map<Element, DrawnBar>} */
  #bars = new Map();
  /** @type {Map<string, {note: Element, bar: Element, x: number, y: number}>} */
  #notes = new Map();
  /** @type {Element[]} */
  #added = [];

  /**
   * @param {HTMLElement} place
   * @param {ScoreModel} score as it is engraved
   */
  constructor(place, score) {
    this.place = place;
    this.score = score;
    for (const element of place.querySelectorAll(".measure[id]")) {
      const drawn = drawnBar(element);
      if (!drawn) continue;
      this.#bars.set(element, drawn);
      for (const { id, x, y } of drawn.heads) {
        const note = element.querySelector(`#${CSS.escape(id)}`);
        if (note) this.#notes.set(id, { note, bar: element, x, y });
      }
    }
  }

  /**
   * What a click means: a note, a place on the grid, or nothing.
   *
   * @param {MouseEvent} event
   * @param {import("./fraction.js").Fraction} step
   * @returns {{id: string} | {place: Place} | null}
   */
  under(event, step) {
    const element = event.target instanceof Element ? event.target.closest(".measure") : null;
    const drawn = element ? this.#bars.get(element) : undefined;
    const matrix = element instanceof SVGGraphicsElement ? element.getScreenCTM() : null;
    if (!element || !drawn || !matrix) return null;
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const touched = event instanceof PointerEvent && event.pointerType === "touch";
    const head = headAt(drawn.heads, x, y, REACH_PX[touched ? "touch" : "mouse"] / matrix.a);
    if (head) return { id: head.id };
    const places = gridPlaces(this.score, barAt(drawn, x), step);
    return places.length ? { place: nearestPlace(places, (place) => xOfPlace(this.score, drawn, place), x) } : null;
  }

  /**
   * Show what is chosen.
   *
   * @param {Selection | null} selection
   * @param {ScoreModel} score with all that is on its way
   * @param {ReadonlySet<string>} touched notes that are about to change
   */
  show(selection, score, touched) {
    this.#clear();
    for (const [id, { note }] of this.#notes) {
      note.classList.toggle("is-gone", score.hit(id) === null);
      note.classList.toggle("is-changing", touched.has(id));
    }
    const coming = this.#showComing(score);
    if (!selection) return;
    for (const id of selection.ids) {
      this.#notes.get(id)?.note.classList.add("is-chosen");
      const found = coming.get(id) ?? this.#notes.get(id);
      if (!found) continue;
      const frame = svg("rect", "chosen-frame", { x: found.x - 190, y: found.y - 170, width: 380, height: 340, rx: 90 });
      this.#put(found.bar, frame);
    }
    this.#showCaret(selection);
  }

  /**
   * Notes that are there, or there otherwise, as soon as the server has answered.
   *
   * @param {ScoreModel} score
   * @returns {Map<string, {bar: Element, x: number, y: number}>} where, by their ids
   */
  #showComing(score) {
    const coming = new Map();
    for (const hit of score.hits) {
      const before = this.score.hit(hit.id);
      if (before && before.instrument === hit.instrument && comparePlaces(before, hit) === 0) continue;
      const found = this.#barOf(hit.bar);
      if (!found) continue;
      const [bar, drawn] = found;
      const { place, head } = instrumentNamed(hit.instrument);
      const staff = drawn.area.height / STAVES_IN_AREA;
      const x = xOfPlace(this.score, drawn, hit);
      const y = drawn.area.y + STAVES_TO_BOTTOM_LINE * staff - (place * staff) / 8;
      this.#put(bar, svg("path", `coming coming--${head}`, { d: HEADS[head], transform: `translate(${x}, ${y})` }));
      this.#notes.get(hit.id)?.note.classList.add("is-gone");
      coming.set(hit.id, { bar, x, y });
    }
    return coming;
  }

  /** The line of music in which the caret stands. */
  get line() {
    const caret = this.#added.find((element) => element.classList.contains("caret"));
    return caret?.closest("svg") ?? null;
  }

  /** @param {Selection} selection */
  #showCaret({ place, ids }) {
    const found = this.#barOf(place.bar);
    if (!found) return;
    const [element, drawn] = found;
    const x = xOfPlace(this.score, drawn, place);
    const staff = drawn.area.height / STAVES_IN_AREA;
    const top = drawn.area.y + 0.35 * staff;
    const bottom = drawn.area.y + drawn.area.height - 0.35 * staff;
    const caret = svg("path", "caret", { d: `M${x} ${top} V${bottom} M${x - 90} ${top - 60} h180 l-90 120 z` });
    caret.classList.toggle("caret--on-notes", ids.length > 0);
    this.#put(element, caret);
  }

  /**
   * @param {number} number
   * @returns {[Element, DrawnBar] | null} of the bar, or of the long rest that it is part of
   */
  #barOf(number) {
    for (const found of this.#bars) {
      const [, drawn] = found;
      if (number >= drawn.number && number < drawn.number + drawn.count) return found;
    }
    return null;
  }

  /**
   * @param {Element} bar
   * @param {Element} element goes under the notes
   */
  #put(bar, element) {
    bar.querySelector(".bar-area")?.after(element);
    this.#added.push(element);
  }

  #clear() {
    for (const element of this.#added) element.remove();
    this.#added = [];
    for (const { note } of this.#notes.values()) note.classList.remove("is-chosen");
  }
}

/**
 * @param {Element} element a measure's group
 * @returns {DrawnBar | null}
 */
function drawnBar(element) {
  const number = /^bar-(before-)?(\d+)$/.exec(element.id);
  const rect = element.querySelector(":scope > .bar-area");
  if (!number || !rect) return null;
  const value = (/** @type {string} */ name) => Number(rect.getAttribute(name));
  const area = { x: value("x"), y: value("y"), width: value("width"), height: value("height") };
  const heads = [...element.querySelectorAll(".note[id]")].flatMap((note) => {
    const use = note.querySelector("use");
    const at = use && translation(use);
    return at ? [{ id: note.id, x: at.x + HALF_HEAD, y: at.y }] : [];
  });
  const signs = [...element.querySelectorAll(":scope > use")].filter((use) => CLEF_OR_DIGIT.test(use.getAttribute("href") ?? ""));
  const lastSign = Math.max(...signs.map((use) => translation(use)?.x ?? 0));
  return {
    number: number[1] ? -Number(number[2]) : Number(number[2]),
    count: Number(element.getAttribute("data-bars") ?? 1),
    area,
    contentFrom: signs.length ? lastSign + AFTER_SIGN : area.x + BAR_LEAD,
    heads,
  };
}

/** @param {Element} use */
function translation(use) {
  const found = /translate\(([-\d.]+)[ ,]+([-\d.]+)\)/.exec(use.getAttribute("transform") ?? "");
  return found ? { x: Number(found[1]), y: Number(found[2]) } : null;
}

/**
 * @param {string} name
 * @param {string} className
 * @param {Record<string, string | number>} attributes
 */
function svg(name, className, attributes) {
  const element = document.createElementNS(SVG, name);
  element.setAttribute("class", className);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, String(value));
  return element;
}
