// Markdown blocks as nodes: what answers and documents are made of, headings, lists, tables, fences, quotes, front matter.
// It reads for display only; what counts as text is decided where content is parsed, on the server.

import { el } from "./dom.js";
import { inline } from "./inline.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^( {0,8})([-*+]|\d{1,9}[.)])( {1,4}|\t)(?=\S)/;
const QUOTE = /^ {0,3}> ?/;
const DELIMITERS = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)+\|?\s*$/;
const UNDERLINE = /^ {0,3}(=+|-+)\s*$/;
const FIELD = /^(\s*(?:- )?)([\w .-]+?)(\s*[:=])(\s.*)?$/u;

/**
 * The blocks of a text; `options` are those of `inline`, with `numbered` true where lines should be
 * known, and `flat` true where a heading is no more than bold text.
 */
export function blocks(text, options = {}) {
  const lines = text.split(/\r\n|\n|\r/).map((content, index) => ({ content, number: index + 1 }));
  const start = options.numbered ? frontMatter(lines, options) : { nodes: [], next: 0 };
  return [...start.nodes, ...parse(lines.slice(start.next), options)];
}

const READERS = [comment, fence, heading, rule, quote, list, table, paragraph];

function parse(lines, options) {
  const nodes = [];
  let at = 0;
  while (at < lines.length) {
    if (lines[at].content.trim() === "") {
      at += 1;
      continue;
    }
    for (const read of READERS) {
      const found = read(lines, at, options);
      if (found === null) continue;
      if (found.node) nodes.push(found.node);
      at = found.next;
      break;
    }
  }
  return nodes;
}

function write(node, lines, options) {
  const text = lines.map((line) => line.content).join("\n");
  return inline(node, text, { ...options, line: options.numbered ? lines[0]?.number : null });
}

function whole(lines, options) {
  return lines.flatMap((line, index) => [
    index > 0 ? "\n" : "",
    options.numbered ? el("span", { "data-line": line.number }, line.content) : line.content,
  ]);
}

function until(lines, at, stops) {
  let next = at;
  while (next < lines.length && !stops(lines[next].content, next)) next += 1;
  return next;
}

function frontMatter(lines, options) {
  const fenceLine = lines[0]?.content.trimEnd();
  if (fenceLine !== "---" && fenceLine !== "+++") return { nodes: [], next: 0 };
  const end = until(lines, 1, (content) => content.trimEnd() === fenceLine);
  if (end === lines.length) return { nodes: [], next: 0 };
  const rows = lines.slice(1, end).filter((line) => line.content.trim() !== "");
  const node = el("div", { class: "front-matter" }, rows.map((line) => field(line, options)));
  return { nodes: rows.length > 0 ? [node] : [], next: end + 1 };
}

function field(line) {
  const match = FIELD.exec(line.content);
  const row = el("div", { class: "field", "data-line": line.number });
  if (match === null) row.append(line.content);
  else row.append(match[1], el("span", { class: "key" }, `${match[2]}${match[3]}`), match[4] ?? "");
  return row;
}

function comment(lines, at) {
  if (!/^ {0,3}<!--/.test(lines[at].content)) return null;
  const end = until(lines, at, (content) => content.includes("-->"));
  return { node: null, next: Math.min(end + 1, lines.length) };
}

function fence(lines, at, options) {
  const match = FENCE.exec(lines[at].content);
  if (match === null) return null;
  const closing = new RegExp(`^ {0,3}${match[1][0]}{${match[1].length},}\\s*$`);
  const end = until(lines, at + 1, (content) => closing.test(content));
  const code = el("code", {}, whole(lines.slice(at + 1, end), options));
  return { node: el("pre", { tabindex: 0 }, code), next: Math.min(end + 1, lines.length) };
}

function heading(lines, at, options) {
  const match = HEADING.exec(lines[at].content);
  if (match === null) return null;
  if (options.flat) return { node: el("p", {}, write(el("strong"), [{ ...lines[at], content: match[2] }], options)), next: at + 1 };
  // The page and its panel have the first two levels.
  const node = el(`h${Math.min(6, match[1].length + 2)}`, { class: `level-${match[1].length}` });
  return { node: write(node, [{ ...lines[at], content: match[2] }], options), next: at + 1 };
}

