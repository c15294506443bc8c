// Requests to this server, and what it refuses them with.

const VERSIONS = {
  "Reactor-API-Version": "1",
  "Reactor-API-Accept-Version": "1",
  "Reactor-WebRTC-Version": "1.0",
};

/** Why something did not work: for a human, and for programs. */
export class Problem extends Error {
  constructor(detail, { code = "", param = "", status = 0, retryAfter = null } = {}) {
    super(detail);
    this.code = code;
    this.param = param;
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** What was thrown, as a Problem. */
  static of(error) {
    return error instanceof Problem ? error : new Problem(String(error?.message ?? error));
  }
}

/** Seconds that `Retry-After` says, as a number or as a date; null if it is absent. */
export function secondsOf(header, now = Date.now()) {
  if (!header) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}

/** Sends requests, with the token if there is one, and notes each of them. */
export class Http {
  constructor(note) {
    this.token = "";
    this.note = note;
  }

  /** Ask for JSON; returns `{status, body}`. Throws Problem, or why the signal stopped it. */
  async ask(method, path, { body, signal, headers = {} } = {}) {
    const all = { ...VERSIONS, ...headers };
    if (this.token && !("Reactor-API-Key" in headers)) all.Authorization = `Bearer ${this.token}`;
    if (body !== undefined) all["Content-Type"] = "application/json";
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.#fetch(path, { method, headers: all, body: text, signal });
    this.note(`${method} ${path} -> ${answer.status}`);
    const read = await readJson(answer);
    if (!answer.ok) throw refusal(answer, read);
    return { status: answer.status, body: read };
  }

  /** Put the bytes of a file at the URL that was given for it. Throws Problem. */
  async put(url, file, type) {
    const answer = await this.#fetch(url, {
      method: "PUT",
      headers: { "Content-Type": type },
      body: file,
    });
    // The URL is a secret as long as it works: it is not noted.
    this.note(`PUT of ${file.size} bytes -> ${answer.status}`);
    if (!answer.ok) throw refusal(answer, await readJson(answer));
  }

  async #fetch(url, options) {
    try {
      return await fetch(url, {
        ...options,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
      });
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      throw new Problem("The server cannot be reached.", { code: "unreachable" });
    }
  }
}

async function readJson(answer) {
  const text = await answer.text();
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function refusal(answer, body) {
  const detail =
    typeof body?.detail === "string" ? body.detail : `The server answered ${answer.status}.`;
  return new Problem(detail, {
    code: typeof body?.code === "string" ? body.code : "",
    param: typeof body?.param === "string" ? body.param : "",
    status: answer.status,
    retryAfter: secondsOf(answer.headers.get("Retry-After")),
  });
}
