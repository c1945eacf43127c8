// What can be done with an answer: copy it with its sources, share the question, say whether it helped.

import { toast } from "./announcer.js";
import { sendFeedback } from "./api.js";
import { el, icon, lines } from "./dom.js";

const MAX_COMMENT = 500;

/** The row of buttons under an answer. */
export function actions(exchange) {
  const row = el(
    "div",
    { class: "actions" },
    action("copy", "Copy", "Copy the answer with its sources", () => copy(asText(exchange), "Answer copied")),
    action("link", "Share", "Copy a link that asks this question", () => copy(shareLink(exchange.question), "Link copied")),
  );
  if (exchange.answer.id) row.append(...feedback(exchange.answer.id));
  return row;
}

/** The address that asks a question again; nothing else is in it. */
export function shareLink(question) {
  return `${location.origin}${location.pathname}?q=${encodeURIComponent(question)}`;
}

/** The answer as plain text, its sources listed by number. */
export function asText({ question, text, answer }) {
  const sources = answer.citations.map(
    (citation) => `[${citation.number}] ${citation.title}, ${citation.path}, ${lines(citation.start_line, citation.end_line)}: “${citation.quote}”`,
  );
  return [question, text, ...(sources.length > 0 ? [sources.join("\n")] : [])].join("\n\n");
}

function action(name, label, description, onclick) {
  return el("button", { type: "button", class: "action", title: description, onclick }, icon(name), el("span", {}, label));
}

async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text); // without https, browsers have no clipboard interface
  }
  toast(done);
}

function copyBySelection(text) {
  const focused = document.activeElement;
  const area = el("textarea", { class: "visually-hidden", "aria-hidden": "true", tabindex: -1 });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  focused?.focus();
}

function feedback(id) {
  const rate = async (rating) => {
    for (const [button, own] of [[up, "up"], [down, "down"]]) button.setAttribute("aria-pressed", String(own === rating));
    try {
      await sendFeedback(id, rating);
      toast("Thank you");
    } catch {
      toast("This could not be sent");
    }
    if (rating === "down") askWhy(id, down.parentElement);
    else down.parentElement.parentElement.querySelector(".why")?.remove();
  };
  const thumb = (name, label, rating) =>
    el("button", { type: "button", class: "action thumb", "aria-label": label, title: label, "aria-pressed": "false", onclick: () => rate(rating) }, icon(name));
  const up = thumb("up", "This helped", "up");
  const down = thumb("down", "This did not help", "down");
  return [el("span", { class: "spacer" }), up, down];
}

function askWhy(id, row) {
  if (row.parentElement.querySelector(".why")) return;
  const field = el("input", { type: "text", maxlength: MAX_COMMENT, placeholder: "What was missing? (optional)", "aria-label": "What was missing?" });
  const send = async (event) => {
    event.preventDefault();
    if (field.value.trim() === "") return;
    await sendFeedback(id, "down", field.value.trim()).then(() => toast("Thank you"), () => toast("This could not be sent"));
    form.remove();
  };
  const form = el("form", { class: "why", onsubmit: send }, field, el("button", { type: "submit", class: "button" }, "Send"));
  row.after(form);
}
