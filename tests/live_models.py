"""Models for tests: one that shows all that a client can do to it, and some that misbehave."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from risp.reference_impl.interface import (
    Input,
    InputField,
    InputState,
    LiveModel,
    ModelMessage,
    Output,
    UploadedFile,
    Video,
    event,
)


class ProbeInput(Input):
    webcam: Video


class ProbeOutput(Output):
    main_video: Video


class PromptSet(ModelMessage):
    prompt: str
    length: int


class Snapshot(ModelMessage):
    prompt: str
    action: str
    brightness: float
    seed: int
    derived: str


class Sum(ModelMessage):
    total: int


class Got(ModelMessage):
    file_name: str
    size: int
    first: int


class Lifecycle(ModelMessage):
    what: str


@dataclass
class ProbeState(InputState):
    prompt: str = InputField(default="a sunny meadow", min_length=1, max_length=20)
    action: str = InputField(default="idle", choices=["idle", "left", "right", "jump"])
    brightness: float = InputField(default=1.0, ge=0.0, le=2.0)
    seed: int = InputField(default=42, description="Random seed")
    _derived: Any = None


class Probe(LiveModel):
    """Shows its state in the colour of its frames: red is the brightness, green the webcam's."""

    state: ProbeState
    input: ProbeInput
    output: ProbeOutput
    fps = 30
    size = (240, 320)

    @event(name="set_prompt", description="Scene prompt")
    def set_prompt(self, prompt: str = InputField(default="", max_length=20)) -> PromptSet:
        self.state.prompt = prompt
        self.state._derived = prompt.upper()
        return PromptSet(prompt=prompt, length=len(prompt))

    @event(name="get_state", description="Snapshot of the state")
    def get_state(self) -> Snapshot:
        s = self.state
        return Snapshot(
            prompt=s.prompt,
            action=s.action,
            brightness=s.brightness,
            seed=s.seed,
            derived=str(s._derived),
        )

    @event(description="Adds two integers")
    def add(self, a: int, b: int = InputField(default=1, ge=0, le=10)) -> Sum:
        return Sum(total=a + b)

    @event(description="Takes an upload")
    def set_image(self, image: UploadedFile, caption: str = "none") -> Got:
        return Got(file_name=image.name, size=len(image.data), first=image.data[0])

    @event(description="Says something to all")
    def broadcast(self, text: str = "hi") -> None:
        self.send(Lifecycle(what=text))

    @event(description="Says something to all, then replies")
    def announce(self) -> Sum:
        self.send(Lifecycle(what="announced"))
        return Sum(total=0)

    @event(description="Changes the seed, then fails")
    def crash(self) -> None:
        self.state.seed = -1
        raise ValueError("as it was asked to")

    @event(description="Ends the model's run")
    def finish(self) -> None:
        self.state._derived = "finish"

    def inference(self) -> Iterator[ProbeOutput]:
        while self.state._derived != "finish":
            frame = np.zeros((*self.size, 3), np.uint8)
            frame[:, :, 0] = int(100 * self.state.brightness)
            webcam = self.input.webcam
            if webcam is not None:
                frame[:, :, 1] = int(webcam[:, :, 1].mean())
            yield ProbeOutput(main_video=frame)


class Slideshow(Probe):
    """A picture that changes everywhere, at a rate that twenty sessions can have at one time."""

    fps = 15

    def inference(self) -> Iterator[ProbeOutput]:
        height, width = self.size
        rows, columns = np.mgrid[0:height, 0 : 2 * width]
        waves = 127 + 120 * np.sin((rows + columns % width) / 15)
        bars = np.where(columns % 80 < 20, 255, 0)
        scene = np.stack([waves, 255 - waves, bars], axis=2).astype(np.uint8)
        step = 0
        while True:
            step = (step + 5) % width
            yield ProbeOutput(main_video=scene[:, step : step + width])


class SlowToLoad(Probe):
    def load(self) -> None:
        time.sleep(1.5)


class NeverLoads(Probe):
    def load(self) -> None:
        raise RuntimeError("no weights")
