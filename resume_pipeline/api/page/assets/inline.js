// Markdown inside a block, as nodes: emphasis, code, links, citation markers. What is not understood stays text.

import { el } from "./dom.js";

// In order: escape, code, image, link, autolink, comment or tag, strong, emphasis, citation marker.
const TOKEN = new RegExp(
  [
    String.raw`\\(?<escaped>[\\\x60*_{}[\]()#+.!|<>~-])`,
    String.raw`(?<ticks>\x60+)(?<code>[^\x60][\s\S]*?)\k<ticks>(?!\x60)`,
    String.raw`!\[(?<alt>[^\]]*)\]\([^)]*\)`,
    String.raw`\[(?<label>[^\]]+)\]\((?<href>[^)\s]+)[^)]*\)`,
    String.raw`<(?<auto>https?:\/\/[^>\s]+|[^>\s@]+@[^>\s]+)>`,
    String.raw`(?<tag><!--[\s\S]*?-->|<\/?[a-zA-Z][^>]*>)`,
    String.raw`\*\*(?<strong>\S(?:[\s\S]*?\S)?)\*\*(?!\*)`,
    String.raw`(?<![\w*])\*(?<em>\S(?:[^*]*?\S)?)\*(?![\w*])`,
    String.raw`(?<!\w)_(?<under>\S(?:[^_]*?\S)?)_(?!\w)`,
    String.raw`\[(?<marker>\d{1,3})\]`,
  ].join("|"),
  "u",
);

/**
 * Add a text to a parent, as nodes.
 *
 * `options.line` is the number of the text's first line: given, each line becomes a span that knows its number.
 * `options.marker(number)` makes the node of a citation marker; `options.link(href, children)` that of a link.
 */
export function inline(parent, text, options = {}) {
  const state = { ...options, line: options.line ?? null };
  write(parent, text, state);
  return parent;
}

function write(parent, text, state) {
  let rest = text;
  while (rest !== "") {
    const match = TOKEN.exec(rest);
    if (match === null) break;
    leaf(parent, rest.slice(0, match.index), state);
    token(parent, match[0], match.groups, state);
    rest = rest.slice(match.index + match[0].length);
  }
  leaf(parent, rest, state);
}

function token(parent, whole, found, state) {
  if (found.escaped !== undefined) leaf(parent, found.escaped, state);
  else if (found.code !== undefined) nest(parent, "code", state, (node) => leaf(node, found.code, state));
  else if (found.alt !== undefined) nest(parent, "em", state, (node) => leaf(node, found.alt || "image", state));
  else if (found.label !== undefined) link(parent, found.label, found.href, state);
  else if (found.auto !== undefined) link(parent, found.auto, found.auto.includes("://") ? found.auto : `mailto:${found.auto}`, state);
  else if (found.tag !== undefined) skip(found.tag, state);
  else if (found.strong !== undefined) nest(parent, "strong", state, (node) => write(node, found.strong, state));
  else if (found.em !== undefined) nest(parent, "em", state, (node) => write(node, found.em, state));
  else if (found.under !== undefined) nest(parent, "em", state, (node) => write(node, found.under, state));
  else mark(parent, state.marker?.(Number(found.marker)) ?? whole);
}

// A marker stays on the line of the word before it, or of its end: an address may be wider than a phone.
function mark(parent, marker) {
  const before = parent.lastChild;
  if (typeof marker !== "string" && before?.className === "keep") before.append(marker);
  else if (typeof marker === "string" || before?.nodeType !== Node.TEXT_NODE) parent.append(marker);
  else {
    const [, start, word] = /^([\s\S]*?)(\S{0,12})\s*$/.exec(before.data);
    before.data = start;
    parent.append(el("span", { class: "keep" }, word, marker));
  }
}

function nest(parent, tag, state, fill) {
  const node = el(tag);
  fill(node);
  parent.append(node);
}

function link(parent, label, href, state) {
  const inside = el("span");
  write(inside, label, state);
  const node = state.link?.(href, [...inside.childNodes]);
  parent.append(...(node ? [node] : inside.childNodes));
}

function skip(tag, state) {
  if (state.line !== null) state.line += tag.split("\n").length - 1;
}

function leaf(parent, text, state) {
  if (text === "") return;
  if (state.line === null) {
    parent.append(text);
    return;
  }
  text.split(/(?<=\n)/).forEach((part) => {
    parent.append(el("span", { "data-line": state.line }, part));
    if (part.endsWith("\n")) state.line += 1;
  });
}

/** The words of a markdown text, without its markup. */
export function words(text) {
  return inline(el("div"), text.replace(/^\s*(?:[-*+>]|#{1,6}|\d+[.)])\s+/gmu, "")).textContent;
}
