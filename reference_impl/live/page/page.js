// The page: what is shown of the client, and what is done with it.

import { Client } from "./client.js";
import { Controls } from "./controls.js";
import { byId, make } from "./dom.js";
import { Problem } from "./http.js";
import { Log } from "./log.js";
import { Inputs, Outputs } from "./media.js";

const TICK_MS = 250;
const HINTS = {
  key: "If this is a token, choose \u201cI have a token\u201d.",
  token: "If this is a key, choose \u201cI have an API key\u201d: it is exchanged for a token.",
};

const log = new Log(byId("log"), byId("filter"), byId("clear"), byId("log-note"));
const client = new Client({
  status: onStatus,
  problem: showProblem,
  session: onSession,
  stream: (name, stream) => outputs.play(name, stream),
  message: onMessage,
  note: (direction, channel, text) => log.add(direction, channel, text),
});
const controls = new Controls(byId("controls"), {
  send: (name, data, uploads) => client.command(name, data, uploads),
  ask: () => client.question("requestState"),
  upload: (file) => client.upload(file),
});
const outputs = new Outputs(byId("outputs"), (name, flows) => client.wire?.flow(name, flows));
const inputs = new Inputs(byId("inputs"), {
  publish: async (name, track) => client.wire?.publish(name, track),
  unpublish: async (name) => client.wire?.unpublish(name),
});
const buttons = ["connect", "disconnect", "drop", "resume"].map(byId);
let retryAt = 0;
let wasReady = false;
let entered = ""; // what the field last held, until that has worked

function onStatus(status, step) {
  const isReady = status === "READY";
  byId("lamp").textContent = byId("word").textContent = status;
  byId("lamp").dataset.status = status;
  if (byId("step").textContent !== step) byId("step").textContent = step; // Read out only once.
  if (isReady !== wasReady) {
    wasReady = isReady;
    if (isReady) onReady();
    else onGone();
  }
  refresh();
}

function onReady() {
  entered = "";
  clearProblem();
  client.question("requestSchema");
  outputs.enable(true); // L-CLIENT-3: outputs start paused
  inputs.enable(true);
  client.question("requestState");
}

function onGone() {
  controls.forget();
  outputs.enable(false);
  inputs.enable(false);
}

function onSession(session) {
  showFacts(session);
  if (!session) return;
  byId("model").textContent = session.model?.name ?? "";
  outputs.show(session.capabilities?.tracks ?? []);
  inputs.show(session.capabilities?.tracks ?? []);
}

/** The rows are always there, so that nothing moves when they are filled. */
function showFacts(session) {
  const { name = "", version = "" } = session?.model ?? {};
  const ends = session?.expires_at ? new Date(session.expires_at * 1000).toLocaleTimeString() : "";
  const rows = [
    ["Session", session?.session_id],
    ["Model", `${name} ${version}`.trim()],
    ["Ends by", ends],
  ];
  byId("facts").replaceChildren(
    ...rows.map(([term, text]) =>
      make(
        "div",
        {},
        make("dt", { textContent: term }),
        make("dd", { textContent: text || "\u2013" }),
      ),
    ),
  );
}

function onMessage({ scope, data } = {}) {
  if (typeof data !== "object" || data === null) return;
  if (scope === "application") {
    controls.said(data);
  } else if (data.type === "modelSchema") {
    byId("no-commands").hidden = true;
    controls.show(data.data);
  } else if (data.type === "modelState") {
    controls.state(data.data ?? {}, data.request_id);
  } else if (data.type === "commandRejected" && data.data && !controls.rejected(data.data)) {
    showProblem(new Problem(String(data.data.message), data.data));
  }
}

function showProblem(problem) {
  const where = [problem.code, problem.param, problem.status || ""]
    .filter(Boolean)
    .join(" \u00b7 ");
  byId("problem").replaceChildren(
    make("p", { textContent: problem.message }),
    ...(where ? [make("p", { className: "code", textContent: where })] : []),
    ...(problem.status === 401 && entered ? [make("p", { textContent: HINTS[entered] })] : []),
  );
  byId("remedy").hidden = problem.code !== "session_running";
  if (problem.retryAfter !== null && problem.retryAfter !== undefined) {
    // L-CLIENT-9: until then, what was refused cannot be asked for again
    retryAt = Date.now() + problem.retryAfter * 1000;
  }
  if (problem.status === 401) client.http.token = "";
  refresh();
}

function clearProblem() {
  byId("problem").replaceChildren();
  byId("remedy").hidden = true;
}

/** Which buttons work now, and what the clocks say. */
function refresh() {
  const [connect, disconnect, drop, resume] = buttons;
  const active = document.activeElement;
  const isOff = client.status === "DISCONNECTED";
  const waits = Date.now() < retryAt;
  const isHeld = isOff && client.session !== null && client.resumeUntil > 0;
  if (isHeld && !client.canResume) forget();
  connect.disabled = !isOff || waits || client.canResume;
  disconnect.disabled = isOff && !client.canResume;
  drop.disabled = client.status !== "READY";
  resume.disabled = !client.canResume || waits;
  byId("controls").disabled = client.status !== "READY";
  byId("access").hidden = !(client.about.key_required && !client.http.token);
  byId("countdown").textContent = clocks(waits);
  if (active?.disabled && buttons.includes(active))
    [resume, connect, disconnect].find((one) => !one.disabled)?.focus();
}

function forget() {
  client.forget();
  byId("step").textContent = "The time to resume the session is over.";
}

function clocks(waits) {
  const left = (until) => Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const said = [];
  if (client.canResume) said.push(`The session can be resumed for ${left(client.resumeUntil)} s.`);
  if (client.waitUntil) said.push(`The next attempt is in ${left(client.waitUntil)} s.`);
  if (waits) said.push(`The server asks to wait: ${left(retryAt)} s.`);
  return said.join(" ");
}

/** Do what needs a session, with a token where one is due. */
async function go(does) {
  clearProblem();
  try {
    if (client.about.key_required && !client.http.token) await enter();
  } catch (error) {
    showProblem(Problem.of(error));
    byId("secret").focus();
    return;
  }
  await does();
}

const connect = () => go(() => client.connect());
const resume = () => go(() => client.resume());

/** Take the token that was entered, or exchange the key; the field is empty afterwards. */
async function enter() {
  const field = byId("secret");
  const secret = field.value.trim();
  if (!secret) throw new Problem("A token or a key is due.");
  entered = byId("access").elements.kind.value;
  if (entered === "key") {
    await client.exchange(secret);
    entered = ""; // It was none other: what is refused from here on is not for that.
  } else client.http.token = secret;
  field.value = "";
}

byId("connect").addEventListener("click", connect);
byId("disconnect").addEventListener("click", () => client.disconnect());
byId("drop").addEventListener("click", () => client.drop());
byId("resume").addEventListener("click", resume);
byId("access").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!byId("resume").disabled) resume();
  else if (!byId("connect").disabled) connect();
});
byId("access").addEventListener("change", () => {
  byId("secret-label").textContent =
    byId("access").elements.kind.value === "key" ? "API key" : "Token";
});
byId("stop-other").addEventListener("click", async () => {
  clearProblem();
  try {
    await client.stopLocal();
    byId("step").textContent = "The other session has ended.";
  } catch (error) {
    showProblem(Problem.of(error));
  }
  byId("connect").focus();
});
setInterval(() => {
  if (client.resumeUntil || client.waitUntil || retryAt > Date.now() - 2 * TICK_MS) refresh();
}, TICK_MS);

showFacts(null);
const about = await client.discover();
if (about.models?.length) byId("model").textContent = about.models[0].name;
refresh();
