// One argument of a command: how it is asked for, read, and complained about.

import { freshId, make } from "./dom.js";
import { Problem } from "./http.js";

const STEPS = 100;

/** An argument's controls. `element` is to be shown; `changed(isFinal)` is called as they move. */
export class Field {
  constructor(parameter, changed) {
    this.parameter = parameter;
    this.changed = changed;
    this.isSlider = false;
    this.isDirty = false;
    this.#build();
    if (parameter.default !== undefined) this.set(parameter.default);
    this.#isGiven = parameter.default !== undefined && parameter.default !== null;
  }

  #isGiven = false;
  #parts = null;
  #inputs = [];

  /** The control that takes the focus. */
  get input() {
    return this.#inputs[0];
  }

  /** What is to be sent: undefined where the argument is to be left out. Throws Problem. */
  read() {
    const { kind, required, nullable } = this.parameter;
    if (kind !== "upload" && !required && !this.#isGiven) return undefined;
    const value = this.#parts.read();
    return value === undefined && nullable && this.#isGiven && kind !== "upload" ? null : value;
  }

  /** Show a value. */
  set(value) {
    this.#parts.write(value);
    this.#isGiven = true;
    this.isDirty = false;
  }

  /** Say what is wrong with it; "" if nothing is. */
  complain(text) {
    this.error.textContent = text;
    for (const input of this.#inputs) {
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }

  #build() {
    const { kind, name, description, required, choices, least, most } = this.parameter;
    const id = freshId("field");
    const help = make("p", { id: `${id}-help`, className: "help", textContent: description });
    this.error = make("p", {
      id: `${id}-error`,
      className: "error of-field",
      attributes: { role: "alert" },
    });
    this.#parts = this.#makeParts(kind, choices, least, most);
    this.#inputs = this.#parts.inputs;
    this.#inputs.forEach((input, place) => {
      input.id = place ? `${id}-${place}` : id;
      input.dataset.parameter = name;
      input.setAttribute("aria-describedby", `${id}-help ${id}-error`);
      if (place) input.setAttribute("aria-label", `${name}, as a number`);
      if (required) input.setAttribute("aria-required", "true");
      input.addEventListener("input", () => this.#onInput(input));
      input.addEventListener("change", () => this.changed(input, true));
    });
    this.label = make("label", { htmlFor: id }, name);
    this.help = help;
    const mark = required ? make("span", { className: "required", textContent: "required" }) : null;
    const head = make("div", { className: "field-head" }, this.label, mark);
    const row = make("div", { className: `inputs ${kind}` }, ...this.#parts.row);
    help.hidden = !description;
    this.notes = [help, this.error];
    this.element = make("div", { className: "field" }, head, row, ...this.notes);
  }

  #onInput(input) {
    this.isDirty = true;
    this.#isGiven = true;
    this.#parts.mirror?.(input);
    this.changed(input, false);
  }

  #makeParts(kind, choices, least, most) {
    if (kind === "choice") return choiceParts(choices, this.parameter);
    if (kind === "boolean") return booleanParts();
    if (kind === "integer" || kind === "number") {
      this.isSlider = least !== undefined && most !== undefined && most > least;
      const number = numberParts(kind, least, most);
      return this.isSlider ? sliderParts(number, kind, least, most) : number;
    }
    if (kind === "string") return textParts(this.parameter.longest);
    return kind === "upload" ? uploadParts() : jsonParts();
  }
}

function choiceParts(choices, { required, default: preset }) {
  const select = make("select");
  if (!required && preset === undefined)
    select.append(make("option", { value: "", textContent: "\u2013" }));
  choices.forEach((choice, place) => {
    const text = typeof choice === "string" ? choice : JSON.stringify(choice);
    select.append(make("option", { value: String(place), textContent: text }));
  });
  const write = (value) => {
    const place = choices.findIndex((choice) => choice === value);
    if (place >= 0) select.value = String(place);
  };
  return {
    inputs: [select],
    row: [select],
    write,
    read: () => (select.value ? choices[select.value] : undefined),
  };
}

function booleanParts() {
  const box = make("input", { type: "checkbox" });
  const write = (value) => {
    box.checked = value === true;
  };
  return { inputs: [box], row: [box], write, read: () => box.checked };
}

function numberParts(kind, least, most) {
  const input = make("input", { type: "number", step: kind === "integer" ? "1" : "any" });
  if (least !== undefined) input.min = least;
  if (most !== undefined) input.max = most;
  // No `required`, no validity check: what is out of bounds is for the server to refuse.
  const read = () => {
    if (input.validity.badInput) throw new Problem("This is not a number.");
    return input.value === "" ? undefined : Number(input.value);
  };
  const write = (value) => {
    input.value = typeof value === "number" ? String(value) : "";
  };
  return { inputs: [input], row: [input], read, write };
}

function sliderParts(number, kind, least, most) {
  const [box] = number.inputs;
  const step = kind === "integer" ? 1 : (most - least) / STEPS;
  const slider = make("input", { type: "range", min: least, max: most, step: String(step) });
  const write = (value) => {
    number.write(value);
    if (typeof value === "number") slider.value = String(value);
  };
  const mirror = (moved) => {
    if (moved === slider) box.value = slider.value;
    else if (box.value !== "") slider.value = box.value;
  };
  return { inputs: [slider, box], row: [slider, box], read: number.read, write, mirror };
}

function textParts(longest) {
  const input = make("input", { type: "text", autocomplete: "off" });
  const count = make("span", { className: "count" });
  const tell = () => {
    const length = [...input.value].length;
    count.textContent = longest === undefined ? "" : `${length}/${longest}`;
    count.classList.toggle("over", length > longest);
  };
  const write = (value) => {
    input.value = typeof value === "string" ? value : "";
    tell();
  };
  tell();
  return { inputs: [input], row: [input, count], read: () => input.value, write, mirror: tell };
}

function uploadParts() {
  const input = make("input", { type: "file" });
  return { inputs: [input], row: [input], read: () => input.files[0], write: () => {} };
}

function jsonParts() {
  const area = make("textarea", { rows: 3, spellcheck: false });
  const read = () => {
    if (!area.value.trim()) return undefined;
    try {
      return JSON.parse(area.value);
    } catch {
      throw new Problem("This is not JSON.");
    }
  };
  const write = (value) => {
    area.value = JSON.stringify(value, null, 1) ?? "";
  };
  return { inputs: [area], row: [area], read, write };
}
