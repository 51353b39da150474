// One batch, live: one bar for all, and a row for each song that follows its job.
import { fetchFragment, replaceContent } from "../live/fragment.js";
import { openLive } from "../live/live_state.js";
import { batchAnnouncement, batchTabTitle, countsText } from "./batch_text.js";
import { showJobProgress } from "./job_row.js";
import { etaText } from "./job_text.js";

/** @typedef {import("./batch_text.js").Batch} Batch */
/** @typedef {import("./job_text.js").Job} Job */

const REFRESH_AT_MOST_EVERY_MS = 400;
const POLL_EVERY_MS = 5000;

const page = /** @type {HTMLElement} */ (document.querySelector("[data-batch-page]"));
const panel = /** @type {HTMLElement} */ (page.querySelector("[data-batch-panel]"));
const announce = page.querySelector("[data-announce]");
const id = page.dataset.batch ?? "";
/** @type {Batch | null} */
let last = null;
let lastSeq = 0;
/** Jobs as last heard of. @type {Map<string, {seq: number, job: Job}>} */
const known = new Map();
let refreshTimer = 0;

// A batch of somebody else's is not in one's own feed.
if (page.dataset.elsewhere !== undefined) window.setInterval(refreshSoon, POLL_EVERY_MS);

openLive({
  path: page.dataset.feed ?? "",
  line: page.querySelector("[data-live-state]"),
  refresh: refreshSoon,
  onNews(news) {
    switch (news.type) {
      case "snapshot": {
        const mine = news.data.batches.find((/** @type {Batch} */ batch) => batch.id === id);
        if (mine) showBatch(mine, news.seq);
        // Only running batches are in a snapshot: it ended while nobody listened.
        else if (shownStatus() === "running") refreshSoon();
        for (const job of news.data.jobs) showJob(job, news.seq);
        break;
      }
      case "batch.updated":
        if (news.data.id === id) showBatch(news.data, news.seq);
        break;
      case "batch.deleted":
        if (news.data.id === id) location.assign("/dashboard/");
        break;
      case "job.updated":
        showJob(news.data, news.seq);
        break;
      case "job.deleted":
        if (row(news.data.id)) refreshSoon();
        break;
    }
  },
});

function shownStatus() {
  return panel.querySelector("[data-status]")?.getAttribute("data-status") ?? "";
}

/**
 * @param {Batch} batch
 * @param {number} seq
 */
function showBatch(batch, seq) {
  if (seq < lastSeq) return;
  const words = batchAnnouncement(last, batch);
  if (words && announce) announce.textContent = words;
  // Another state, or the first song that is ready, brings other buttons, and those the server renders.
  const isNews = last !== null && (last.done > 0) !== batch.done > 0;
  lastSeq = seq;
  last = batch;
  showBar(batch);
  if (isNews || shownStatus() !== batch.status) refreshSoon();
}

/** @param {Batch} batch */
function showBar(batch) {
  document.title = batchTabTitle(batch);
  const bar = panel.querySelector("[data-batch-progress]");
  if (bar instanceof HTMLProgressElement) bar.value = batch.progress;
  const counts = panel.querySelector("[data-batch-counts]");
  if (counts) counts.textContent = countsText(batch);
  const eta = panel.querySelector("[data-batch-eta]");
  if (eta) eta.textContent = etaText(batch.eta_s);
}

/**
 * @param {Job} job
 * @param {number} seq
 */
function showJob(job, seq) {
  const element = row(job.id);
  const before = known.get(job.id);
  if (!element || (before && before.seq > seq)) return;
  known.set(job.id, { seq, job });
  if (element.dataset.status !== job.status) refreshSoon();
  showJobProgress(element, job);
}

/**
 * @param {string} jobId
 * @returns {HTMLElement | null}
 */
function row(jobId) {
  return panel.querySelector(`[data-job="${CSS.escape(jobId)}"]`);
}

function isReasonBegun() {
  return [...panel.querySelectorAll("input[type=text]")].some((field) => field instanceof HTMLInputElement && field.value !== "");
}

function refreshSoon() {
  if (!refreshTimer) refreshTimer = window.setTimeout(refresh, REFRESH_AT_MOST_EVERY_MS);
}

async function refresh() {
  refreshTimer = 0;
  // Somebody is choosing from a menu or giving a reason: it must not vanish under the pointer.
  if (panel.querySelector("details[open], input:focus") || isReasonBegun()) {
    refreshSoon();
    return;
  }
  const fresh = await fetchFragment(location.href, "[data-batch-panel]").catch(() => null);
  if (!fresh) return;
  replaceContent(panel, fresh);
  if (last && shownStatus() === last.status) showBar(last);
  for (const { job } of known.values()) {
    const element = row(job.id);
    if (element?.dataset.status === job.status) showJobProgress(element, job);
  }
}
