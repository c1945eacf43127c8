// The server's API as this page uses it. Whatever goes wrong becomes a Problem, which says what a visitor can do.

import { events } from "./sse.js";

const UNREACHABLE = { title: "The server cannot be reached", detail: "Nothing came back. The connection may be down." };

/** A failed request. `kind`: offline, limit, unpublished, unavailable, refused, question, missing, stopped or server. */
export class Problem extends Error {
  constructor(kind, document = {}, { status = 0, retryAfter = null, requestId = null } = {}) {
    super(document.detail || document.title || kind);
    Object.assign(this, { kind, status, retryAfter, requestId });
    this.title = document.title ?? "";
    this.detail = document.detail ?? "";
  }
}

/** What a JSON route answers. */
export async function get(path, { signal } = {}) {
  return (await send(path, { headers: { Accept: "application/json" }, signal })).json();
}

/** Where a document is; its path is part of the address. */
export function documentAddress(path) {
  return `api/documents/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/** One document. */
export function getDocument(path) {
  return get(documentAddress(path));
}

/** Say whether an answer helped. */
export function sendFeedback(id, rating, comment) {
  return post("api/feedback", comment ? { id, rating, comment } : { id, rating });
}

/**
 * Ask, and call `on.sources`, `on.citation` and `on.text` while the answer comes. The whole answer is the result.
 * Throws a Problem.
 */
export async function ask(question, history, on, signal) {
  const response = await post("api/ask", { question, history }, { accept: "text/event-stream, application/json", signal });
  if (!(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) return response.json();
  try {
    for await (const { event, data } of events(response.body)) {
      const value = JSON.parse(data);
      if (event === "done") return value;
      if (event === "error") throw fromDocument(value, value.status ?? 500, response.headers);
      on[event]?.(value);
    }
  } catch (error) {
    throw error instanceof Problem ? error : broken(error, signal);
  }
  throw new Problem("server", {
    title: "The answer broke off",
    detail: "The connection ended before the answer was complete.",
  });
}

function post(path, value, { accept = "application/json", signal } = {}) {
  const headers = { "Content-Type": "application/json", Accept: accept };
  return send(path, { method: "POST", headers, body: JSON.stringify(value), signal });
}

async function send(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    throw broken(error, options.signal);
  }
  if (response.ok) return response;
  throw fromDocument(await response.json().catch(() => ({})), response.status, response.headers);
}

function broken(error, signal) {
  if (signal?.aborted) return new Problem("stopped");
  if (error instanceof SyntaxError) return new Problem("server", { title: "The answer cannot be read" });
  return new Problem("offline", UNREACHABLE);
}

function fromDocument(document, status, headers) {
  return new Problem(kindOf(status, document), document, {
    status,
    retryAfter: seconds(headers.get("retry-after") ?? document.retry_after),
    requestId: document.request_id ?? headers.get("x-request-id"),
  });
}

function kindOf(status, document) {
  if (status === 429) return "limit";
  if (status === 503) return /publish/i.test(`${document.type} ${document.title} ${document.detail}`) ? "unpublished" : "unavailable";
  if (status === 401 || status === 403) return "refused";
  if (status === 413 || status === 422) return "question";
  if (status === 404) return "missing";
  return status === 504 ? "unavailable" : "server";
}

// Retry-After is seconds or a date (RFC 9110, section 10.2.3).
function seconds(value) {
  if (value === null || value === undefined) return null;
  const number = Number(value);
  const found = Number.isFinite(number) ? number : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(found) ? Math.max(0, Math.ceil(found)) : null;
}
