// Forms with data-confirm ask first. Without the script they are sent at once, from inside a menu.

/** @param {Document} page */
export function connectConfirmDialog(page) {
  const dialog = /** @type {HTMLDialogElement | null} */ (page.querySelector("[data-confirm-dialog]"));
  if (!dialog || typeof dialog.showModal !== "function") return;
  const title = dialog.querySelector("[data-confirm-title]");
  const text = dialog.querySelector("[data-confirm-text]");
  const yes = dialog.querySelector("[data-confirm-yes]");
  /** @type {HTMLFormElement | null} */
  let asking = null;

  page.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.dataset.confirm) return;
    event.preventDefault();
    asking = form;
    if (title) title.textContent = form.dataset.confirm;
    if (text) text.textContent = form.dataset.confirmText ?? "";
    if (yes) yes.textContent = form.dataset.confirmYes ?? "Delete";
    dialog.returnValue = "no";
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    // submit(), unlike requestSubmit(), fires no second submit event: the question is asked once.
    if (dialog.returnValue === "yes") asking?.submit();
    asking = null;
  });
}
