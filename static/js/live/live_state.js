// The line that says so when a page is not live, and the polling that stands in for the websocket meanwhile.
import { LiveSocket, NOT_SIGNED_IN, socketUrl } from "./socket.js";

const POLL_EVERY_MS = 5000;

/**
 * Open a socket for a page: news as they come; while the connection is lost, `refresh` every few seconds.
 *
 * @param {object} page
 * @param {string} page.path
 * @param {(news: import("./socket.js").News) => void} page.onNews
 * @param {() => void} page.refresh
 * @param {HTMLElement | null} page.line where to say that the page is not live
 * @returns {LiveSocket}
 */
export function openLive({ path, onNews, refresh, line }) {
  let polling = 0;
  let losses = 0;

  const say = (/** @type {string} */ text) => {
    if (!line) return;
    line.textContent = text;
    line.hidden = text === "";
  };
  const socket = new LiveSocket(socketUrl(path, location), {
    onNews,
    onState(state, code) {
      if (state === "open" || state === "refused" || state === "closed") {
        clearInterval(polling);
        polling = 0;
        losses = 0;
        say("");
      }
      if (state === "waiting") {
        losses += 1;
        if (!polling) polling = window.setInterval(refresh, POLL_EVERY_MS);
        // One short loss is nobody's business.
        if (losses > 1) say("Not live at the moment; the page looks for news every few seconds.");
      }
      if (state === "refused" && code === NOT_SIGNED_IN) say("You have been signed out. Reload the page to sign in again.");
    },
  });
  window.addEventListener("online", () => socket.retryNow());
  window.addEventListener("pagehide", () => socket.close());
  window.addEventListener("pageshow", (event) => {
    // Taken out of the back-forward cache: what it shows may be hours old.
    if (event.persisted) location.reload();
  });
  socket.open();
  return socket;
}
