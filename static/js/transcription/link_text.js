// What an import from a link is called, for eyes and for ears.
import { megabytes } from "./upload_text.js";

/**
 * @typedef {object} Link
 * @property {string} id
 * @property {string} url
 * @property {string} state
 * @property {number} progress
 * @property {number} bytes
 * @property {number | null} bytes_total
 * @property {string} title
 * @property {{code: string, message: string, hint: string} | null} failure
 */

/** @param {Pick<Link, "state" | "bytes" | "bytes_total">} link */
export function linkStatus(link) {
  if (link.state === "failed") return "Failed";
  if (link.state !== "fetching") return "Waiting";
  if (link.bytes === 0) return "Fetching";
  const total = link.bytes_total ? ` of ${megabytes(link.bytes_total)}` : "";
  return `Fetching: ${megabytes(link.bytes)}${total}`;
}

/**
 * What a screen reader is told when an import has moved; "" when there is nothing new worth a word.
 *
 * @param {string | undefined} before its state
 * @param {Pick<Link, "state" | "title" | "url" | "failure">} link
 */
export function linkAnnouncement(before, link) {
  if (before === link.state) return "";
  const name = link.title || link.url;
  if (link.state === "done") return `${name}: fetched.`;
  if (link.state === "failed") return `${name}: failed. ${link.failure?.message ?? ""}`.trim();
  return "";
}
