// The document panel: a document with a passage marked. A modal sheet where there is little room, a side panel beside
// the answer where there is more.

import { documentAddress, getDocument } from "./api.js";
import { byId, el, lines, place } from "./dom.js";
import { markPassage } from "./highlight.js";
import { blocks } from "./markdown.js";
import { problemNotice } from "./notices.js";

const WIDE = matchMedia("(min-width: 75rem)");

export class Reader {
  #documents = new Map();
  #passages = [];
  #index = 0;
  #opener = null;

  constructor() {
    this.dialog = byId("reader");
    this.title = byId("reader-title");
    this.body = byId("reader-body");
    byId("reader-close").addEventListener("click", () => this.close());
    byId("reader-previous").addEventListener("click", () => this.#step(-1));
    byId("reader-next").addEventListener("click", () => this.#step(1));
    this.dialog.addEventListener("close", () => this.#closed());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.close());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.dialog.open && !event.defaultPrevented) this.close();
    });
    WIDE.addEventListener("change", () => this.#place());
  }

  /** Show one of some passages; the focus returns to `opener` afterwards. */
  open(passages, index, opener) {
    this.#passages = passages;
    this.#index = index;
    this.#opener = opener;
    if (!this.dialog.open) this.#place(true);
    this.#show();
    this.title.focus({ preventScroll: true });
  }

  /** Close, and give the focus back. */
  close() {
    if (this.dialog.open) this.dialog.close();
  }

  /** Forget the documents, for they belong to another generation. */
  forget() {
    this.#documents.clear();
  }

  #closed() {
    document.body.classList.remove("reading");
    this.#markOpener(false);
    if (this.#opener?.isConnected) this.#opener.focus({ preventScroll: true });
  }

  #place(open = this.dialog.open) {
    if (!open) return;
    if (this.dialog.open) {
      // Changing between the two kinds keeps the panel as it is; only who is behind it changes.
      this.dialog.removeAttribute("open");
    }
    if (WIDE.matches) this.dialog.show();
    else this.dialog.showModal();
    document.body.classList.add("reading");
  }

  #step(by) {
    this.#index += by;
    this.#show();
    const edge = this.#index === 0 || this.#index === this.#passages.length - 1;
    if (edge) byId(by > 0 ? "reader-previous" : "reader-next").focus();
  }

  async #show() {
    const passage = this.#passages[this.#index];
    this.#head(passage);
    this.#markOpener(true);
    if (!this.#documents.has(passage.path)) this.body.replaceChildren(el("div", { class: "skeleton" }, el("span"), el("span"), el("span"), el("span")));
    try {
      const found = await this.#document(passage.path);
      if (passage === this.#passages[this.#index]) this.#render(found, passage);
    } catch (problem) {
      if (passage !== this.#passages[this.#index]) return;
      this.body.replaceChildren(problemNotice(problem, () => this.#show()));
    }
  }

  async #document(path) {
    if (!this.#documents.has(path)) this.#documents.set(path, await getDocument(path));
    return this.#documents.get(path);
  }

  #head(passage) {
    const several = this.#passages.length > 1;
    const where = [place(passage.title, passage.heading_path), passage.start_line && lines(passage.start_line, passage.end_line)];
    this.title.textContent = passage.title;
    byId("reader-place").textContent = where.filter(Boolean).join(" · ") || passage.path;
    byId("reader-original").hidden = !passage.url;
    if (passage.url) byId("reader-original").href = passage.url;
    byId("reader-steps").hidden = !several;
    byId("reader-count").textContent = `${this.#index + 1} of ${this.#passages.length}`;
    byId("reader-previous").disabled = this.#index === 0;
    byId("reader-next").disabled = this.#index === this.#passages.length - 1;
  }

  #render(found, passage) {
    const link = (href, children) => this.#link(href, children, passage);
    const page = el("div", { class: "document prose" }, blocks(found.text, { numbered: true, link }));
    this.body.replaceChildren(el("p", { class: "path" }, passage.path), page);
    this.body.scrollTop = 0;
    const first = passage.start_line ? markPassage(page, passage) : null;
    const block = first?.closest("li, p, h3, h4, h5, h6, tr, pre, .field") ?? first;
    if (block) this.body.scrollTop += block.getBoundingClientRect().top - this.body.getBoundingClientRect().top - this.body.clientHeight / 4;
  }

  #link(href, children, passage) {
    if (/^(https?:|mailto:)/i.test(href)) return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, children);
    const path = resolve(passage.path, href);
    if (path === null) return null;
    const follow = (event) => {
      event.preventDefault();
      this.#follow(path);
    };
    // A link, for a button would not break between lines.
    return el("a", { href: documentAddress(path), "data-document": path, onclick: follow }, children);
  }

  #follow(path) {
    const title = path.split("/").pop();
    this.#passages = [...this.#passages.slice(0, this.#index + 1), { path, title, heading_path: [] }];
    this.#index += 1;
    this.#show().then(() => {
      const found = this.#documents.get(path);
      if (found && this.#passages[this.#index]?.path === path) this.title.textContent = this.#passages[this.#index].title = found.title;
    });
    this.title.focus({ preventScroll: true });
  }

  #markOpener(open) {
    document.querySelectorAll(".marker.active, .quote.active").forEach((element) => element.classList.remove("active"));
    if (open) this.#opener?.classList.add("active");
  }
}

// The path of a document that another one links to; null for what is no document.
function resolve(from, href) {
  const target = href.split("#")[0];
  if (!/\.(md|markdown|mdx)$/i.test(target) || /^[a-z]+:/i.test(target)) return null;
  try {
    return decodeURIComponent(new URL(target, `http://content/${from.split("/").map(encodeURIComponent).join("/")}`).pathname.slice(1));
  } catch {
    return null; // no address at all, as in a link to 100%.md
  }
}
