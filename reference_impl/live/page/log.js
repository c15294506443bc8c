// The messages that went to and fro, newest last.

import { make } from "./dom.js";

const MOST = 500;
const SHOWN = 2000;
const ARROWS = { in: "\u2190", out: "\u2192" };
const WORDS = { in: "in", out: "out" };

/** A list of messages that can be filtered and cleared. */
export class Log {
  constructor(list, filter, clear, note) {
    this.list = list;
    this.filter = filter;
    this.footnote = note;
    this.#texts = new WeakMap();
    filter.addEventListener("input", () => this.#sift());
    clear.addEventListener("click", () => {
      list.replaceChildren();
      this.#sift();
    });
  }

  #texts;

  /** Add a line. */
  add(direction, channel, text, now = new Date()) {
    const isAtEnd = this.list.scrollTop + this.list.clientHeight > this.list.scrollHeight - 24;
    const line = make(
      "li",
      { className: `line ${direction}` },
      make("time", { textContent: timeOf(now), dateTime: now.toISOString() }),
      make(
        "span",
        { className: "way" },
        make("span", { textContent: ARROWS[direction], attributes: { "aria-hidden": "true" } }),
        make("span", { className: "unseen", textContent: WORDS[direction] }),
      ),
      make("span", { className: "channel", textContent: channel }),
      make("code", { textContent: shortened(text) }),
    );
    this.#texts.set(line, `${WORDS[direction]} ${channel} ${text}`.toLowerCase());
    this.list.append(line);
    while (this.list.childElementCount > MOST) this.list.firstElementChild.remove();
    line.hidden = !this.#fits(line);
    this.#count();
    if (isAtEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  #fits(line) {
    return (this.#texts.get(line) ?? "").includes(this.filter.value.trim().toLowerCase());
  }

  #sift() {
    for (const line of this.list.children) line.hidden = !this.#fits(line);
    this.list.scrollTop = this.list.scrollHeight;
    this.#count();
  }

  #count() {
    const lines = [...this.list.children];
    const shown = lines.filter((line) => !line.hidden).length;
    const word = lines.length === 1 ? "message" : "messages";
    const some = shown === lines.length ? `${shown}` : `${shown} of ${lines.length}`;
    this.footnote.textContent = `${some} ${word}, newest last; pings are left out, and all but the last ${MOST}.`;
  }
}

function timeOf(now) {
  const two = (number) => String(number).padStart(2, "0");
  const thousandths = String(now.getMilliseconds()).padStart(3, "0");
  return `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${thousandths}`;
}

function shortened(text) {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)} \u2026 (${text.length} characters)` : text;
}
