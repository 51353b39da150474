// The engraved score under the editor's hands: where its notes are, what a click means, what is chosen.
import { BAR_LEAD, barAt, headAt, xOfPlace } from "./geometry.js";
import { gridPlaces, nearestPlace } from "./grid.js";

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
    if (!selection) return;
    for (const id of selection.ids) {
      const found = this.#notes.get(id);
      if (!found) continue;
      found.note.classList.add("is-chosen");
      const frame = svg("rect", "chosen-frame", { x: found.x - 190, y: found.y - 170, width: 380, height: 340, rx: 90 });
      found.bar.querySelector(".bar-area")?.after(frame);
      this.#added.push(frame);
    }
    this.#showCaret(selection);
  }

  /** The line of music in which the caret stands. */
  get line() {
    const caret = this.#added.find((element) => element.classList.contains("caret"));
    return caret?.closest("svg") ?? null;
  }

  /** @param {Selection} selection */
  #showCaret({ place, ids }) {
    for (const [element, drawn] of this.#bars) {
      if (place.bar < drawn.number || place.bar >= drawn.number + drawn.count) continue;
      const x = xOfPlace(this.score, drawn, place);
      const staff = drawn.area.height / STAVES_IN_AREA;
      const top = drawn.area.y + 0.35 * staff;
      const caret = svg("path", "caret", {
        d: `M${x} ${top} V${drawn.area.y + drawn.area.height - 0.35 * staff} M${x - 90} ${top - 60} h180 l-90 120 z`,
      });
      caret.classList.toggle("caret--on-notes", ids.length > 0);
      element.querySelector(".bar-area")?.after(caret);
      this.#added.push(caret);
      return;
    }
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
