// What a batch's state is called, for eyes and for ears. templates/transcription/_batch_counts.html says the same.

/**
 * @typedef {object} Batch
 * @property {string} id
 * @property {string} title
 * @property {string} status
 * @property {number} total
 * @property {number} done
 * @property {number} failed
 * @property {number} cancelled
 * @property {number} fetching
 * @property {number} progress
 * @property {number | null} eta_s
 */

/** @param {Pick<Batch, "total" | "done" | "failed" | "cancelled" | "fetching">} batch */
export function countsText(batch) {
  const words = [`${batch.done} of ${batch.total} ${batch.total === 1 ? "song" : "songs"} ready`];
  if (batch.fetching) words.push(`${batch.fetching} to be fetched`);
  if (batch.failed) words.push(`${batch.failed} failed`);
  if (batch.cancelled) words.push(`${batch.cancelled} stopped`);
  return words.join(", ");
}

/**
 * What a screen reader is told when a batch has moved; "" when there is nothing new worth a word.
 *
 * @param {Pick<Batch, "done" | "failed" | "status"> | null} before
 * @param {Batch} now
 */
export function batchAnnouncement(before, now) {
  if (before && before.status === now.status && before.done === now.done && before.failed === now.failed) return "";
  if (!before && now.status === "running") return "";
  return `${now.title}: ${countsText(now)}.`;
}

/** The tab tells how far it is, for whoever reads something else meanwhile. @param {Batch} batch */
export function batchTabTitle(batch) {
  const state = batch.status === "running" ? `${Math.floor(batch.progress * 100)} %` : countsText(batch);
  return `${state} · ${batch.title} · drumsite`;
}
