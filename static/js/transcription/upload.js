// The upload form: drop or choose files, see them travel. Without this script the form posts as any other.
import { choiceText, sortOut, uploadFailure, uploadStatus } from "./upload_text.js";

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
  const limitsOfSite = {
    maxMb: Number(form.dataset.maxMb),
    batchMaxMb: Number(form.dataset.batchMaxMb),
    batchMaxFiles: Number(form.dataset.batchMaxFiles),
  };
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
    keep([...files]);
    showChoice();
    submit.focus();
  });

  window.addEventListener("beforeunload", (event) => {
    if (request) event.preventDefault(); // the browser asks whether to leave with the files half sent
  });

  /** Make these the chosen files. @param {File[]} files */
  function keep(files) {
    const chosen = new DataTransfer();
    for (const file of files) chosen.items.add(file);
    input.files = chosen.files;
  }

  function showChoice() {
    const files = [...(input.files ?? [])];
    const { kept, leftOut, refusal } = sortOut(files, limitsOfSite);
    if (!refusal && leftOut.length) keep(kept); // so that a form sends what is shown, and no more
    const chosen = refusal ? files : kept;
    const words = chosen.length ? choiceText(chosen) : null;
    zone.classList.toggle("dropzone--chosen", chosen.length > 0 && !refusal);
    title.textContent = words?.title ?? emptyTitle;
    limits.textContent = words?.line ?? emptyLimits;
    choose.parentElement?.toggleAttribute("hidden", chosen.length > 0);
    clear.hidden = chosen.length === 0;
    clear.textContent = chosen.length > 1 ? "Choose other files" : "Choose another file";
    submit.hidden = chosen.length === 0 || Boolean(refusal);
    submit.textContent = words?.button ?? submit.textContent;
    actions.hidden = chosen.length === 0;
    showError(refusal ? [refusal, ...leftOut] : leftOut.length ? ["Left out:", ...leftOut] : []);
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
    const files = [...(input.files ?? [])];
    if (!files.length || request) return;
    const sending = new XMLHttpRequest();
    request = sending;
    sending.open("POST", form.action);
    sending.setRequestHeader("Accept", "application/json");
    sending.responseType = "json";
    sending.upload.addEventListener("progress", (event) => {
      bar.value = event.total > 0 ? event.loaded / event.total : 0;
      say(uploadStatus(event.loaded, event.total, files.length));
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
    say(uploadStatus(0, files.reduce((sum, file) => sum + file.size, 0), files.length));
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
