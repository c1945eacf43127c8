// What a visitor reads when there is no answer: what happened, and what to do next.

import { el, icon } from "./dom.js";

/** A card for a Problem; `retry` is called when the visitor wants to ask again. */
export function problemNotice(problem, retry) {
  const make = CARDS[problem.kind] ?? serverCard;
  return make(problem, retry);
}

/** A card with an icon, a heading and what else it is given. */
export function card(name, heading, ...content) {
  return el("div", { class: "notice" }, icon(name), el("div", { class: "notice-text" }, el("h3", {}, heading), ...content));
}

function unpublishedCard() {
  return card(
    "document",
    "Nothing is published yet",
    el("p", {}, "There are no documents to answer from. If this is your site, publish the content and reload this page:"),
    el("pre", { tabindex: 0 }, el("code", {}, "make ingest")),
  );
}

const CARDS = {
  limit: limitCard,
  offline: offlineCard,
  unpublished: (problem, retry) => withButton(unpublishedCard(), retry, "Try again"),
  unavailable: unavailableCard,
  question: questionCard,
  refused: refusedCard,
  stopped: stoppedCard,
};

function button(label, action) {
  return el("button", { type: "button", class: "button", onclick: action }, icon("retry"), el("span", {}, label));
}

function withButton(element, retry, label) {
  element.querySelector(".notice-text").append(button(label, retry));
  return element;
}

function limitCard(problem, retry) {
  const until = Date.now() + (problem.retryAfter ?? 60) * 1000;
  const when = el("strong", { class: "countdown" });
  const text = el("p", {}, "To keep this open for everybody, questions are limited. You can go on ", when, ".");
  const again = button("Ask again", retry);
  const element = card("clock", "The limit is reached for now", text, again);
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    again.disabled = left > 0;
    when.textContent = left > 0 ? remaining(left, until) : "now";
    if (left <= 0) clearInterval(timer);
  };
  const timer = setInterval(() => (element.isConnected ? tick() : clearInterval(timer)), 1000);
  tick();
  return element;
}

function remaining(seconds, until) {
  if (seconds >= 3600) return `at ${new Date(until).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
  return `in ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function offlineCard(problem, retry) {
  const online = navigator.onLine;
  const element = card(
    "cloud-off",
    online ? problem.title : "You are offline",
    el("p", {}, online ? "The connection may be down. Your question is kept." : "Your question is kept. Ask it again once you are connected."),
    button("Try again", retry),
  );
  if (!online) {
    addEventListener("online", () => element.isConnected && element.querySelector("h3").replaceChildren("You are connected again"), { once: true });
  }
  return element;
}

function unavailableCard(problem, retry) {
  return card("alert", "Not available right now", el("p", {}, problem.detail || "The server cannot answer at the moment. Please try again shortly."), button("Try again", retry), reference(problem));
}

function questionCard(problem) {
  return card("alert", "This question cannot be asked", el("p", {}, problem.detail || "It may be too long. Please shorten it and ask again."));
}

function refusedCard(problem) {
  return card("alert", "This page is not open to the public", el("p", {}, problem.detail || "The server asks for a key."));
}

function stoppedCard(problem, retry) {
  return el("p", { class: "stopped" }, "Stopped. ", el("button", { type: "button", class: "text-button", onclick: retry }, "Ask again"));
}

function serverCard(problem, retry) {
  const broke = problem.status === 0;
  const text = broke ? problem.detail : "The server made a mistake; your question was fine. Trying again may help.";
  return card("alert", broke ? problem.title : "Something went wrong", el("p", {}, text), button("Try again", retry), reference(problem));
}

function reference(problem) {
  return problem.requestId && el("p", { class: "reference" }, "Request ", el("code", {}, problem.requestId));
}
