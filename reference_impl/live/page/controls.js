// The commands that the model publishes, one form each.

import { freshId, make } from "./dom.js";
import { Field } from "./fields.js";
import { Problem } from "./http.js";
import { commandsOf } from "./schema.js";

const THROTTLE_MS = 100;
const REMEMBERED = 200;
const QUIET_MS = 2000;
const QUIET_UPLOAD_MS = 12000;

const numberOf = (id) => Number(String(id ?? "").split("_")[1]);

/**
 * The forms of all commands. `to` has: send(name, data, uploads) and ask(), which return ids that
 * grow and that answers repeat, and upload(file), a promise.
 */
export class Controls {
  constructor(home, to) {
    this.home = home;
    this.to = to;
    this.forms = [];
  }

  #published = "";

  /** Show the commands of a document; what was entered stays where nothing has changed. */
  show(document) {
    const published = JSON.stringify(document?.paths ?? {});
    if (published === this.#published) return;
    this.#published = published;
    this.forms = commandsOf(document).map((command) => new CommandForm(command, this.to));
    this.home.replaceChildren(...this.forms.map((form) => form.element));
  }

  /** A command was refused. Returns whether there is a form to show it in. */
  rejected({ command, message, code, param, request_id: id }) {
    const form = this.#find(id) ?? this.forms.find((one) => one.command.name === command);
    form?.fail(new Problem(String(message ?? "refused"), { code, param: String(param ?? "") }));
    return form !== undefined;
  }

  /** The model has said something; a reply stands in the form of its command. */
  said({ type, data, request_id: id }) {
    this.#find(id)?.succeed(`${type} ${JSON.stringify(data)}`);
  }

  /** The model's state: it comes after the answers to all that was sent before it was asked for. */
  state(values, id) {
    for (const form of this.forms) {
      form.settleBefore(numberOf(id));
      form.sync(values);
    }
  }

  /** The connection is gone. */
  forget() {
    for (const form of this.forms) form.forget();
  }

  #find(id) {
    return id === undefined ? undefined : this.forms.find((form) => form.isFor(id));
  }
}

