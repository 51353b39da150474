// The upload form: drop or choose a file, see it travel. Without this script the form posts as any other.
import { megabytes, refusal, uploadFailure, uploadStatus } from "./upload_text.js";

/** @param {HTMLFormElement} form */
export function connectUpload(form) {
  const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (form.querySelector(selector));
  const zone = find("[data-dropzone]");
  const input = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"));
  const title = find("[data-drop-title]");
  const limits = find(".dropzone__limits");
  const choose = find(".dropzone__choose");
  const actions = find(".upload__actions");
  const clear = find("[data-upload-clear]");
  const error = find("[data-upload-error]");
  const progress = find("[data-upload-progress]");
  const bar = /** @type {HTMLProgressElement} */ (form.querySelector("[data-upload-bar]"));
  const status = find("[data-upload-status]");
  const submit = /** @type {HTMLButtonElement} */ (form.querySelector("[data-upload-submit]"));
  const maxMb = Number(form.dataset.maxMb);
  const emptyTitle = title.textContent ?? "";
  const emptyLimits = limits.textContent ?? "";
  /** @type {XMLHttpRequest | null} */
  let request = null;

  zone.classList.add("dropzone--live");
  find("[data-drop-hint]").hidden = false;
  showChoice();

  input.addEventListener("change", showChoice);
  clear.addEventListener("click", () => {
    input.value = "";
    showChoice();
    input.focus();
  });
  find("[data-upload-abort]").addEventListener("click", () => request?.abort());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });

  // A file that misses the box must not make the browser leave the page, so the whole window takes it.
  let depth = 0;
  const carriesFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
  window.addEventListener("dragenter", (event) => {
    if (carriesFiles(event) && !request) zone.classList.toggle("dropzone--over", (depth += 1) > 0);
  });
  window.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) zone.classList.remove("dropzone--over");
  });
  window.addEventListener("dragover", (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  window.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    depth = 0;
    zone.classList.remove("dropzone--over");
    const files = event.dataTransfer?.files;
    if (request || !files?.length) return;
    const one = new DataTransfer();
    one.items.add(files[0]);
    input.files = one.files;
    showChoice();
    submit.focus();
  });

  window.addEventListener("beforeunload", (event) => {
    if (request) event.preventDefault(); // the browser asks whether to leave with the file half sent
  });

  function showChoice() {
    const file = input.files?.[0];
    const reason = file ? refusal(file, maxMb) : null;
    zone.classList.toggle("dropzone--chosen", Boolean(file) && !reason);
    title.textContent = file ? file.name : emptyTitle;
    limits.textContent = file ? megabytes(file.size) : emptyLimits;
    choose.parentElement?.toggleAttribute("hidden", Boolean(file));
    clear.hidden = !file;
    submit.hidden = !file || Boolean(reason);
    actions.hidden = !file;
    showError(reason ? [reason] : []);
  }

  /** @param {string[]} lines */
  function showError(lines) {
    error.hidden = lines.length === 0;
    error.replaceChildren(
      ...lines.map((line) => {
        const paragraph = document.createElement("p");
        paragraph.textContent = line;
        return paragraph;
      }),
    );
  }

  function send() {
    const file = input.files?.[0];
    if (!file || request) return;
    const sending = new XMLHttpRequest();
    request = sending;
    sending.open("POST", form.action);
    sending.setRequestHeader("Accept", "application/json");
    sending.responseType = "json";
    sending.upload.addEventListener("progress", (event) => {
      bar.value = event.total > 0 ? event.loaded / event.total : 0;
      say(uploadStatus(event.loaded, event.total));
    });
    sending.addEventListener("load", () => {
      if (sending.status === 201 && sending.response?.url) {
        request = null;
        location.assign(sending.response.url);
        return;
      }
      giveUp(uploadFailure(sending.status, sending.response));
    });
    sending.addEventListener("error", () => giveUp(uploadFailure(0, null)));
    sending.addEventListener("abort", () => giveUp([]));
    showError([]);
    bar.value = 0;
    say(uploadStatus(0, file.size));
    form.classList.add("upload--busy");
    progress.hidden = false;
    find("[data-upload-abort]").focus();
    sending.send(new FormData(form));
  }

  /** @param {string} text */
  function say(text) {
    if (status.textContent !== text) status.textContent = text;
  }

  /** @param {string[]} lines */
  function giveUp(lines) {
    request = null;
    form.classList.remove("upload--busy");
    progress.hidden = true;
    showError(lines);
    submit.focus();
  }
}
