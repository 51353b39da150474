// A classic script, run before the first paint: the stored theme, if there is one, else the system's.
(function () {
  var stored = null;
  try {
    stored = localStorage.getItem("theme");
  } catch (error) {
    // Storage may be switched off; then the system decides.
  }
  var root = document.documentElement;
  if (stored === "light" || stored === "dark") {
    root.dataset.theme = stored;
  }
  var dark = stored ? stored === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.shownTheme = dark ? "dark" : "light";
})();
