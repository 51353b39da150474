// What every page has: the theme toggle, menus that close, messages that can be dismissed, questions before deleting.
import { connectConfirmDialog } from "./confirm.js";
import { connectMenus } from "./menus.js";
import { connectThemeToggle } from "./theme.js";

connectThemeToggle(document);
connectMenus(document);
connectConfirmDialog(document);

for (const button of document.querySelectorAll("[data-dismiss]")) {
  button.removeAttribute("hidden");
  button.addEventListener("click", () => button.closest(".notice")?.remove());
}
