// Runs before the first paint, so that neither the theme nor the accent colour changes under the reader's eyes.
// What else is decided about colours is in colors.js; this file only applies what was remembered.
(() => {
  const root = document.documentElement;
  const remembered = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage is refused in some private windows
    }
  };
  const theme = remembered("theme");
  root.dataset.theme =
    theme === "dark" || theme === "light" ? theme : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  try {
    const accent = JSON.parse(remembered("accent") ?? "{}");
    for (const [property, value] of Object.entries(accent)) root.style.setProperty(property, value);
  } catch {
    // not ours: the style sheet's own accent stays
  }
})();
