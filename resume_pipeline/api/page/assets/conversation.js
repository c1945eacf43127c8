// A conversation: questions in their order, each with what was said before, one answer at a time.

import { Problem, ask } from "./api.js";
import { Exchange } from "./exchange.js";

const MAX_TURNS = 6;

export class Conversation {
  #exchanges = [];
  #running = null;

  /** `root` holds the exchanges; `on.start`, `on.end` and `on.open` tell the page what happens. */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.suggestions = [];
  }

  /** True while an answer is on its way. */
  get busy() {
    return this.#running !== null;
  }

  /** Ask, and show the answer while it comes. A second question waits for nobody: the first is stopped. */
  async ask(question) {
    this.stop();
    const exchange = new Exchange(question, { open: this.on.open });
    const history = this.#history();
    const running = new AbortController();
    this.#running = running;
    this.#exchanges.push(exchange);
    this.root.append(exchange.element);
    this.on.start(exchange);
    try {
      const answer = await ask(question, history, listeners(exchange, running), running.signal);
      if (!running.signal.aborted) exchange.done(answer, { suggestions: this.#unasked(), ask: (next) => this.ask(next) });
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem("server", { title: "This page made a mistake", detail: error.message });
      if (exchange.element.isConnected) exchange.fail(problem, () => this.#again(exchange));
    } finally {
      if (this.#running === running) {
        this.#running = null;
        this.on.end(exchange);
      }
    }
  }

  /** Stop the answer that is on its way; what came of it stays. */
  stop() {
    this.#running?.abort();
  }

  /** Forget everything. */
  clear() {
    const running = this.#running;
    this.#running = null;
    this.#exchanges = [];
    this.root.replaceChildren();
    running?.abort();
  }

  #again(exchange) {
    this.#exchanges = this.#exchanges.filter((other) => other !== exchange);
    exchange.element.remove();
    this.ask(exchange.question);
  }

  #history() {
    return this.#exchanges
      .filter((exchange) => exchange.answer !== null)
      .slice(-MAX_TURNS)
      .map(({ question, text }) => ({ question, answer: text }));
  }

  #unasked() {
    const asked = new Set(this.#exchanges.map((exchange) => exchange.question));
    return this.suggestions.filter((question) => !asked.has(question)).slice(0, 3);
  }
}

function listeners(exchange, running) {
  const unlessStopped = (listener) => (value) => running.signal.aborted || listener(value);
  return {
    sources: unlessStopped((value) => exchange.sources(value)),
    citation: unlessStopped((value) => exchange.citation(value)),
    text: unlessStopped((value) => exchange.add(value)),
  };
}
