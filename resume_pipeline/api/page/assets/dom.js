// Building elements. Content only ever becomes text nodes and attributes: nothing in this page parses a string as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element; `on…` functions become listeners, null and false attributes are left out, strings become text. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An icon of the sprite in index.html, hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** The element of an id that index.html has. */
export function byId(id) {
  return document.getElementById(id);
}

/** "1 document", "3 documents". */
export function counted(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** "line 4", "lines 4–9". */
export function lines(start, end) {
  return end > start ? `lines ${start}–${end}` : `line ${start}`;
}

/** The sections that lead to a passage, without a first one that only repeats the title. */
export function place(title, headingPath) {
  const path = [...(headingPath ?? [])];
  if (path[0] === title) path.shift();
  return path.join(" › ");
}
