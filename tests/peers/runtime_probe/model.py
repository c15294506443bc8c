"""The probe of tests/live_models.py for reactor-runtime 3.10.0: the same commands and colours.

Imported in that runtime's own environment, where RISP is not.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from reactor_runtime import (  # type: ignore[import-not-found]  # it lives in .venv-runtime
    Input,
    InputField,
    InputState,
    ModelMessage,
    Output,
    ReactorPipeline,
    UploadedFile,
    Video,
    event,
)

STALE_S = 0.2
"""After so many seconds without a frame nobody publishes: the runtime does not tell a model."""


class ProbeInput(Input):  # type: ignore[misc]  # no types from there, here and below
    webcam: Video


class ProbeOutput(Output):  # type: ignore[misc]
    main_video: Video


class PromptSet(ModelMessage):  # type: ignore[misc]
    prompt: str
    length: int


class Snapshot(ModelMessage):  # type: ignore[misc]
    prompt: str
    action: str
    brightness: float
    seed: int
    derived: str


class Sum(ModelMessage):  # type: ignore[misc]
    total: int


class Got(ModelMessage):  # type: ignore[misc]
    file_name: str
    size: int
    first: int


@dataclass
class ProbeState(InputState):  # type: ignore[misc]
    prompt: str = InputField(default="a sunny meadow", min_length=1, max_length=20)
    action: str = InputField(default="idle", choices=["idle", "left", "right", "jump"])
    brightness: float = InputField(default=1.0, ge=0.0, le=2.0)
    seed: int = InputField(default=42, description="Random seed")
    _derived: Any = None


class Probe(ReactorPipeline):  # type: ignore[misc]
    """Shows its state in the colour of its frames: red is the brightness, green the webcam's."""

    state: ProbeState
    input: ProbeInput
    fps = 30
    size = (240, 320)

    def load(self, config_path: Any) -> None:
        """There are no weights."""

    @event(name="set_prompt", description="Scene prompt")  # type: ignore[untyped-decorator]
    def set_prompt(self, prompt: str = InputField(default="", max_length=20)) -> PromptSet:
        self.state.prompt = prompt
        self.state._derived = prompt.upper()
        return PromptSet(prompt=prompt, length=len(prompt))

    @event(name="get_state", description="Snapshot of the state")  # type: ignore[untyped-decorator]
    def get_state(self) -> Snapshot:
        s = self.state
        return Snapshot(
            prompt=s.prompt,
            action=s.action,
            brightness=s.brightness,
            seed=s.seed,
            derived=str(s._derived),
        )

    @event(name="add", description="Adds two integers")  # type: ignore[untyped-decorator]
    def add(self, a: int, b: int = InputField(default=1, ge=0, le=10)) -> Sum:
        return Sum(total=a + b)

    @event(name="set_image", description="Takes an upload")  # type: ignore[untyped-decorator]
    def set_image(self, image: UploadedFile, caption: str = "none") -> Got:
        return Got(file_name=image.name, size=len(image.data), first=image.data[0])

    def inference(self) -> Iterator[Any]:
        green, seen = 0, 0.0
        while True:
            frames = self.input.webcam.try_read()
            now = time.monotonic()
            if frames:
                green, seen = int(frames[-1].data[:, :, 1].mean()), now
            picture = np.zeros((*self.size, 3), np.uint8)
            picture[:, :, 0] = int(100 * self.state.brightness)
            picture[:, :, 1] = green if now - seen < STALE_S else 0
            yield ProbeOutput(main_video=picture)
