// Menus are <details>: they open without a script. With one they also close, on Escape and on a click elsewhere.

/** @param {Document} page */
export function connectMenus(page) {
  /** @returns {NodeListOf<HTMLDetailsElement>} */
  const open = () => page.querySelectorAll("details[data-menu][open]");

  page.addEventListener("click", (event) => {
    for (const menu of open()) {
      if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    }
  });
  page.addEventListener("focusin", (event) => {
    for (const menu of open()) {
      if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    }
  });
  page.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}
