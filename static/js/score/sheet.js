// The engraving on the page: the one of the three that fits the window, of the revision that is shown.
import { DESKTOP_FROM_PX, TABLET_FROM_PX, variantFor } from "./variants.js";

/** @typedef {import("./variants.js").Variant} Variant */

export class Sheet {
  /** @type {number | null} null: whichever is the newest */
  #revision = null;
  #asked = 0;
  /** What goes with a revision that is still to be shown, in whichever width it comes. */
  #before = () => {};

  /**
   * @param {object} parts
   * @param {HTMLElement} parts.frame says that it is loading
   * @param {HTMLElement} parts.place holds the SVG
   * @param {Record<Variant, string>} parts.urls
   * @param {() => void} parts.shown another SVG now lies in the place
   */
  constructor({ frame, place, urls, shown }) {
    this.frame = frame;
    this.place = place;
    this.urls = urls;
    this.shown = shown;
    for (const edge of [TABLET_FROM_PX, DESKTOP_FROM_PX]) {
      matchMedia(`(min-width: ${edge}px)`).addEventListener("change", () => void this.fit());
    }
  }

  /** Show the engraving that fits the window, if it is another one. */
  async fit() {
    const variant = variantFor(window.innerWidth);
    if (this.place.dataset.variant === variant || !this.urls?.[variant]) return;
    this.frame.classList.add("score--loading");
    try {
      await this.#show(variant);
    } catch (error) {
      console.error(error); // the engraving that is there stays
    }
  }

  /**
   * Show another revision.
   *
   * @param {number} revision
   * @param {() => void} before is called when it is there, before it is shown
   * @throws when it cannot be loaded; what is there stays
   */
  async showRevision(revision, before) {
    this.#revision = revision;
    this.#before = before;
    await this.#show(variantFor(window.innerWidth));
  }

  /** @param {Variant} variant */
  async #show(variant) {
    const asked = (this.#asked += 1);
    try {
      const svg = await fetchSvg(this.#url(variant));
      if (asked !== this.#asked) return; // resized or edited on in the meantime: the later one shows
      const before = this.#before;
      this.#before = () => {};
      before();
      this.place.dataset.variant = variant;
      this.place.replaceChildren(svg);
      this.shown();
    } finally {
      if (asked === this.#asked) this.frame.classList.remove("score--loading");
    }
  }

  /** @param {Variant} variant */
  #url(variant) {
    const url = new URL(this.urls[variant], location.href);
    if (this.#revision !== null) url.searchParams.set("revision", String(this.#revision));
    return url.href;
  }
}

/** @param {string} url */
export async function fetchSvg(url) {
  const response = await fetch(url, { credentials: "same-origin", cache: "no-cache" });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const parsed = new DOMParser().parseFromString(await response.text(), "image/svg+xml");
  if (parsed.documentElement.localName !== "svg") throw new Error(`${url} is no SVG`);
  return document.importNode(parsed.documentElement, true);
}
