"""The model that serves where none is given: something of everything, drawn with NumPy.

The left half is one colour, `COLOURS[action]` times half the brightness. The right half is the
webcam, inverted, or a bar that moves on a black ground while there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .modelling.base import LiveModel
from .modelling.events import event
from .modelling.fields import InputField
from .modelling.files import UploadedFile
from .modelling.messages import ModelMessage
from .modelling.state import InputState
from .modelling.tracks import Frame, Input, Output, Video

HEIGHT, WIDTH = 240, 320
IDLE, LEFT, RIGHT, JUMP = (200, 80, 40), (40, 200, 80), (80, 40, 200), (200, 200, 40)
COLOURS = {"idle": IDLE, "left": LEFT, "right": RIGHT, "jump": JUMP}


class ToyInput(Input):
    """What a client may send."""

    webcam: Video


class ToyOutput(Output):
    """What a client sees."""

    main_video: Video


class Snapshot(ModelMessage):
    """The state as it is."""

    prompt: str
    brightness: float
    action: str
    seed: int


class Got(ModelMessage):
    """A file has arrived."""

    file_name: str
    size: int


class Said(ModelMessage):
    """What somebody has told everybody."""

    text: str


@dataclass
class ToyState(InputState):
    """What steers the picture."""

    prompt: str = InputField(default="a sunny meadow", min_length=1, max_length=200)
    brightness: float = InputField(default=1.0, ge=0.0, le=2.0, description="1 is half of it all.")
    action: str = InputField(default="idle", choices=list(COLOURS))
    seed: int = InputField(default=42, ge=0, description="Where the bar begins.")


class Toy(LiveModel):
    """Draw a colour and a bar, and the webcam turned into its negative."""

    state: ToyState
    input: ToyInput

    @event(description="Tell the state.")
    def get_state(self) -> Snapshot:
        """Tell the state."""
        state = self.state
        return Snapshot(
            prompt=state.prompt, brightness=state.brightness, action=state.action, seed=state.seed
        )

    @event(description="Take a picture, and say what has come.")
    def set_image(self, image: UploadedFile) -> Got:
        """Take a picture."""
        return Got(file_name=image.name, size=len(image.data))

    @event(description="Tell everybody who is connected.")
    def broadcast(self, text: str = InputField(default="hello", max_length=200)) -> None:
        """Tell everybody."""
        self.send(Said(text=text))

    def inference(self) -> Iterator[ToyOutput]:
        """Draw one frame after the other."""
        step = 0
        while True:
            yield ToyOutput(main_video=self.draw(step))
            step += 1

    def draw(self, step: int) -> Frame:
        """Draw the frame of a step."""
        frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        left, right = frame[:, : WIDTH // 2], frame[:, WIDTH // 2 :]
        colour = np.array(COLOURS[self.state.action]) * self.state.brightness / 2
        left[:] = np.minimum(colour, 255)
        webcam = self.input.webcam
        if webcam is None:
            at = (self.state.seed + 4 * step) % (WIDTH // 2)
            right[:, at : at + 16] = 200
        else:
            rows = np.arange(HEIGHT) * webcam.shape[0] // HEIGHT
            columns = np.arange(WIDTH // 2) * webcam.shape[1] // (WIDTH // 2)
            right[:] = 255 - webcam[rows][:, columns]
        return frame
