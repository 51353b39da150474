// Light or dark: the system's choice, until somebody presses the toggle.

const SYSTEM_DARK = "(prefers-color-scheme: dark)";

/**
 * What a press of the toggle means. Coming back to what the system wants forgets the choice, so that the page
 * follows the system again.
 *
 * @param {"light" | "dark"} shown
 * @param {"light" | "dark"} system
 * @returns {{shown: "light" | "dark", stored: "light" | "dark" | null}}
 */
export function toggled(shown, system) {
  const next = shown === "dark" ? "light" : "dark";
  return { shown: next, stored: next === system ? null : next };
}

/** @returns {"light" | "dark"} */
function systemTheme() {
  return matchMedia(SYSTEM_DARK).matches ? "dark" : "light";
}

/** @param {"light" | "dark" | null} theme */
function store(theme) {
  try {
    if (theme) localStorage.setItem("theme", theme);
    else localStorage.removeItem("theme");
  } catch {
    // Storage may be switched off: the choice then lasts as long as the page.
  }
}

/** @param {Document} page */
export function connectThemeToggle(page) {
  const button = /** @type {HTMLButtonElement | null} */ (page.querySelector("[data-theme-toggle]"));
  const root = page.documentElement;
  if (!button) return;

  const show = (/** @type {"light" | "dark"} */ shown) => {
    root.dataset.shownTheme = shown;
    const label = button.querySelector("[data-theme-label]");
    if (label) label.textContent = shown === "dark" ? "Switch to light colours" : "Switch to dark colours";
    page.dispatchEvent(new CustomEvent("themechange"));
  };

  button.hidden = false;
  show(root.dataset.shownTheme === "dark" ? "dark" : "light");
  button.addEventListener("click", () => {
    const next = toggled(root.dataset.shownTheme === "dark" ? "dark" : "light", systemTheme());
    store(next.stored);
    if (next.stored) root.dataset.theme = next.stored;
    else delete root.dataset.theme;
    show(next.shown);
  });
  matchMedia(SYSTEM_DARK).addEventListener("change", () => {
    if (!root.dataset.theme) show(systemTheme());
  });
}
