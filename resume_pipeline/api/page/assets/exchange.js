// One question and its answer on the page: thinking, the text as it comes, its sources, and what can be done with it.

import { Sentences, announce } from "./announcer.js";
import { actions } from "./actions.js";
import { counted, el, icon, lines, place } from "./dom.js";
import { words } from "./inline.js";
import { blocks } from "./markdown.js";
import { card, problemNotice } from "./notices.js";

let exchanges = 0;

export class Exchange {
  #citations = new Map();
  #rendered = [];
  #spoken = new Sentences();
  #thinking = thinking();
  #body = el("div", { class: "answer prose" });
  #main = el("div", { class: "exchange-main" });

  /** `open(passages, index, opener)` shows a passage in its document. */
  constructor(question, { open }) {
    exchanges += 1;
    this.question = question;
    this.text = "";
    this.answer = null;
    this.open = open;
    const heading = el("h2", { class: "asked", id: `question-${exchanges}` }, question);
    this.#main.append(heading, this.#thinking.element, this.#body);
    this.element = el("article", { class: "exchange thinking", "aria-labelledby": heading.id }, this.#main);
    announce("Searching the documents.");
  }

  /** What was found, before the first word. */
  sources({ sources }) {
    this.#thinking.found(sources);
  }

  /** A citation comes before the text that uses it. */
  citation(citation) {
    this.#citations.set(citation.number, citation);
  }

  /** More of the answer. */
  add({ text }) {
    this.#startAnswer();
    this.text += text;
    this.#render();
    this.#spoken.grow(this.text);
  }

  /** The whole answer; what came before is replaced where it differs. */
  done(answer, { suggestions, ask }) {
    this.answer = answer;
    this.#startAnswer();
    this.element.classList.remove("writing");
    if (!answer.answered) return this.#decline(answer, suggestions, ask);
    this.#citations = new Map(answer.citations.map((citation) => [citation.number, citation]));
    this.text = answer.answer;
    this.#rendered = [];
    this.#body.replaceChildren();
    this.#render();
    this.#spoken.end(this.text);
    announce(`The answer is complete, with ${counted(answer.citations.length, "citation")}.`);
    this.#main.append(provenance(answer), actions(this));
    this.element.append(evidence(answer.citations, (index, opener) => this.#show(index, opener)));
  }

  /** No answer, or only its beginning. */
  fail(problem, retry) {
    this.element.classList.remove("thinking", "writing");
    this.element.classList.add("failed");
    this.#thinking.element.remove();
    const notice = problemNotice(problem, retry);
    this.#main.append(notice);
    announce(notice.textContent);
  }

  #startAnswer() {
    if (!this.element.classList.contains("thinking")) return;
    this.element.classList.replace("thinking", "writing");
    this.#thinking.element.remove();
  }

  #decline(answer, suggestions, ask) {
    this.element.classList.add("declined");
    this.text = answer.answer;
    this.#body.remove();
    const documents = byDocument(answer.nearest).map((document) => document.passages[0]);
    const near = documents.length > 0;
    const notice = card(
      "search",
      "The content does not say",
      el("p", {}, "Nothing in the documents answers this, and nothing is made up here.", near ? " These come closest:" : ""),
      near && nearest(documents, (index, opener) => this.open(documents, index, opener)),
    );
    this.#main.append(notice, tryInstead(suggestions, ask), actions(this));
    announce(`${notice.querySelector("h3").textContent}. ${notice.querySelector("p").textContent}`);
  }

  // Only blocks whose text changed are made anew, so that a marker keeps the focus while more text comes.
  #render() {
    const parts = this.text.split(/\n{2,}/);
    parts.forEach((part, index) => {
      const before = this.#rendered[index];
      if (before?.part === part) return;
      const nodes = blocks(part, { flat: true, marker: (number) => this.#marker(number) });
      if (before) {
        before.nodes.slice(1).forEach((node) => node.remove());
        before.nodes[0]?.replaceWith(...nodes);
      }
      if (!before || before.nodes.length === 0) this.#body.append(...nodes);
      this.#rendered[index] = { part, nodes };
    });
  }

  #marker(number) {
    const citation = this.#citations.get(number);
    if (citation === undefined) return null;
    const where = [citation.title, place(citation.title, citation.heading_path), lines(citation.start_line, citation.end_line)];
    const button = el(
      "button",
      {
        type: "button",
        class: "marker",
        "data-citation": number,
        "aria-label": `Citation ${number}: ${where.filter(Boolean).join(", ")}`,
        onclick: () => this.#show([...this.#citations.keys()].indexOf(number), button),
      },
      String(number),
    );
    return button;
  }

  #show(index, opener) {
    this.open([...this.#citations.values()], index, opener);
  }
}

function thinking() {
  const status = el("p", { class: "status" }, "Searching the documents…");
  const titles = el("p", { class: "titles" });
  const skeleton = el("div", { class: "skeleton", "aria-hidden": "true" }, el("span"), el("span"), el("span"));
  return {
    element: el("div", { class: "waiting" }, status, titles, skeleton),
    found(sources) {
      const documents = new Map(sources.map((source) => [source.path, source.title]));
      status.textContent =
        sources.length > 0
          ? `Reading ${counted(sources.length, "passage")} in ${counted(documents.size, "document")}…`
          : "Nothing was found; looking at what is near…";
      titles.textContent = [...documents.values()].slice(0, 3).join(" · ");
    },
  };
}

function provenance(answer) {
  const badge = answer.quoted
    ? el("span", { class: "badge", title: "These are sentences of the documents, word for word." }, icon("quote"), "Quoted from the content")
    : el("span", { class: "badge", title: `Written by ${answer.model}.` }, icon("check"), "Checked against the content");
  const dropped = answer.dropped > 0 && el("span", {}, `${counted(answer.dropped, "statement")} left out: the content does not support ${answer.dropped === 1 ? "it" : "them"}.`);
  const notice = answer.notice && el("span", {}, answer.notice);
  return el("p", { class: "provenance" }, badge, notice, dropped);
}

function byDocument(passages) {
  const documents = new Map();
  passages.forEach((passage, index) => {
    const entry = documents.get(passage.path) ?? { title: passage.title, path: passage.path, passages: [] };
    entry.passages.push({ ...passage, index });
    documents.set(passage.path, entry);
  });
  return [...documents.values()];
}

function evidence(citations, open) {
  const documents = byDocument(citations).map((document) =>
    el(
      "li",
      { class: "source" },
      el("h4", { class: "source-title" }, icon("document"), el("span", {}, document.title)),
      el("ol", { class: "quotes" }, document.passages.map((passage) => el("li", {}, quoteButton(passage, open)))),
    ),
  );
  return el(
    "section",
    { class: "evidence", "aria-label": "Sources of this answer" },
    el("h3", {}, "Sources ", el("span", { class: "count" }, String(documents.length))),
    el("ol", { class: "sources" }, documents),
  );
}

function quoteButton(passage, open) {
  const where = [place(passage.title, passage.heading_path), lines(passage.start_line, passage.end_line)].filter(Boolean).join(", ");
  const button = el(
    "button",
    { type: "button", class: "quote", onclick: () => open(passage.index, button) },
    el("span", { class: "quote-number" }, el("span", { class: "visually-hidden" }, "Citation "), String(passage.number)),
    el("span", { class: "quote-text" }, words(passage.quote)),
    el("span", { class: "quote-place" }, where),
  );
  return button;
}

function nearest(documents, open) {
  const item = (passage, index) => {
    const button = el(
      "button",
      { type: "button", class: "near", onclick: () => open(index, button) },
      icon("document"),
      el("span", { class: "near-title" }, passage.title),
      el("span", { class: "near-place" }, place(passage.title, passage.heading_path) || passage.path),
    );
    return el("li", {}, button);
  };
  return el("ul", { class: "nearest" }, documents.map(item));
}

function tryInstead(suggestions, ask) {
  if (suggestions.length === 0) return "";
  const chip = (question) => el("li", {}, el("button", { type: "button", class: "chip", onclick: () => ask(question) }, question));
  return el("section", { class: "instead", "aria-label": "Questions it can answer" }, el("h3", {}, "You could ask"), el("ul", { class: "chips" }, suggestions.map(chip)));
}
