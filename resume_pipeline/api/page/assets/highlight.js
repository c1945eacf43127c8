// Marking a passage in a rendered document: the lines by their numbers, the quote by its words.

import { el } from "./dom.js";
import { words } from "./inline.js";

const WORD = /[\p{L}\p{N}]/u;

/** Mark lines `start` to `end` in `root`, and `quote` in them; the first marked element is the result, or null. */
export function markPassage(root, { start_line: start, end_line: end, quote }) {
  const cited = [...root.querySelectorAll("[data-line]")].filter(({ dataset }) => dataset.line >= start && dataset.line <= end);
  for (const line of cited) {
    line.classList.add("cited");
    line.closest("li, p, h3, h4, h5, h6, tr, pre, .field, blockquote")?.classList.add("cited-block");
  }
  // Where the lines are not those of the quote itself, its words are still looked for.
  const found = quote ? markQuote(cited, quote) : [];
  const marks = quote && found.length === 0 ? markQuote([root], quote) : found;
  root.classList.toggle("quoted", marks.length > 0);
  return marks[0] ?? cited[0] ?? null;
}

function markQuote(elements, quote) {
  const letters = textNodes(elements).flatMap((node) => wordCharacters(node));
  const wanted = plain(quote);
  const at = wanted === "" ? -1 : letters.map(({ letter }) => letter).join("").indexOf(wanted);
  if (at < 0) return [];
  // One code unit per entry, so that positions in the joined text are positions in the list.
  return wrap(letters.slice(at, at + wanted.length));
}

function textNodes(elements) {
  return elements.flatMap((element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    return nodes;
  });
}

// Markup, spaces and punctuation may differ between a quote and its rendered source; letters and digits may not.
function wordCharacters(node) {
  const found = [];
  for (const match of node.data.matchAll(/[\p{L}\p{N}]/gu)) {
    const lower = match[0].toLowerCase();
    for (const letter of lower) {
      for (let unit = 0; unit < letter.length; unit += 1) found.push({ letter: letter[unit], node, start: match.index, end: match.index + match[0].length });
    }
  }
  return found;
}

function plain(quote) {
  return [...words(quote)].filter((letter) => WORD.test(letter)).join("").toLowerCase();
}

function wrap(letters) {
  const spans = new Map();
  for (const { node, start, end } of letters) {
    const span = spans.get(node) ?? { start, end };
    spans.set(node, { start: Math.min(span.start, start), end: Math.max(span.end, end) });
  }
  return [...spans].map(([node, { start, end }], index, all) => {
    const range = document.createRange();
    // Between two lines of one quote everything belongs to it; at its end, so does the punctuation that follows.
    range.setStart(node, index > 0 ? 0 : start);
    range.setEnd(node, index < all.length - 1 ? node.length : end + trailing(node.data, end));
    const mark = el("mark");
    range.surroundContents(mark);
    return mark;
  });
}

function trailing(text, end) {
  return /^[.,;:!?)”’"%]*/u.exec(text.slice(end))[0].length;
}
