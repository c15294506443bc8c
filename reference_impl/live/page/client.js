// A client of the live profile: its status, its session, and the connection to it.

import { Http, Problem } from "./http.js";
import { Wire, pause } from "./wire.js";

const POLLS = 20;
const ENDED = new Set(["CLOSED", "INACTIVE"]);
const GONE = new Set(["unknown_session", "session_closed"]);
const RESUME_WINDOW_S = 30;
const PATIENCE_MS = 120000;
const BUSY = new Set(["loading", "no_capacity"]);
const BY_MODEL = new Set(["finished", "model_error"]);

/**
 * The client. `on` has: status(status, step), problem(problem), session(descriptor or null),
 * stream(name, stream), message(object), note(direction, channel, text).
 */
export class Client {
  constructor(on) {
    this.on = on;
    this.http = new Http((text) => on.note("out", "http", text));
    this.status = "DISCONNECTED";
    this.session = null;
    this.wire = null;
    this.about = { key_required: false, models: [] };
    this.resumeUntil = 0;
    this.waitUntil = 0;
  }

  #attempt = null;
  #patientUntil = 0;
  #connection = null;
  #requestNumber = 0;

  /** Whether there is a session that may still be taken up again. */
  get canResume() {
    return this.status === "DISCONNECTED" && this.session !== null && Date.now() < this.resumeUntil;
  }

  /** Ask what the server speaks; a server that does not say needs no key. */
  async discover() {
    try {
      const { body } = await this.http.ask("GET", "/.well-known/risp");
      this.about = { ...this.about, ...body };
    } catch (error) {
      if (Problem.of(error).status !== 404) this.on.problem(Problem.of(error));
    }
    return this.about;
  }

  /** Exchange a key for a token that allows sessions with the server's models. Throws Problem. */
  async exchange(key) {
    const match = this.about.models.map(({ name }) => name);
    const detail = {
      type: "session",
      resources: { models: match.length ? { match } : { all: true } },
    };
    const { body } = await this.http.ask("POST", "/tokens", {
      headers: { "Reactor-API-Key": key },
      body: { authorization_details: [detail] },
    });
    this.http.token = body.jwt;
  }

