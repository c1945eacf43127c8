// The page's beginning: what the site is, what may be asked, and how the parts are joined.

import { toast } from "./announcer.js";
import { Problem, get } from "./api.js";
import { startTheme, useAccent } from "./colors.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { byId, counted, el } from "./dom.js";
import { problemNotice } from "./notices.js";
import { Reader } from "./reader.js";

const reader = new Reader();
const conversation = new Conversation(byId("conversation"), {
  open: (passages, index, opener) => reader.open(passages, index, opener),
  start: started,
  end: () => composer.busy(false),
});
const composer = new Composer({ ask: (question) => conversation.ask(question), stop: () => conversation.stop() });

function started(exchange) {
  reader.close();
  document.body.dataset.state = "conversation";
  byId("new-conversation").hidden = false;
  byId("page-notice").replaceChildren();
  composer.busy(true);
  exchange.element.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

function startAnew() {
  conversation.clear();
  reader.close();
  composer.busy(false);
  document.body.dataset.state = "empty";
  byId("new-conversation").hidden = true;
  history.replaceState(null, "", location.pathname);
  composer.box.focus();
  toast("New conversation");
}

async function showSite() {
  const site = await get("api/site");
  document.title = site.title;
  for (const element of document.querySelectorAll("[data-site]")) element.textContent = site.title;
  if (site.max_question_characters) composer.maxCharacters = site.max_question_characters;
  composer.refresh(); // something may have been typed already
  promise(site);
  colophon(site);
  if (!site.public) throw new Problem("refused");
  // Nothing is live, or the database cannot be asked: a route that needs it says which.
  if (site.generation === null) await get("api/suggestions");
}

function promise({ person, documents }) {
  const about = person ? `about ${person}` : "published here";
  const what = documents ? `these ${counted(documents, "document")} ${about}` : `the documents ${about}`;
  byId("promise").textContent = `Answers come only from ${what}. Every citation is checked.`;
}

function colophon({ generation, published_at: published, quoted }) {
  if (!generation) return;
  const date = published && new Date(published);
  const parts = [quoted && "Answers are quotes, word for word", `Generation ${generation}`];
  if (date && !Number.isNaN(date.getTime())) parts.push(`updated ${date.toLocaleDateString(undefined, { dateStyle: "medium" })}`);
  byId("colophon").textContent = parts.filter(Boolean).join(" · ");
}

async function showSuggestions() {
  const { suggestions } = await get("api/suggestions");
  conversation.suggestions = suggestions;
  const chip = (question) => el("li", {}, el("button", { type: "button", class: "chip", onclick: () => conversation.ask(question) }, question));
  byId("suggestions").replaceChildren(el("ul", { class: "chips" }, suggestions.map(chip)));
  byId("suggestions").hidden = suggestions.length === 0;
}

function showProblem(problem) {
  if (problem.kind === "limit" || byId("page-notice").childElementCount > 0) return;
  byId("page-notice").replaceChildren(problemNotice(problem, () => location.reload()));
}

function watchConnection() {
  const show = () => {
    byId("offline-banner").hidden = navigator.onLine;
  };
  addEventListener("online", show);
  addEventListener("offline", show);
  show();
}

function watchKeys() {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || byId("reader").matches(":modal")) return;
    event.preventDefault();
    composer.box.focus();
  });
}

function askFromAddress() {
  const question = new URLSearchParams(location.search).get("q")?.trim();
  if (!question) return;
  composer.box.value = question;
  composer.refresh();
  if (!composer.send.disabled) composer.form.requestSubmit();
}

useAccent(document.documentElement.dataset.accent);
startTheme(byId("theme-toggle"));
watchConnection();
watchKeys();
byId("new-conversation").addEventListener("click", startAnew);
if (!matchMedia("(pointer: coarse)").matches) composer.box.focus();
showSuggestions().catch(() => {}); // without suggestions the page still works
showSite().catch(showProblem).finally(askFromAddress);
