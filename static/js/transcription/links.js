// Songs from links on the dashboard: bars that move, and a fresh list when one begins or ends.
import { fetchFragment, replaceContent } from "../live/fragment.js";
import { linkAnnouncement, linkStatus } from "./link_text.js";

/** @typedef {import("./link_text.js").Link} Link */

const SHOWN_STATES = new Set(["pending", "fetching", "failed"]);

/**
 * @param {HTMLElement} list what holds the list
 * @param {(words: string) => void} announce tells a screen reader
 */
export function connectLinks(list, announce) {
  /** Seqs as last heard of. @type {Map<string, number>} */
  const known = new Map();
  let refreshing = false;

  /** @param {string} id @returns {HTMLElement | null} */
  const row = (id) => list.querySelector(`[data-link="${CSS.escape(id)}"]`);

  /**
   * @param {Link} link
   * @param {number} seq
   */
  function show(link, seq) {
    if ((known.get(link.id) ?? 0) > seq) return;
    known.set(link.id, seq);
    const element = row(link.id);
    if (!element && !SHOWN_STATES.has(link.state)) return;
    const words = linkAnnouncement(element?.dataset.state, link);
    if (words) announce(words);
    // Another state has other buttons, and those the server renders.
    if (element?.dataset.state !== link.state) refresh();
    if (element) showProgress(element, link);
  }

  /**
   * @param {HTMLElement} element
   * @param {Link} link
   */
  function showProgress(element, link) {
    const bar = element.querySelector("[data-link-progress]");
    if (bar instanceof HTMLProgressElement) {
      if (link.progress > 0) bar.value = link.progress;
      else bar.removeAttribute("value"); // nobody knows how much it is
    }
    const status = element.querySelector("[data-link-status]");
    if (status) status.textContent = linkStatus(link);
    const title = element.querySelector("[data-link-title]");
    if (title && link.title) title.textContent = link.title;
  }

  async function refresh() {
    if (refreshing) return;
    refreshing = true;
    try {
      const fresh = await fetchFragment(location.href, "[data-links]");
      if (fresh) replaceContent(list, fresh);
    } catch {
      // No network: the next news or the next poll tries again.
    } finally {
      refreshing = false;
    }
  }

  return {
    refresh,
    /** @param {Link[]} links @param {number} seq */
    showAll(links, seq) {
      const shown = [...list.querySelectorAll("[data-link]")].map((element) => element.getAttribute("data-link"));
      if (shown.length !== links.length || links.some((link) => !shown.includes(link.id))) refresh();
      for (const link of links) show(link, seq);
    },
    show,
  };
}
