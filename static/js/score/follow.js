// Keeps the line that sounds in sight, unless the reader is looking elsewhere.

const MARGIN_PX = 16;
/** Where the line comes to lie, from the top of what is seen: high up, so that the next lines can be read ahead. */
const PLACE = 0.12;

/**
 * How far to scroll so that a line can be read; 0 when it can be already.
 *
 * @param {{top: number, bottom: number}} line in pixels from the window's top
 * @param {{top: number, bottom: number}} view what nothing covers
 */
export function scrollNeeded(line, view) {
  if (line.top >= view.top + MARGIN_PX && line.bottom <= view.bottom - MARGIN_PX) return 0;
  return line.top - (view.top + Math.max(MARGIN_PX, (view.bottom - view.top) * PLACE));
}

export class Follower {
  /** @type {Element | null} */
  #line = null;
  #away = false;

  /**
   * @param {object} parts
   * @param {HTMLElement} parts.transport covers the foot of the window
   * @param {HTMLElement} parts.button brings the reader back
   * @param {() => {top: number, bottom: number}} parts.inView what nothing covers
   */
  constructor({ transport, button, inView }) {
    this.transport = transport;
    this.inView = inView;
    this.button = button;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    for (const type of ["wheel", "touchmove"]) {
      window.addEventListener(type, (event) => this.#looksElsewhere(event), { passive: true });
    }
    window.addEventListener("keydown", (event) => {
      if (event.key === "PageUp" || event.key === "PageDown" || event.key === "End") this.#looksElsewhere(event);
    });
    window.addEventListener("scroll", () => this.#check(), { passive: true });
    button.addEventListener("click", () => this.comeBack());
  }

  /** @param {Element | null} line */
  show(line) {
    this.#line = line;
    if (!this.#away) this.#scroll();
    else this.#check();
  }

  comeBack() {
    this.#away = false;
    this.button.hidden = true;
    this.#scroll();
  }

  /** @param {Event} event */
  #looksElsewhere(event) {
    if (event.target instanceof Node && this.transport.contains(event.target)) return;
    this.#away = true;
  }

  #check() {
    if (!this.#away || !this.#line) return;
    const seen = this.#needed() === 0;
    if (seen) this.#away = false;
    this.button.hidden = seen;
  }

  #needed() {
    if (!this.#line) return 0;
    const { top, bottom } = this.#line.getBoundingClientRect();
    return scrollNeeded({ top, bottom }, this.inView());
  }

  #scroll() {
    const by = this.#needed();
    if (Math.abs(by) > 1) window.scrollBy({ top: by, behavior: this.calm.matches ? "auto" : "smooth" });
  }
}
