"""A model that takes a webcam and gives it back changed.

Serve it with `risp serve --model examples.video_to_video:Mirror`, from the top of the tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from risp.reference_impl.interface import Input, InputField, InputState, LiveModel, Output, Video

HEIGHT, WIDTH = 240, 320
GREYS = (32, 96, 160, 224)
"""The test card, as long as nothing is published: four columns, from dark to light."""


class Webcam(Input):
    webcam: Video


class Picture(Output):
    main_video: Video


@dataclass
class Change(InputState):
    change: str = InputField(
        default="mirror",
        choices=["none", "mirror", "invert", "both"],
        description="What is done to the picture.",
    )


class Mirror(LiveModel):
    """Give the webcam back, mirrored or inverted."""

    state: Change
    input: Webcam

    def inference(self) -> Iterator[Picture]:
        # Drawn once: each frame that is yielded is copied before it goes on its way.
        card = np.empty((HEIGHT, WIDTH, 3), np.uint8)
        for number, grey in enumerate(GREYS):
            card[:, number * WIDTH // len(GREYS) :] = grey
        while True:
            # Read once: a newer frame may be there the next time it is looked at.
            frame = self.input.webcam
            if frame is None:
                frame = card
            if self.state.change in {"mirror", "both"}:
                frame = frame[:, ::-1]
            if self.state.change in {"invert", "both"}:
                frame = 255 - frame
            yield Picture(main_video=frame)
