// The outline of the recording, as a slider for the position in it.
import { clock } from "./clock.js";
import { columnHeights, drawnHeights } from "./peaks.js";

const COLUMN_PX = 3;
const GAP_PX = 1;
const STEP_S = 5;
const PAGE_S = 30;

/** Event: "seek" (detail: seconds). */
export class Waveform extends EventTarget {
  /** @type {{scale: number, peaks: [number, number][]} | null} */
  #outline = null;
  #length_s = 0;
  #time_s = 0;
  /** @type {{start_s: number, end_s: number} | null} */
  #span = null;
  /** @type {Float32Array} */
  #heights = new Float32Array(0);
  #drawnAt = -1;
  #saidAt = -1;

  /**
   * @param {HTMLElement} element role="slider"
   * @param {HTMLCanvasElement} canvas inside of it
   */
  constructor(element, canvas) {
    super();
    this.element = element;
    this.canvas = canvas;
    element.addEventListener("pointerdown", (event) => this.#press(event));
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) this.#seekTo(event.clientX);
    });
    element.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#measure()).observe(element);
    document.addEventListener("themechange", () => this.#draw());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  /** @param {{scale: number, peaks: [number, number][]}} outline */
  setOutline(outline) {
    this.#outline = outline;
    this.#measure();
  }

  /** @param {number} length_s */
  setLength(length_s) {
    this.#length_s = length_s;
    this.element.setAttribute("aria-valuemax", String(Math.floor(length_s)));
    this.#draw();
  }

  /** @param {{start_s: number, end_s: number} | null} span */
  setLoop(span) {
    this.#span = span;
    this.#draw();
  }

  /**
   * @param {number} time_s
   * @param {string} place said to screen readers after the time
   */
  setTime(time_s, place) {
    this.#time_s = time_s;
    const second = Math.floor(time_s);
    if (second !== this.#saidAt) {
      this.#saidAt = second;
      this.element.setAttribute("aria-valuenow", String(second));
      this.element.setAttribute("aria-valuetext", `${clock(time_s)} of ${clock(this.#length_s)}${place ? `, ${place}` : ""}`);
    }
    if (this.#pixel(time_s) !== this.#drawnAt) this.#draw();
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    this.#seekTo(event.clientX);
  }

  /** @param {number} clientX */
  #seekTo(clientX) {
    const { left, width } = this.element.getBoundingClientRect();
    this.#seek((Math.min(width, Math.max(0, clientX - left)) / width) * this.#length_s);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = {
      ArrowRight: this.#time_s + STEP_S,
      ArrowUp: this.#time_s + STEP_S,
      ArrowLeft: this.#time_s - STEP_S,
      ArrowDown: this.#time_s - STEP_S,
      PageUp: this.#time_s + PAGE_S,
      PageDown: this.#time_s - PAGE_S,
      Home: 0,
      End: this.#length_s,
    }[event.key];
    if (to === undefined) return;
    // As a slider it has its own arrows; the page's, which go by bars, must not act as well.
    event.preventDefault();
    event.stopPropagation();
    this.#seek(to);
  }

  /** @param {number} time_s */
  #seek(time_s) {
    const inside = Math.min(this.#length_s, Math.max(0, time_s));
    this.dispatchEvent(new CustomEvent("seek", { detail: inside }));
  }

  /** @param {number} time_s */
  #pixel(time_s) {
    return this.#length_s > 0 ? Math.round((time_s / this.#length_s) * this.canvas.width) : 0;
  }

  #measure() {
    const { clientWidth, clientHeight } = this.element;
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(clientWidth * ratio);
    this.canvas.height = Math.round(clientHeight * ratio);
    const columns = Math.floor(clientWidth / COLUMN_PX);
    this.#heights = this.#outline ? drawnHeights(columnHeights(this.#outline, columns)) : new Float32Array(columns);
    this.#draw();
  }

  #draw() {
    const context = this.canvas.getContext("2d");
    if (!context || !this.canvas.width) return;
    const { width, height } = this.canvas;
    const style = getComputedStyle(this.element);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name);
    const ratio = width / this.element.clientWidth;
    const head = this.#pixel(this.#time_s);
    this.#drawnAt = head;
    context.clearRect(0, 0, width, height);

    if (this.#span) {
      const [left, right] = [this.#pixel(this.#span.start_s), this.#pixel(this.#span.end_s)];
      context.fillStyle = colour("--wave-loop");
      context.fillRect(left, 0, Math.max(2, right - left), height);
    }
    const [played, ahead] = [colour("--wave-played"), colour("--wave-ahead")];
    this.#heights.forEach((value, column) => {
      const x = column * COLUMN_PX * ratio;
      const tall = Math.max(ratio, value * height * 0.94);
      context.fillStyle = x < head ? played : ahead;
      context.fillRect(x, (height - tall) / 2, (COLUMN_PX - GAP_PX) * ratio, tall);
    });
    context.fillStyle = colour("--wave-head");
    context.fillRect(Math.min(width - 2 * ratio, Math.max(0, head - ratio)), 0, 2 * ratio, height);
  }
}
