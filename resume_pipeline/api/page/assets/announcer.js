// What a screen reader is told while an answer comes: whole sentences, never single tokens; and short notes for all.

import { byId } from "./dom.js";

const KEPT = 20;
// The markers behind a sentence belong to it, so it ends where something else begins.
const SENTENCE_END = /[.!?…]["”’)]*(?:\s*\[\d+\])*\s+(?=[^\s[])|\n+/g;
let hidingToast = 0;

/** Say something politely to who does not see the page. */
export function announce(text) {
  const log = byId("announcer");
  const line = document.createElement("p");
  line.textContent = text;
  log.append(line);
  while (log.childElementCount > KEPT) log.firstElementChild.remove();
}

/** Show a note for some seconds; it is a status, so it is spoken as well. */
export function toast(text) {
  const element = byId("toast");
  element.textContent = text;
  element.classList.add("shown");
  clearTimeout(hidingToast);
  hidingToast = setTimeout(() => {
    element.classList.remove("shown");
    element.textContent = "";
  }, 3000);
}

/** Speaks a text that grows, sentence by sentence. */
export class Sentences {
  #spoken = 0;

  /** `text` is all there is so far. */
  grow(text) {
    const ends = [...text.slice(this.#spoken).matchAll(SENTENCE_END)].map((match) => match.index + match[0].length);
    if (ends.length > 0) this.#speak(text, this.#spoken + ends.at(-1));
  }

  /** Nothing more will come. */
  end(text) {
    this.#speak(text, text.length);
  }

  #speak(text, until) {
    const plain = text.slice(this.#spoken, until).replace(/^\s*(?:[-*+]|#{1,6})\s+/gm, "").replace(/\*\*|`/g, "").replace(/\[(\d+)\]/g, "(citation $1)").trim();
    this.#spoken = until;
    if (plain) announce(plain);
  }
}