class CommandForm {
  constructor(command, to) {
    this.command = command;
    this.to = to;
    this.fields = command.parameters.map(
      (parameter) => new Field(parameter, (input, isFinal) => this.#onChange(input, isFinal)),
    );
    const [first, ...more] = this.fields;
    this.setter =
      !more.length && first && command.name === `set_${first.parameter.name}` ? first : null;
    this.#build();
  }

  #sent = new Set();
  #latest = 0;
  #quiet = 0;
  #throttle = 0;
  #isDue = false;
  #last = "";

  /** Whether an answer is to something that this form has sent. */
  isFor(id) {
    return this.#sent.has(id);
  }

  /** Show why a command did not work, at the field that is to blame. */
  fail(problem) {
    clearTimeout(this.#quiet);
    this.#latest = 0;
    this.#clear();
    this.#last = "";
    for (const one of this.fields) one.isDirty = true; // What was refused stays, to be mended.
    const field = this.fields.find(({ parameter }) => parameter.name === problem.param);
    if (field) field.complain(problem.message);
    else
      this.error.textContent = problem.code
        ? `${problem.message} (${problem.code})`
        : problem.message;
    if (problem.retryAfter) this.#hold(problem.retryAfter);
  }

  /** The command worked; perhaps there is a reply. */
  succeed(reply) {
    clearTimeout(this.#quiet);
    this.#latest = 0;
    this.#clear();
    if (reply !== undefined) this.reply.textContent = reply;
  }

  /** Everything that was sent before this number and was not refused has worked. */
  settleBefore(number) {
    if (this.#latest && this.#latest < number && !this.hasFiles) this.succeed();
  }

  /** Show what the model has now. */
  sync(values) {
    const name = this.setter?.parameter.name;
    if (!name || !Object.hasOwn(values, name)) return;
    this.now.textContent = `now ${JSON.stringify(values[name])}`;
    if (!this.setter.isDirty && !this.#latest && !this.#throttle) this.setter.set(values[name]);
  }

  /** No answer will come any more. */
  forget() {
    clearTimeout(this.#quiet);
    clearTimeout(this.#throttle);
    this.#latest = this.#throttle = 0;
    this.#last = "";
    this.now.textContent = "";
  }

  get hasFiles() {
    return this.fields.some(({ parameter }) => parameter.kind === "upload");
  }

  #build() {
    const { name, description } = this.command;
    const id = freshId("command");
    this.now = make("span", { className: "now" });
    const title = make(
      "div",
      { className: "title" },
      make("h3", { id }, make("code", { textContent: name })),
      this.now,
    );
    const help = make("p", { className: "help", textContent: description, hidden: !description });
    this.button = make("button", {
      type: "submit",
      textContent: this.fields.length ? "Send" : name,
    });
    if (this.fields.length) this.button.setAttribute("aria-label", `Send ${name}`);
    const buttons = make("div", { className: "buttons" }, this.button);
    if (this.setter) this.#buildSetter(buttons, description);
    this.error = make("p", { className: "error", attributes: { role: "alert" } });
    this.reply = make("p", { className: "reply", attributes: { role: "status" } });
    const fields = make(
      "div",
      { className: "fields" },
      ...this.fields.map((field) => field.element),
    );
    const body = make(
      "div",
      { className: "body" },
      ...(this.fields.length ? [fields, buttons] : [buttons, help]),
    );
    this.element = make("form", {
      className: "command",
      noValidate: true,
      attributes: { "aria-labelledby": id },
    });
    this.element.classList.toggle("bare", !this.fields.length);
    const isSingle = this.fields.length === 1; // Its button stands beside it, and its notes below both.
    this.element.classList.toggle("single", isSingle);
    const notes = isSingle ? this.fields[0].notes : [];
    this.element.append(
      title,
      ...(this.fields.length ? [help] : []),
      body,
      ...notes,
      this.error,
      this.reply,
    );
    this.element.dataset.command = name;
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** A setter is called like its argument: that is not said twice. */
  #buildSetter(buttons, description) {
    const { name, description: own, default: preset, required } = this.setter.parameter;
    this.setter.element.classList.toggle("setter", !required);
    this.setter.help.hidden = !own || own === description;
    if (preset === undefined) return;
    const reset = make("button", { type: "button", className: "quiet", textContent: "Default" });
    reset.setAttribute("aria-label", `${name}: back to the default`);
    reset.addEventListener("click", () => this.#reset());
    buttons.append(reset);
  }

  #clear() {
    this.error.textContent = "";
    for (const field of this.fields) field.complain("");
  }

  #onChange(input, isFinal) {
    if (!this.setter?.isSlider || input !== this.setter.input) return;
    if (isFinal) {
      clearTimeout(this.#throttle);
      this.#throttle = 0;
      this.#slide();
      this.#ask();
    } else if (this.#throttle) {
      this.#isDue = true;
    } else {
      this.#slide();
      this.#wait();
    }
  }

  #wait() {
    this.#isDue = false;
    this.#throttle = setTimeout(() => {
      this.#throttle = 0;
      if (!this.#isDue) return;
      this.#slide();
      this.#wait();
    }, THROTTLE_MS);
  }

  /** Send where the slider is, unless that has been sent already. */
  #slide() {
    const value = this.setter.read();
    if (this.#last === String(value)) return;
    this.#trySend({ [this.setter.parameter.name]: value }, {});
    this.#last = String(value);
  }

  #reset() {
    this.setter.set(this.setter.parameter.default);
    this.#last = "";
    this.#trySend({}, {});
    this.#ask();
  }

  async #submit() {
    const data = {};
    const uploads = {};
    this.reply.textContent = "";
    this.#clear();
    this.#last = "";
    for (const field of this.fields) {
      const { name, kind } = field.parameter;
      try {
        const value = field.read();
        if (value === undefined) continue;
        if (kind === "upload") uploads[name] = await this.#upload(value);
        else data[name] = value;
      } catch (error) {
        this.fail(Object.assign(Problem.of(error), { param: name }));
        return;
      }
    }
    this.#trySend(data, uploads);
    this.#ask();
  }

  async #upload(file) {
    this.button.disabled = true;
    this.reply.textContent = `Uploading ${file.name}, ${file.size} bytes.`;
    try {
      return await this.to.upload(file);
    } finally {
      this.reply.textContent = "";
      this.button.disabled = false;
    }
  }

  #trySend(data, uploads) {
    try {
      const id = this.to.send(this.command.name, data, uploads);
      this.#sent.add(id);
      if (this.#sent.size > REMEMBERED) this.#sent.delete(this.#sent.values().next().value);
      for (const field of this.fields) field.isDirty = false;
      this.#latest = numberOf(id);
    } catch (error) {
      this.fail(Problem.of(error));
      return;
    }
    clearTimeout(this.#quiet);
    // A server need not answer a command that worked, nor tell its state.
    this.#quiet = setTimeout(() => this.succeed(), this.hasFiles ? QUIET_UPLOAD_MS : QUIET_MS);
  }

  #ask() {
    try {
      this.to.ask();
    } catch {
      // The command itself has said so already.
    }
  }

  #hold(seconds) {
    this.button.disabled = true;
    this.reply.textContent = `May be sent again in ${seconds} s.`;
    setTimeout(() => {
      this.button.disabled = false;
      this.reply.textContent = "";
    }, seconds * 1000);
  }
}
