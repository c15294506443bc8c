// The model's videos, and what is sent to it.

import { freshId, make } from "./dom.js";

const WIDTH = 320;
const HEIGHT = 240;
const FPS = 15;

/** A picture that is drawn, for where there is no camera; returns its stream. */
export function testPicture() {
  const canvas = make("canvas", { width: WIDTH, height: HEIGHT });
  const brush = canvas.getContext("2d");
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const bars = ["#e8e8e8", "#d8c24a", "#4ab7c9", "#5aa868", "#b45a9c", "#c2513f", "#3f58b4"];
  let step = 0;
  const draw = () => {
    bars.forEach((colour, place) => {
      brush.fillStyle = colour;
      brush.fillRect((place * WIDTH) / bars.length, 0, WIDTH / bars.length + 1, HEIGHT);
    });
    brush.fillStyle = "#ffffff";
    brush.beginPath();
    brush.arc((step * 3) % WIDTH, HEIGHT / 2, 20, 0, 2 * Math.PI);
    brush.fill();
    if (!isStill) step += 1;
  };
  draw();
  const stream = canvas.captureStream(FPS);
  const drawing = setInterval(draw, 1000 / FPS);
  const [track] = stream.getVideoTracks();
  const stop = track.stop.bind(track);
  track.stop = () => {
    clearInterval(drawing);
    stop();
  };
  return stream;
}

/** The outputs of a model, one video each. `flow(name, flows)` pauses and resumes them. */
export class Outputs {
  constructor(home, flow) {
    this.home = home;
    this.flow = flow;
    this.screens = new Map();
  }

  /** Make room for these tracks; those that are there already stay as they are. */
  show(tracks) {
    const names = tracks
      .filter(({ direction }) => direction === "recvonly")
      .map(({ name }) => name);
    if (names.join() === [...this.screens.keys()].join() && names.length) return;
    this.screens.clear();
    this.home.replaceChildren(...names.map((name) => this.#figure(name)));
    if (!names.length)
      this.home.append(make("p", { className: "help", textContent: "The model sends no video." }));
  }

  /** The frames of an output. */
  play(name, stream) {
    const screen = this.screens.get(name);
    if (screen) screen.video.srcObject = stream;
  }

  /** Whether frames can come: every output flows at first. */
  enable(isReady) {
    for (const [name, { button, video }] of this.screens) {
      button.disabled = !isReady;
      this.#press(button, false);
      if (isReady) this.flow(name, true);
      else video.srcObject = null;
    }
  }

  #figure(name) {
    const id = freshId("output");
    const video = make("video", { autoplay: true, muted: true, playsInline: true });
    video.setAttribute("aria-labelledby", id);
    video.dataset.track = name;
    const button = make("button", {
      type: "button",
      disabled: true,
      className: "quiet",
      textContent: "Pause",
    });
    button.setAttribute("aria-label", `Pause ${name}`);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const pauses = button.getAttribute("aria-pressed") !== "true";
      this.#press(button, pauses);
      this.flow(name, !pauses);
    });
    this.screens.set(name, { video, button });
    return make(
      "figure",
      {},
      make("div", { className: "screen" }, video),
      make("figcaption", {}, make("code", { id, textContent: name }), button),
    );
  }

  #press(button, isPaused) {
    button.setAttribute("aria-pressed", String(isPaused));
    button.textContent = isPaused ? "Paused" : "Pause";
  }
}

/** The inputs of a model. `publish(name, track)` is a promise, `unpublish(name)` too. */
export class Inputs {
  constructor(home, to) {
    this.home = home;
    this.to = to;
    this.senders = new Map();
  }

  /** Show these tracks; those that are there already stay as they are. */
  show(tracks) {
    const mine = tracks.filter(
      ({ direction, kind }) => direction === "sendonly" && kind === "video",
    );
    const names = mine.map(({ name }) => name);
    if (names.join() === [...this.senders.keys()].join()) return;
    this.senders = new Map(names.map((name) => [name, new Sender(name, this.to)]));
    this.home.replaceChildren(...[...this.senders.values()].map(({ element }) => element));
  }