function rule(lines, at) {
  return RULE.test(lines[at].content) ? { node: el("hr"), next: at + 1 } : null;
}

function quote(lines, at, options) {
  if (!QUOTE.test(lines[at].content)) return null;
  const end = until(lines, at, (content) => content.trim() === "" || !QUOTE.test(content));
  const inside = lines.slice(at, end).map((line) => ({ ...line, content: line.content.replace(QUOTE, "") }));
  return { node: el("blockquote", {}, parse(inside, options)), next: end };
}

function list(lines, at, options) {
  const first = ITEM.exec(lines[at].content);
  if (first === null) return null;
  const ordered = /\d/.test(first[2]);
  const node = el(ordered ? "ol" : "ul", { start: ordered && parseInt(first[2], 10) !== 1 ? parseInt(first[2], 10) : null });
  let next = at;
  while (next < lines.length) {
    const match = ITEM.exec(lines[next].content);
    if (match === null || match[1].length < first[1].length || /\d/.test(match[2]) !== ordered) break;
    const item = readItem(lines, next, match[0].length, options);
    node.append(item.node);
    next = item.next;
  }
  return { node, next };
}

function readItem(lines, at, indent, options) {
  const inside = [{ ...lines[at], content: lines[at].content.slice(indent) }];
  let next = at + 1;
  for (; next < lines.length; next += 1) {
    const { content } = lines[next];
    const deeper = content.slice(0, indent).trim() === "";
    const empty = content.trim() === "";
    if (empty && !continues(lines, next, indent)) break;
    if (!empty && !deeper && (starts(content) || lines[next - 1].content.trim() === "")) break;
    inside.push({ ...lines[next], content: deeper ? content.slice(indent) : content });
  }
  while (next < lines.length && lines[next].content.trim() === "" && ITEM.test(lines[next + 1]?.content ?? "")) next += 1;
  const nodes = parse(inside, options);
  // A tight item is its text; a paragraph of its own would only add space.
  const tight = nodes[0]?.tagName === "P" ? [...nodes[0].childNodes, ...nodes.slice(1)] : nodes;
  return { node: el("li", {}, tight), next };
}

function continues(lines, at, indent) {
  const next = lines.slice(at).find((line) => line.content.trim() !== "");
  return next !== undefined && next.content.slice(0, indent).trim() === "";
}

function starts(content) {
  return [FENCE, HEADING, RULE, ITEM, QUOTE].some((pattern) => pattern.test(content));
}

function table(lines, at, options) {
  if (!lines[at].content.includes("|") || !DELIMITERS.test(lines[at + 1]?.content ?? "")) return null;
  const end = until(lines, at, (content) => !content.includes("|"));
  const row = (line, tag) =>
    // A header cell without text heads nothing.
    el("tr", {}, cells(line.content).map((content) => write(el(content ? tag : "td"), [{ ...line, content }], options)));
  const node = el(
    "table",
    {},
    el("thead", {}, row(lines[at], "th")),
    el("tbody", {}, lines.slice(at + 2, end).map((line) => row(line, "td"))),
  );
  return { node: el("div", { class: "table", tabindex: 0, role: "group", "aria-label": "Table" }, node), next: end };
}

function cells(content) {
  return content.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim());
}

function paragraph(lines, at, options) {
  let end = until(lines, at + 1, (content) => content.trim() === "" || starts(content) || UNDERLINE.test(content));
  const own = lines.slice(at, end);
  if (UNDERLINE.test(lines[end]?.content ?? "")) {
    end += 1;
    const level = lines[end - 1].content.includes("=") ? 1 : 2;
    return { node: write(el(`h${level + 2}`, { class: `level-${level}` }), own, options), next: end };
  }
  return { node: write(el("p"), own, options), next: end };
}
