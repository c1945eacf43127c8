// The accent colour of the settings, made readable: any colour may be set, and text in it keeps WCAG's contrast AA.
// The backgrounds here are those of base.css.

const LIGHT_GROUNDS = ["#ffffff", "#f6f7f9"];
const DARK_GROUNDS = ["#101216", "#1b1f27"];
const TINT = 0.14; // the share of accent in a tinted background of base.css, at most
const TEXT_CONTRAST = 4.6;
const STEPS = 50;

const parse = (hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
const format = (rgb) => `#${rgb.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
const mix = (from, to, share) => from.map((value, channel) => value + (to[channel] - value) * share);

// Relative luminance and contrast ratio: WCAG 2.2, definitions of the same names.
function luminance(rgb) {
  const [red, green, blue] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

/** The colour nearest to the accent that can be read as text on these grounds, plain or tinted with itself. */
function readable(accent, grounds, towards) {
  for (let step = 0; step <= STEPS; step += 1) {
    const color = mix(accent, towards, step / STEPS);
    const tinted = grounds.map((ground) => mix(parse(ground), color, TINT));
    if ([...grounds.map(parse), ...tinted].every((ground) => contrast(color, ground) >= TEXT_CONTRAST)) return color;
  }
  return towards;
}

const black = [0, 0, 0];
const white = [255, 255, 255];
const onto = (color) => (contrast(color, white) >= TEXT_CONTRAST ? white : black);

/** The custom properties of an accent colour (`#rrggbb`), for both themes. */
export function accentProperties(hex) {
  const accent = parse(hex);
  const light = readable(accent, LIGHT_GROUNDS, black);
  const dark = readable(accent, DARK_GROUNDS, white);
  return {
    "--accent-on-light": format(light),
    "--accent-on-dark": format(dark),
    "--on-accent-light": format(onto(light)),
    "--on-accent-dark": format(onto(dark)),
  };
}

/** Use an accent colour, and remember it for the next first paint. */
export function useAccent(hex) {
  if (!/^#[0-9a-f]{6}$/i.test(hex ?? "")) return;
  const properties = accentProperties(hex);
  for (const [name, value] of Object.entries(properties)) document.documentElement.style.setProperty(name, value);
  remember("accent", JSON.stringify(properties));
}

/** Let the button switch between light and dark; until it is used, the system's wish counts. */
export function startTheme(button) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const show = (theme) => {
    root.dataset.theme = theme;
    button.setAttribute("aria-label", `Switch to the ${theme === "dark" ? "light" : "dark"} theme`);
    document.querySelector('meta[name="theme-color"]').content = theme === "dark" ? DARK_GROUNDS[0] : LIGHT_GROUNDS[0];
  };
  show(root.dataset.theme);
  button.addEventListener("click", () => {
    show(root.dataset.theme === "dark" ? "light" : "dark");
    remember("theme", root.dataset.theme);
  });
  system.addEventListener("change", () => {
    if (recall("theme") === null) show(system.matches ? "dark" : "light");
  });
}

function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // refused in some private windows; then it lasts as long as the page
  }
}

function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