  /** Open a session and connect to it. */
  async connect() {
    const keeps = false;
    await this.#try("Asking for a session.", keeps, async (signal) => {
      // It is not cut off: a session that was made and is not known could not be ended.
      const made = await this.#patiently(signal, () =>
        this.about.key_required ? this.#create() : this.#start(),
      );
      this.session = made;
      this.#connection = null;
      this.#to("WAITING", "There is a session.");
      signal.throwIfAborted();
      this.session = await this.#placed(made, signal);
      this.on.session(this.session);
      await this.#patiently(signal, () => this.#open(signal));
    });
  }

  /** Connect again to a session that was dropped. */
  async resume() {
    if (!this.canResume) return;
    const keeps = true;
    await this.#try("Coming back to the session.", keeps, async (signal) => {
      this.#to("WAITING", "Connecting to the session again.");
      await this.#patiently(signal, () => this.#open(signal));
    });
  }

  /** Close the connection, and keep the session. */
  drop() {
    if (this.status === "READY") this.#lose("The connection was dropped.");
  }

  /** Give up a session that was dropped: its time is over. */
  forget() {
    this.session = null;
    this.resumeUntil = 0;
    this.on.session(null);
  }

  /** End the session, or the attempt to get one. */
  async disconnect() {
    if (this.#attempt) {
      this.#attempt.abort(); // What it has begun, it also ends.
      return;
    }
    this.#hangUp();
    await this.#end();
    this.#to("DISCONNECTED", "There is no session.");
  }

  /** End whatever local session runs on this machine. Throws Problem. */
  async stopLocal() {
    await this.http.ask("POST", "/stop_session", { body: {} });
  }

  /** Send a command; returns the id that answers to it repeat. Throws Problem. */
  command(name, data, uploads = {}) {
    const more = { request_id: this.#nextId() };
    if (Object.keys(uploads).length) more.uploads = uploads;
    this.#ready().say("application", name, data, more);
    return more.request_id;
  }

  /** Ask something of the protocol itself; returns the id that the answer repeats. Throws Problem. */
  question(type) {
    const id = this.#nextId();
    this.#ready().say("runtime", type, {}, { request_id: id });
    return id;
  }

  /** Upload a file; returns what commands name it by. Throws Problem. */
  async upload(file) {
    const wire = this.#ready();
    const about = {
      name: file.name || "upload",
      size: file.size,
      mime_type: file.type || "application/octet-stream",
    };
    const path = `/sessions/${encodeURIComponent(this.session.session_id)}/uploads`;
    const { body } = await this.http.ask("POST", path, { body: about });
    await this.http.put(body.presigned_url, file, about.mime_type);
    const reference = { upload_id: body.presigned_id, ...about };
    wire.say("runtime", "fileUploaded", reference);
    return reference;
  }

  #nextId() {
    this.#requestNumber += 1;
    return `page_${this.#requestNumber}`;
  }

  #ready() {
    if (this.status !== "READY")
      throw new Problem("There is no connection.", { code: "not_ready" });
    return this.wire;
  }

  #to(status, step) {
    this.status = status;
    this.on.status(status, step);
  }

  /** Do what leads to READY; else end the session, or keep it for another attempt, and say why. */
  async #try(step, keeps, work) {
    if (this.status !== "DISCONNECTED") return;
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#patientUntil = Date.now() + PATIENCE_MS;
    this.#to("CONNECTING", step);
    try {
      await work(attempt.signal);
      attempt.signal.throwIfAborted(); // It may have ended just as it was there.
      this.resumeUntil = 0;
      this.#attempt = null;
      this.#to("READY", "Commands and video go through.");
    } catch (error) {
      const wasStopped = error.name === "AbortError";
      if (error.code === "session_closed") {
        this.#attempt = null;
        this.#bury(error.message);
        return;
      }
      this.#hangUp();
      if (!wasStopped) this.on.problem(Problem.of(error));
      if (wasStopped || !keeps || GONE.has(error.code)) await this.#end();
      this.#attempt = null;
      this.#to("DISCONNECTED", wasStopped ? "There is no session." : "That did not work.");
    }
  }

  /** Ask; where the server says when to ask again, do that by itself, as long as it has patience. */
  async #patiently(signal, ask) {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const wait = Math.max(1, error.retryAfter) * 1000;
        if (!asksToWait(error) || Date.now() + wait > this.#patientUntil) throw error;
        this.#hangUp();
        await this.#wait(wait, error.message, signal);
      }
    }
  }

  async #wait(ms, why, signal) {
    this.waitUntil = Date.now() + ms;
    const step = `Not yet: ${why}.`;
    this.on.status(this.status, step);
    try {
      await pause(ms, signal);
    } finally {
      this.waitUntil = 0;
    }
    this.on.status(this.status, step);
  }

  async #start() {
    return (await this.http.ask("POST", "/start_session", { body: {} })).body;
  }

  async #create() {
    const [model] = this.about.models;
    const body = {
      model: { name: model?.name ?? "" },
      client_info: { sdk_version: "1", sdk_type: "js" },
      supported_transports: [{ protocol: "webrtc", version: "1.0" }],
    };
    return (await this.http.ask("POST", "/sessions", { body })).body;
  }

  /** The session once it has a place. */
  async #placed(made, signal) {
    let found = made;
    let wait = 200;
    for (let polls = 0; polls < POLLS; polls += 1) {
      if (found.selected_transport && found.capabilities) return found;
      if (ENDED.has(found.state)) break;
      this.#to("WAITING", `Waiting for a place; the session is ${found.state}.`);
      await pause(wait, signal);
      wait = Math.min(wait * 2, 10000);
      const path = `/sessions/${encodeURIComponent(made.session_id)}`;
      const asked = () => this.http.ask("GET", path, { signal });
      found = (await this.#patiently(signal, asked)).body;
    }
    throw new Problem("No place became free.", { code: "no_capacity" });
  }

  async #open(signal) {
    const wire = new Wire(this.http, this.session, {
      step: (text) => this.on.status(this.status, text),
      stream: this.on.stream,
      note: this.on.note,
      message: (message) => this.#onMessage(wire, message),
      lost: (why) => this.#lose(why),
    });
    this.wire = wire;
    await wire.open(this.#connection, signal);
    this.#connection = wire.connection;
  }

  #onMessage(wire, message) {
    if (wire !== this.wire) return;
    this.on.message(message);
    const { scope, data } = message ?? {};
    if (scope === "runtime" && data?.type === "sessionEnded")
      this.#over(String(data.data?.reason ?? ""));
  }

  #over(reason) {
    const detail = `the session has ended: ${reason}`;
    if (this.#attempt) this.#attempt.abort(new Problem(detail, { code: "session_closed" }));
    else this.#bury(detail);
  }

  /** The session is over by the server's word: there is nothing to end, and nothing to resume. */
  #bury(detail) {
    this.#hangUp();
    this.session = null;
    this.resumeUntil = 0;
    this.on.session(null);
    this.#to("DISCONNECTED", whyEnded(detail));
  }

  #lose(why) {
    this.#hangUp();
    const seconds = this.session?.resume_window_s ?? RESUME_WINDOW_S;
    this.resumeUntil = Date.now() + seconds * 1000;
    this.#to("DISCONNECTED", `${why} The session is kept for now.`);
  }

  #hangUp() {
    this.wire?.close();
    this.wire = null;
  }

  async #end() {
    const ended = this.session;
    this.session = null;
    this.resumeUntil = 0;
    this.on.session(null);
    if (!ended) return;
    try {
      await this.http.ask("DELETE", `/sessions/${encodeURIComponent(ended.session_id)}`);
    } catch (error) {
      if (!GONE.has(error.code)) this.on.problem(Problem.of(error));
    }
  }
}

/** Whether a refusal only means later. */
function asksToWait({ status, code, retryAfter }) {
  if (typeof retryAfter !== "number") return false;
  return status === 429 || (status === 503 && BUSY.has(code));
}

/** What a server says of a session's end, with what a human can do about it. */
function whyEnded(detail) {
  const reason = /ended: *(.+)$/.exec(detail)?.[1] ?? "";
  if (BY_MODEL.has(reason))
    return `The model has ended the session: ${reason}; the server's log says more.`;
  return reason ? `The session has ended: ${reason}.` : "The session has ended.";
}
