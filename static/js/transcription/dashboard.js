// The dashboard: the upload form, and a list that follows the feed.
import { fetchFragment, replaceContent } from "../live/fragment.js";
import { openLive } from "../live/live_state.js";
import { countsText } from "./batch_text.js";
import { showJobProgress } from "./job_row.js";
import { announcement } from "./job_text.js";
import { connectLinks } from "./links.js";
import { connectUpload } from "./upload.js";

/** @typedef {import("./batch_text.js").Batch} Batch */
/** @typedef {import("./job_text.js").Job} Job */

const REFRESH_AT_MOST_EVERY_MS = 400;

const page = /** @type {HTMLElement} */ (document.querySelector("[data-dashboard]"));
const list = /** @type {HTMLElement} */ (page.querySelector("[data-recordings]"));
const announce = page.querySelector("[data-announce]");
/** Jobs as last heard of. @type {Map<string, {seq: number, job: Job}>} */
const known = new Map();
/** Jobs and batches that a fresh list did not show: they are on another page of it. @type {Set<string>} */
const elsewhere = new Set();
let refreshTimer = 0;

const form = page.querySelector("[data-upload]");
if (form instanceof HTMLFormElement) connectUpload(form);

const linkList = /** @type {HTMLElement} */ (page.querySelector("[data-links]"));
const links = connectLinks(linkList, (words) => {
  if (announce) announce.textContent = words;
});

openLive({
  path: page.dataset.feed ?? "",
  line: page.querySelector("[data-live-state]"),
  refresh() {
    refreshSoon();
    links.refresh();
  },
  onNews(news) {
    switch (news.type) {
      case "snapshot":
        // Newest first; of several jobs of one recording the first is the one in the list.
        showSnapshot(news.data.jobs, news.seq);
        links.showAll(news.data.links ?? [], news.seq);
        news.data.batches.forEach(showBatch);
        break;
      case "job.updated":
        showJob(news.data, news.seq);
        break;
      case "link.updated":
        links.show(news.data, news.seq);
        break;
      case "link.deleted":
        links.refresh();
        break;
      case "batch.updated":
        showBatch(news.data);
        break;
      case "job.deleted":
      case "batch.deleted":
        refreshSoon();
        break;
    }
  },
});

/**
 * @param {Job[]} jobs
 * @param {number} seq
 */
function showSnapshot(jobs, seq) {
  const seen = new Set();
  for (const job of jobs) {
    if (seen.has(job.recording_id)) continue;
    seen.add(job.recording_id);
    if (row(job.recording_id)) showJob(job, seq);
  }
}

/**
 * @param {Job} job
 * @param {number} seq
 */
function showJob(job, seq) {
  const before = known.get(job.id);
  if (before && before.seq > seq) return;
  known.set(job.id, { seq, job });
  const element = row(job.recording_id);
  if (!element || element.dataset.job !== job.id) {
    if (!elsewhere.has(job.id)) refreshSoon();
    return;
  }
  const words = announcement(before?.job ?? { status: element.dataset.status ?? "", stage: job.stage }, job);
  if (words && announce) announce.textContent = words;
  // Another status has other links and buttons, and those the server renders.
  if (element.dataset.status !== job.status) refreshSoon();
  showJobProgress(element, job);
}

/** @param {Batch} batch */
function showBatch(batch) {
  const element = /** @type {HTMLElement | null} */ (list.querySelector(`[data-batch="${CSS.escape(batch.id)}"]`));
  if (!element) {
    // Unless a fresh list did not show it: then it is none of the latest.
    if (!elsewhere.has(batch.id)) refreshSoon();
    elsewhere.add(batch.id);
    return;
  }
  if (element.dataset.status !== batch.status) refreshSoon();
  const bar = element.querySelector("[data-batch-progress]");
  if (bar instanceof HTMLProgressElement) bar.value = batch.progress;
  const counts = element.querySelector("[data-batch-counts]");
  if (counts) counts.textContent = countsText(batch);
}

/**
 * @param {string} recordingId
 * @returns {HTMLElement | null}
 */
function row(recordingId) {
  return list.querySelector(`[data-recording="${CSS.escape(recordingId)}"]`);
}

function refreshSoon() {
  if (refreshTimer) return;
  refreshTimer = window.setTimeout(refresh, REFRESH_AT_MOST_EVERY_MS);
}

async function refresh() {
  refreshTimer = 0;
  // Somebody is choosing from a menu of the list: it must not vanish under the pointer.
  if (list.querySelector("details[open]")) {
    refreshSoon();
    return;
  }
  const fresh = await fetchFragment(location.href, "[data-recordings]").catch(() => null);
  if (!fresh) return;
  replaceContent(list, fresh);
  for (const [id, { job }] of known) {
    const element = row(job.recording_id);
    if (element?.dataset.job === id) showJobProgress(element, job);
    else elsewhere.add(id);
  }
}
