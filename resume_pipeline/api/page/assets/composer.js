// The question box: grows with its text, sends with Enter, says when a question is too long.

import { byId, counted } from "./dom.js";

const NEAR_THE_LIMIT = 0.8;

export class Composer {
  /** `on.ask(question)` and `on.stop()` are called; at most `maxCharacters` are sent. */
  constructor(on) {
    this.on = on;
    this.maxCharacters = 1000;
    this.form = byId("composer");
    this.box = byId("question");
    this.send = byId("send");
    this.stop = byId("stop");
    this.limit = byId("question-limit");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.box.addEventListener("input", () => this.refresh());
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.stop.addEventListener("click", () => {
      on.stop();
      this.box.focus();
    });
    this.form.addEventListener("click", (event) => event.target === this.form && this.box.focus());
    this.refresh();
  }

  /** Show whether an answer is on its way. */
  busy(running) {
    this.stop.hidden = !running;
    this.send.hidden = running;
  }

  /** Fit the height, the counter and the button to the text. */
  refresh() {
    const length = [...this.box.value.trim()].length;
    const over = length - this.maxCharacters;
    this.box.style.height = "auto";
    this.box.style.height = `${this.box.scrollHeight}px`;
    this.send.disabled = length === 0 || over > 0;
    this.box.setAttribute("aria-invalid", String(over > 0));
    this.form.classList.toggle("too-long", over > 0);
    this.limit.textContent = over > 0 ? `${counted(over, "character")} too many` : length >= this.maxCharacters * NEAR_THE_LIMIT ? `${-over} left` : "";
  }

  #submit() {
    const question = this.box.value.trim();
    if (this.send.disabled || question === "") return;
    this.box.value = "";
    this.refresh();
    // On a phone the keyboard would cover the answer.
    if (matchMedia("(pointer: coarse)").matches) this.box.blur();
    this.on.ask(question);
  }
}
