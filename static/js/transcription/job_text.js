// What a job's state is called, for eyes and for ears.

/** @typedef {{stage: string, label: string, status: string, progress: number, seconds: number | null}} Stage */
/**
 * @typedef {object} Job
 * @property {string} id
 * @property {string} status
 * @property {string | null} stage
 * @property {number} progress
 * @property {number | null} eta_s
 * @property {string} title
 * @property {string} recording_id
 * @property {string | null} notation_id
 * @property {boolean} held
 * @property {Stage[]} stages
 * @property {{code: string, message: string, hint: string} | null} failure
 * @property {{code: string, message: string}[]} warnings
 * @property {string} url
 * @property {string | null} score_url
 */

/** @param {Pick<Job, "status">} job */
export function isFinished(job) {
  return job.status === "completed" || job.status === "failed" || job.status === "cancelled";
}

/** @param {Pick<Job, "status" | "stage" | "stages" | "held">} job */
export function statusText(job) {
  if (job.held) return "On hold";
  if (job.status === "running") return job.stages.find((stage) => stage.stage === job.stage)?.label ?? "Listening";
  return { completed: "Ready", failed: "Failed", cancelled: "Stopped" }[job.status] ?? "Waiting";
}

/**
 * Seconds as an estimate deserves them: coarse, and never a false zero.
 *
 * @param {number | null} eta_s
 */
export function etaText(eta_s) {
  if (eta_s === null || !Number.isFinite(eta_s)) return "";
  if (eta_s < 5) return "a few seconds left";
  if (eta_s < 55) return `about ${Math.ceil(eta_s / 5) * 5} s left`;
  const minutes = Math.max(1, Math.round(eta_s / 60));
  return `about ${minutes} min left`;
}

/** @param {Stage} stage */
export function stageText(stage) {
  switch (stage.status) {
    case "running":
      return stage.progress > 0 ? `${Math.floor(stage.progress * 100)} %` : "running";
    case "completed":
      return stage.seconds === null ? "done" : `${stage.seconds.toFixed(1)} s`;
    case "reused":
      return "reused";
    case "failed":
      return "failed";
    case "cancelled":
      return "stopped";
    default:
      return "waiting";
  }
}

/**
 * What a screen reader is told when a job has moved; "" when there is nothing new worth a word.
 *
 * @param {Pick<Job, "status" | "stage"> | null} before
 * @param {Pick<Job, "status" | "stage" | "stages" | "held" | "title" | "failure">} now
 */
export function announcement(before, now) {
  if (before && before.status === now.status && before.stage === now.stage) return "";
  switch (now.status) {
    case "completed":
      return `${now.title}: the score is ready.`;
    case "failed":
      return `${now.title}: failed. ${now.failure?.message ?? ""}`.trim();
    case "cancelled":
      return `${now.title}: stopped.`;
    case "running":
      return `${now.title}: ${statusText(now)}.`;
    default:
      return before ? "" : `${now.title}: waiting.`;
  }
}
