// What of a song's row moves between two renderings of the server.
import { etaText, statusText } from "./job_text.js";

/**
 * @param {HTMLElement} row
 * @param {import("./job_text.js").Job} job
 */
export function showJobProgress(row, job) {
  const bar = row.querySelector("[data-job-progress]");
  if (bar instanceof HTMLProgressElement) bar.value = job.progress;
  const text = row.querySelector("[data-job-status-text]");
  if (text) text.textContent = statusText(job);
  const eta = row.querySelector("[data-job-eta]");
  if (eta) eta.textContent = job.status === "running" ? etaText(job.eta_s) : "";
}
