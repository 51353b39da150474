// A websocket that comes back: it reconnects with growing pauses and tells the server what it saw last.
import { backoff } from "./backoff.js";

export const NOT_SIGNED_IN = 4401;
export const NOT_FOUND = 4404;

/** @typedef {{type: string, seq: number, at: string, data: any}} News */
/** @typedef {"connecting" | "open" | "waiting" | "refused" | "closed"} State */

export class LiveSocket {
  /** @type {any} */
  #socket = null;
  #attempt = 0;
  /** @type {number | null} */
  #lastSeq = null;
  /** @type {any} */
  #timer = null;
  #ended = false;

  /**
   * @param {string} url
   * @param {object} handlers
   * @param {(news: News) => void} handlers.onNews
   * @param {(state: State, code?: number) => void} [handlers.onState] refused: the server will not have us
   * @param {object} [world] what lies outside, so that tests can stand in for it
   * @param {(url: string) => any} [world.connect]
   * @param {(task: () => void, ms: number) => any} [world.later]
   * @param {(timer: any) => void} [world.forget]
   * @param {() => number} [world.random]
   */
  constructor(url, { onNews, onState = () => {} }, world = {}) {
    this.url = url;
    this.onNews = onNews;
    this.onState = onState;
    this.connect = world.connect ?? ((/** @type {string} */ to) => new WebSocket(to));
    this.later = world.later ?? ((/** @type {() => void} */ task, /** @type {number} */ ms) => setTimeout(task, ms));
    this.forget = world.forget ?? ((/** @type {any} */ timer) => clearTimeout(timer));
    this.random = world.random ?? Math.random;
  }

  open() {
    if (this.#ended || this.#socket) return;
    this.forget(this.#timer);
    this.onState("connecting");
    const socket = this.connect(this.url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#attempt = 0;
      this.onState("open");
      if (this.#lastSeq !== null) socket.send(JSON.stringify({ type: "resume", seq: this.#lastSeq }));
    };
    socket.onmessage = (/** @type {{data: string}} */ event) => this.#receive(event.data);
    socket.onclose = (/** @type {{code: number}} */ event) => this.#lost(event.code);
  }

  /** Try again at once, when the network has come back; a connection that stands stays. */
  retryNow() {
    if (!this.#socket) this.open();
  }

  close() {
    this.#ended = true;
    this.forget(this.#timer);
    this.#socket?.close();
    this.#socket = null;
    this.onState("closed");
  }

  /** @param {string} text */
  #receive(text) {
    /** @type {News} */
    const news = JSON.parse(text);
    if (typeof news.seq === "number") this.#lastSeq = Math.max(this.#lastSeq ?? news.seq, news.seq);
    this.onNews(news);
  }

  /** @param {number} code */
  #lost(code) {
    this.#socket = null;
    if (this.#ended) return;
    if (code === NOT_SIGNED_IN || code === NOT_FOUND) {
      this.#ended = true;
      this.onState("refused", code);
      return;
    }
    const wait_s = backoff(this.#attempt, this.random());
    this.#attempt += 1;
    this.onState("waiting");
    this.#timer = this.later(() => this.open(), wait_s * 1000);
  }
}

/**
 * @param {string} path
 * @param {{protocol: string, host: string}} place
 */
export function socketUrl(path, place) {
  return `${place.protocol === "https:" ? "wss:" : "ws:"}//${place.host}${path}`;
}
