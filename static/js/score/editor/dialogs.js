// Questions that the editor asks: what to do about somebody else's changes, which revision, how to write anew.

/** @typedef {import("./outbox.js").Change} Change */
/** @typedef {import("./server.js").Revision} Revision */

/**
 * Somebody else was faster. Resolves when the dialog is closed.
 *
 * @param {HTMLDialogElement} dialog
 * @param {readonly Change[]} changes of others
 * @param {readonly string[]} ours what was not saved, in sentences
 * @returns {Promise<boolean>} whether to show their version
 */
export function askAboutConflict(dialog, changes, ours) {
  fill(dialog, "theirs", changes.map((change) => {
    const words = change.summary.length ? change.summary.join("; ") : "changed the score";
    return item(`${change.author || "Somebody"}${when(change.created_at, ", ")}: ${words}`);
  }));
  fill(dialog, "ours", ours.map((sentence) => item(sentence)));
  return answerOf(dialog).then((answer) => answer === "theirs");
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {readonly Revision[]} revisions the newest first
 * @param {number} current
 * @returns {Promise<number | null>} the revision to go back to
 */
export async function askForRevision(dialog, revisions, current) {
  fill(dialog, "revisions", revisions.map((revision) => revisionRow(revision, revision.revision === current)));
  const answer = await answerOf(dialog);
  return /^\d+$/.test(answer) ? Number(answer) : null;
}

/**
 * @param {HTMLDialogElement} dialog with a form whose fields have the names of `POST requantise/`
 * @param {() => number} now_s where the player is
 * @returns {Promise<object | null>} null: nothing is to be written anew
 */
export async function askHowToWrite(dialog, now_s) {
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  const here = /** @type {HTMLButtonElement} */ (dialog.querySelector("[data-here]"));
  const barOne = /** @type {HTMLInputElement} */ (form.elements.namedItem("bar_one_s"));
  const close = /** @type {HTMLButtonElement} */ (dialog.querySelector("[data-close]"));
  here.onclick = () => (barOne.value = now_s().toFixed(2));
  close.onclick = () => dialog.close();
  form.reset();
  const answer = await answerOf(dialog);
  return answer === "write" ? changesFrom(new FormData(form)) : null;
}

/**
 * What the form says, without what it leaves open.
 *
 * @param {FormData} form
 */
export function changesFrom(form) {
  const text = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
  /** @type {Record<string, string | number>} */
  const changes = {};
  for (const name of ["grid", "swing", "meter"]) if (text(name)) changes[name] = text(name);
  for (const name of ["tempo_bpm", "bar_one_s", "pickup_beats"]) if (text(name)) changes[name] = Number(text(name));
  return changes;
}

/**
 * @param {HTMLDialogElement} dialog
 * @returns {Promise<string>} the value of the button that closed it
 */
function answerOf(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
  });
}

/**
 * @param {Revision} revision
 * @param {boolean} isCurrent
 */
function revisionRow({ revision, author, created_at, summary }, isCurrent) {
  const row = item("");
  row.className = "revision";
  const text = document.createElement("div");
  const title = document.createElement("p");
  title.className = "revision__title";
  title.textContent = `${revision}${author ? ` · ${author}` : ""}${when(created_at, " · ")}`;
  const what = document.createElement("p");
  what.className = "revision__summary";
  what.textContent = summary.join("; ") || "as it was first written";
  text.append(title, what);
  row.append(text);
  if (isCurrent) {
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.textContent = "shown now";
    row.append(badge);
  } else {
    const button = document.createElement("button");
    button.className = "button button--small button--quiet";
    button.value = String(revision);
    button.textContent = "Go back";
    button.setAttribute("aria-label", `Go back to revision ${revision}`);
    row.append(button);
  }
  return row;
}

/** @param {string} text */
function item(text) {
  const element = document.createElement("li");
  element.textContent = text;
  return element;
}

/**
 * @param {HTMLElement} dialog
 * @param {string} name
 * @param {readonly HTMLElement[]} rows
 */
function fill(dialog, name, rows) {
  const list = dialog.querySelector(`[data-${name}]`);
  list?.replaceChildren(...rows);
  list?.closest("[data-section]")?.toggleAttribute("hidden", rows.length === 0);
}

/**
 * @param {string} moment ISO 8601
 * @param {string} before
 */
function when(moment, before) {
  const time = new Date(moment);
  if (Number.isNaN(time.getTime())) return "";
  return before + time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