  /** Whether something can be sent. */
  enable(isReady) {
    for (const sender of this.senders.values()) sender.enable(isReady);
  }
}

class Sender {
  constructor(name, to) {
    this.name = name;
    this.to = to;
    this.#build();
  }

  #track = null;
  #isReady = false;
  #isBusy = false;
  #turn = 0;

  /** Whether something can be sent; what is being sent ends with the connection. */
  enable(isReady) {
    this.#isReady = isReady;
    if (!isReady) this.#release("Nothing is sent.");
    this.#refresh();
  }

  #build() {
    const button = (text, does) => {
      const made = make("button", { type: "button", textContent: text });
      made.setAttribute("aria-label", `${text}: ${this.name}`);
      made.addEventListener("click", does);
      return made;
    };
    this.camera = button("Camera", () => this.#publish(() => this.#ownCamera()));
    this.test = button("Test picture", () =>
      this.#publish(async () => ({ stream: testPicture(), why: "" })),
    );
    this.stop = button("Stop", () => this.#stop());
    this.note = make("p", {
      className: "help",
      textContent: "Nothing is sent.",
      attributes: { role: "status" },
    });
    this.preview = make("video", { autoplay: true, muted: true, playsInline: true });
    this.preview.setAttribute("aria-label", `What is sent as ${this.name}`);
    this.element = make(
      "figure",
      { className: "input" },
      make("div", { className: "screen small" }, this.preview),
      make(
        "figcaption",
        {},
        make("code", { textContent: this.name }),
        make("div", { className: "buttons" }, this.camera, this.test, this.stop),
        this.note,
      ),
    );
    this.element.dataset.track = this.name;
    this.#refresh();
  }

  async #publish(open) {
    this.#isBusy = true;
    this.#turn += 1;
    const turn = this.#turn;
    this.#refresh();
    let track = null;
    try {
      const { stream, why } = await open();
      [track] = stream.getVideoTracks();
      if (turn !== this.#turn) throw new Error("the connection is gone");
      await this.to.publish(this.name, track);
      if (turn !== this.#turn) throw new Error("the connection is gone");
      this.#track = track;
      this.preview.srcObject = stream;
      track.addEventListener("ended", () => this.#stop());
      this.note.textContent = why || "It is being sent.";
    } catch (error) {
      track?.stop();
      if (turn === this.#turn) this.note.textContent = `It is not sent: ${error.message}`;
    } finally {
      if (turn === this.#turn) this.#isBusy = false;
      this.#refresh();
    }
  }

  /** The camera's stream; where there is none, or none is allowed, a drawn one and the reason. */
  async #ownCamera() {
    try {
      if (!navigator.mediaDevices)
        throw new Error("only a page of this machine, or of HTTPS, may use one");
      return {
        stream: await navigator.mediaDevices.getUserMedia({
          video: { width: WIDTH, height: HEIGHT },
        }),
        why: "",
      };
    } catch (error) {
      return {
        stream: testPicture(),
        why: `No camera (${error.message}): a test picture is sent.`,
      };
    }
  }

  async #stop() {
    if (!this.#track) return;
    this.#release("Nothing is sent.");
    this.#refresh();
    await this.to.unpublish(this.name);
  }

  #release(note) {
    this.#turn += 1;
    this.#isBusy = false;
    this.#track?.stop();
    this.#track = null;
    this.preview.srcObject = null;
    this.note.textContent = note;
  }

  #refresh() {
    const isFree = this.#isReady && !this.#isBusy && !this.#track;
    const hadFocus = this.element.contains(document.activeElement);
    this.camera.disabled = !isFree;
    this.test.disabled = !isFree;
    this.stop.disabled = !(this.#isReady && this.#track);
    if (hadFocus) [this.stop, this.camera].find((one) => !one.disabled)?.focus();
  }
}
