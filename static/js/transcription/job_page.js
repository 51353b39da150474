// One job, live: bars that move between renderings of the server, a fresh rendering whenever the status changes.
import { fetchFragment, replaceContent } from "../live/fragment.js";
import { openLive } from "../live/live_state.js";
import { announcement, etaText, isFinished, stageText, statusText } from "./job_text.js";

/** @typedef {import("./job_text.js").Job} Job */

const FORWARD_AFTER_MS = 900;
const FORWARD_KEY = "forward-to-score";

const page = /** @type {HTMLElement} */ (document.querySelector("[data-job-page]"));
const panel = /** @type {HTMLElement} */ (page.querySelector("[data-job-panel]"));
const announce = page.querySelector("[data-announce]");
/** @type {Job | null} */
let last = null;
let lastSeq = 0;
let refreshing = false;

connectForward();

const live = openLive({
  path: page.dataset.socket ?? "",
  line: page.querySelector("[data-live-state]"),
  refresh,
  onNews(news) {
    if (news.type === "job.deleted") {
      live.close();
      location.assign("/dashboard/");
      return;
    }
    if (news.type !== "snapshot" && news.type !== "job.updated") return;
    if (news.seq < lastSeq) return;
    lastSeq = news.seq;
    show(news.data);
  },
});

/** @param {Job} job */
function show(job) {
  const shown = panel.querySelector("[data-status]")?.getAttribute("data-status") ?? "";
  const words = announcement(last ?? { status: shown, stage: job.stage }, job);
  if (words && announce) announce.textContent = words;
  last = job;
  showProgress(job);
  if (shown !== job.status) {
    // Read before the panel is replaced: the box is there only while the job is unfinished.
    const wasWatching = shown !== "" && !isFinished({ status: shown });
    const forward = panel.querySelector("[data-forward]");
    const wanted = forward instanceof HTMLInputElement && forward.checked;
    refresh();
    if (job.status === "completed" && job.score_url && wasWatching && wanted) goTo(job.score_url);
  }
}

/** @param {Job} job */
function showProgress(job) {
  showTitle(job);
  const overall = panel.querySelector("[data-job-progress]");
  if (overall instanceof HTMLProgressElement) overall.value = job.progress;
  const text = panel.querySelector("[data-job-status-text]");
  if (text) text.textContent = statusText(job);
  const eta = panel.querySelector("[data-job-eta]");
  if (eta) eta.textContent = job.status === "running" ? etaText(job.eta_s) : "Waiting for its turn";
  for (const stage of job.stages) {
    const element = panel.querySelector(`[data-stage="${CSS.escape(stage.stage)}"]`);
    if (!element) continue;
    element.className = `stage stage--${stage.status}`;
    const state = element.querySelector("[data-stage-state]");
    if (state) state.textContent = stageText(stage);
    const bar = element.querySelector("[data-stage-progress]");
    if (bar instanceof HTMLProgressElement) bar.value = stage.progress;
  }
}

/** The tab tells how far it is, for whoever reads something else meanwhile. @param {Job} job */
function showTitle(job) {
  const state = job.status === "running" ? `${Math.floor(job.progress * 100)} %` : statusText(job);
  document.title = `${state} · ${job.title} · drumsite`;
}

async function refresh() {
  if (refreshing) return;
  refreshing = true;
  try {
    const fresh = await fetchFragment(location.href, "[data-job-panel]");
    if (fresh) {
      replaceContent(panel, fresh);
      connectForward();
      if (last && !isFinished(last)) showProgress(last);
    }
  } catch {
    // No network: the next news or the next poll tries again.
  } finally {
    refreshing = false;
  }
}

function connectForward() {
  const box = /** @type {HTMLElement | null} */ (panel.querySelector("[data-forward-box]"));
  const forward = panel.querySelector("[data-forward]");
  if (!box || !(forward instanceof HTMLInputElement)) return;
  box.hidden = false;
  try {
    forward.checked = localStorage.getItem(FORWARD_KEY) !== "no";
  } catch {
    // Storage may be switched off: the box then starts ticked.
  }
  forward.addEventListener("change", () => {
    try {
      localStorage.setItem(FORWARD_KEY, forward.checked ? "yes" : "no");
    } catch {
      // The choice then lasts as long as the page.
    }
  });
}

/** @param {string} url */
function goTo(url) {
  // A moment to see the last stage done. replace(): "back" then leads to the list, not to a job that sends on again.
  setTimeout(() => location.replace(url), FORWARD_AFTER_MS);
}
