// One connection of a session: the offer, the candidates, two channels, and the tracks.

import { Problem } from "./http.js";

const PING_MS = 5000; // L-CLIENT-1
const ANSWER_MS = 12000;
const OPEN_MS = 20000;
const PUBLISH_MS = 10000;
const BATCH_MS = 25;
const BATCH = 32;
const CLIENT_INFO = { sdk_version: "1", sdk_type: "js" };

/** Wait; throws the signal's reason as soon as it stops. */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });
}

/**
 * A connection. `on` has: step(text), stream(name, stream), message(object),
 * note(direction, channel, text), lost(why).
 */
export class Wire {
  constructor(http, session, on) {
    this.connection = null;
    this.transceivers = new Map();
    this.on = on;
    this.isClosed = false;
    this.isOpen = false;
    this.tracks = session.capabilities?.tracks ?? [];
    this.#http = http;
    this.#base = `/sessions/${encodeURIComponent(session.session_id)}/transport/webrtc`;
  }

  #http;
  #base;
  #peer = null;
  #channels = {};
  #pinging = 0;
  #requests = new Map();
  #requestNumber = 0;
  #candidates = [];
  #gathered = false;
  #batching = 0;
  #trickles = false;

  /** Connect; with `known`, the connection of that id is taken up again. Throws Problem. */
  async open(known, signal) {
    this.on.step("Asking how to connect.");
    const ice = await this.#http.ask("GET", `${this.#base}/ice_servers`, { signal });
    const peer = this.#makePeer(ice.body?.ice_servers ?? []);
    const opened = this.#opened(signal);
    opened.catch(() => {}); // It may fail before it is waited for.
    if (known === null) {
      const made = await this.#http.ask("POST", `${this.#base}/connections`, { signal });
      this.connection = made.body.connection_id;
    } else {
      this.connection = known;
    }
    await peer.setLocalDescription();
    this.on.step("Making an offer.");
    await this.#http.ask(known === null ? "POST" : "PUT", `${this.#path}/sdp_params`, {
      body: {
        sdp_offer: peer.localDescription.sdp,
        client_info: CLIENT_INFO,
        track_mapping: this.#mapping(),
      },
      signal,
    });
    this.#trickles = true;
    this.#batch();
    this.on.step("Waiting for the answer.");
    const sdp = await this.#answer(signal);
    await peer.setRemoteDescription({ type: "answer", sdp });
    this.on.step("Looking for a way to the server.");
    await opened;
    this.isOpen = true;
    this.#pinging = setInterval(() => this.say("runtime", "ping", {}), PING_MS);
  }

  /** Close everything; nothing is told of it. */
  close() {
    this.isClosed = true;
    clearInterval(this.#pinging);
    clearTimeout(this.#batching);
    for (const { reject } of this.#requests.values())
      reject(new Problem("The connection was closed."));
    this.#requests.clear();
    this.#peer?.close();
  }

  /** Send a message on `data`. Throws Problem where that cannot be. */
  say(scope, type, data, more = {}) {
    this.#send("data", { scope, data: { type, data, ...more } }, type !== "ping");
  }

  /** Let the frames of an output come, or stop them. */
  flow(name, flows) {
    this.#notify(flows ? "resume_track" : "pause_track", name);
  }

  /** Ask to publish an input, then send the track's frames. Throws Problem. */
  async publish(name, track) {
    this.#requestNumber += 1;
    const id = `ctrl_${this.#requestNumber}`;
    const answered = new Promise((resolve, reject) => this.#requests.set(id, { resolve, reject }));
    this.#send("control", {
      type: "request",
      method: "publish_track",
      request_id: id,
      data: { name },
    });
    const late = setTimeout(
      () => this.#settle(id, new Problem("The server does not answer.")),
      PUBLISH_MS,
    );
    try {
      await answered;
    } finally {
      clearTimeout(late);
    }
    await this.transceivers.get(name)?.sender.replaceTrack(track);
  }

  /** Publish an input no longer. */
  async unpublish(name) {
    if (this.isClosed) return;
    this.#notify("unpublish_track", name);
    await this.transceivers.get(name)?.sender.replaceTrack(null);
  }

  get #path() {
    return `${this.#base}/connections/${this.connection}`;
  }

  #notify(event, name) {
    this.#send("control", { type: "notification", event, data: { name } });
  }

  #makePeer(servers) {
    const iceServers = servers.map(({ uris, credentials }) => ({
      urls: uris,
      ...(credentials ? { username: credentials.username, credential: credentials.password } : {}),
    }));
    const peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#peer = peer;
    const names = new Map();
    for (const { name, kind, direction } of this.tracks) {
      const transceiver = peer.addTransceiver(kind, { direction });
      this.transceivers.set(name, transceiver);
      names.set(transceiver, name);
    }
    for (const label of ["control", "data"]) {
      const channel = peer.createDataChannel(label);
      channel.binaryType = "arraybuffer";
      channel.addEventListener("message", (event) => this.#onMessage(label, event.data));
      this.#channels[label] = channel;
    }
    peer.addEventListener("track", ({ transceiver, track }) => {
      this.on.stream(names.get(transceiver), new MediaStream([track]));
    });
    peer.addEventListener("icecandidate", ({ candidate }) => this.#onCandidate(candidate));
    return peer;
  }

  /** Settles when both channels are open, or will not be. Later ends are told as lost. */
  #opened(signal) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => end("No way to the server was found in time."), OPEN_MS);
      const check = () => {
        if (!Object.values(this.#channels).every((channel) => channel.readyState === "open"))
          return;
        clearTimeout(late);
        resolve();
      };
      const end = (why) => {
        clearTimeout(late);
        reject(new Problem(why, { code: "connection_failed" }));
        if (this.isOpen && !this.isClosed) this.on.lost(why);
      };
      for (const channel of Object.values(this.#channels)) {
        channel.addEventListener("open", check);
        channel.addEventListener("close", () => end("The server closed the connection."));
      }
      this.#peer.addEventListener("connectionstatechange", () => {
        const state = this.#peer.connectionState;
        if (state === "failed") end("The connection was lost.");
        if (state === "disconnected" && this.isOpen) this.on.step("The connection is interrupted.");
        if (state === "connected" && this.isOpen) this.on.step("Commands and video go through.");
      });
      signal.addEventListener("abort", () => {
        clearTimeout(late);
        reject(signal.reason);
      });
    });
  }

  #mapping() {
    return this.tracks.map(({ name, kind, direction }) => ({
      mid: this.transceivers.get(name).mid,
      name,
      kind,
      direction,
    }));
  }

  async #answer(signal) {
    const until = performance.now() + ANSWER_MS;
    // L-CLIENT-7: not all too often, and less often each time
    for (let wait = 100; performance.now() < until; wait = Math.min(wait * 1.4, 2000)) {
      const { status, body } = await this.#http.ask("GET", `${this.#path}/sdp_params`, { signal });
      if (status === 200 && body) return body.sdp_answer;
      await pause(wait, signal);
    }
    throw new Problem("The server has no answer to the offer.", { code: "no_answer" });
  }

  #onCandidate(candidate) {
    if (candidate === null) {
      this.#gathered = true;
    } else if (candidate.candidate) {
      const { candidate: line, sdpMid, sdpMLineIndex } = candidate;
      this.#candidates.push({ candidate: line, sdp_mid: sdpMid, sdp_mline_index: sdpMLineIndex });
    }
    this.#batch();
  }

  /** Hand over the candidates that have come, a little later: more may come at once. */
  #batch() {
    if (!this.#trickles || this.#batching || this.isClosed) return;
    if (!this.#candidates.length && !this.#gathered) return;
    this.#batching = setTimeout(async () => {
      const candidates = this.#candidates.splice(0, BATCH);
      const isFinal = this.#gathered && !this.#candidates.length;
      try {
        await this.#http.ask("POST", `${this.#path}/ice_candidates`, {
          body: { candidates, is_final: isFinal, client_info: CLIENT_INFO },
        });
      } catch (error) {
        this.on.note("in", "http", Problem.of(error).message); // The way may be found without them.
      }
      if (isFinal) this.#gathered = false;
      this.#batching = 0;
      this.#batch();
    }, BATCH_MS);
  }

  #send(label, message, noted = true) {
    const channel = this.#channels[label];
    if (channel?.readyState !== "open") {
      if (message.data?.type === "ping") return;
      throw new Problem("There is no connection.", { code: "not_ready" });
    }
    const text = JSON.stringify(message);
    // L-CLIENT-6: what the answer announces
    const most = this.#peer.sctp?.maxMessageSize ?? 262144;
    if (new TextEncoder().encode(text).length > most) {
      throw new Problem(`The message is larger than ${most} bytes.`, { code: "too_large" });
    }
    channel.send(text);
    if (noted) this.on.note("out", label, text);
  }

  #onMessage(label, raw) {
    const text = typeof raw === "string" ? raw : new TextDecoder().decode(raw);
    this.on.note("in", label, text);
    let message = null;
    try {
      message = JSON.parse(text);
    } catch {
      return; // It stands in the log as it came.
    }
    if (label === "control") this.#onResponse(message);
    else this.on.message(message);
  }

  #onResponse({ type, request_id: id, error } = {}) {
    if (type !== "response") return;
    this.#settle(
      id,
      error ? new Problem(String(error.message), { code: String(error.code) }) : null,
    );
  }

  #settle(id, problem) {
    const waiting = this.#requests.get(id);
    this.#requests.delete(id);
    if (problem) waiting?.reject(problem);
    else waiting?.resolve();
  }
}
