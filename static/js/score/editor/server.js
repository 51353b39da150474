// The notation API, as the editor uses it.
import { csrfTokenIn } from "./csrf.js";
import { Refusal } from "./outbox.js";
import { ScoreModel } from "./score_model.js";

/** @typedef {{revision: number, author: string, created_at: string, kind: string, summary: string[]}} Revision */

/** `max_page_size` of the API. */
const MOST_A_PAGE = 100;

export class NotationApi {
  /**
   * @param {string} url of the notation; everything else lies below it
   * @param {string} pageToken the CSRF token of the page, for when there is no cookie to read
   */
  constructor(url, pageToken) {
    this.url = url.replace(/\/$/, "");
    this.pageToken = pageToken;
  }

  /**
   * @param {number} base
   * @param {import("./commands.js").Command[]} commands
   * @param {string} key
   */
  send(base, commands, key) {
    return this.#post("commands/", { base_revision: base, commands }, key);
  }

  /**
   * @param {number} base
   * @param {number} revision
   * @param {string} key
   */
  restore(base, revision, key) {
    return this.#post(`revisions/${revision}/restore/`, { base_revision: base }, key);
  }

  /**
   * @param {number} base
   * @param {object} changes
   * @param {string} key
   */
  requantise(base, changes, key) {
    return this.#post("requantise/", { base_revision: base, ...changes }, key);
  }

  /** The newest revision. */
  async load() {
    const { revision, score } = await ask(this.url);
    return { revision, score: ScoreModel.fromJson(score) };
  }

  /** @returns {Promise<Revision[]>} all of them, the newest first */
  async revisions() {
    /** @type {Map<number, Revision>} one that is saved meanwhile moves the others on by a row */
    const found = new Map();
    let query = `?page_size=${MOST_A_PAGE}`;
    while (query) {
      /** @type {{results: Revision[], next: string | null}} */
      const { results, next } = await ask(`${this.url}/revisions/${query}`);
      for (const row of results) found.set(row.revision, row);
      // Behind a proxy the address that the server gives may be another than the page's.
      query = next ? next.slice(next.indexOf("?")) : "";
    }
    return [...found.values()].sort((a, b) => b.revision - a.revision);
  }

  /**
   * @param {string} path below the notation
   * @param {object} body
   * @param {string} key
   * @returns {Promise<import("./outbox.js").Answer>}
   */
  #post(path, body, key) {
    // Signing in again, in another tab, makes another token: what the page was loaded with is refused from then on.
    const csrfToken = csrfTokenIn(document.cookie) ?? this.pageToken;
    return ask(`${this.url}/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken, "Idempotency-Key": key },
      body: JSON.stringify(body),
    });
  }
}

/**
 * @param {string} url
 * @param {RequestInit} [request]
 * @returns {Promise<any>}
 * @throws {Refusal}
 */
async function ask(url, request = {}) {
  let response;
  try {
    response = await fetch(url, { credentials: "same-origin", cache: "no-cache", ...request });
  } catch {
    throw new Refusal(0, "offline", "The site cannot be reached.");
  }
  /** @type {any} */
  let body = null;
  try {
    body = await response.json();
  } catch {
    if (response.ok) throw new Refusal(0, "bad_answer", "The site's answer cannot be read.");
  }
  if (response.ok) return body;
  throw new Refusal(response.status, body?.code ?? "", messageOf(response.status, body), body?.details);
}

/**
 * @param {number} status
 * @param {any} body
 */
function messageOf(status, body) {
  if (status === 401) return "You are signed out. Sign in in another tab, then try again.";
  if (status === 429) return "Too many changes at once. Wait a moment, then try again.";
  if (status >= 500) return "The site has a problem.";
  return body?.message ?? "The site refused it.";
}
