"""A model that draws what it is told: every kind of input, with NumPy alone.

The left half of the picture is one colour, `COLOURS[colour]` times half the brightness, at most
255. The right half is the uploaded picture, or black; a bar moves over it, and the prompt stands
above the bar.

Serve it with `risp serve --model examples.drawing_model:Drawing`, from the top of the tree.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from risp.reference_impl.interface import (
    CommandError,
    InputField,
    InputState,
    LiveModel,
    ModelMessage,
    Output,
    UploadedFile,
    Video,
    event,
)

HEIGHT, WIDTH = 240, 320
HALF = WIDTH // 2
COLOURS = {
    "red": (220, 40, 40),
    "green": (40, 220, 40),
    "blue": (40, 40, 220),
    "white": (220, 220, 220),
}
GLYPHS = {
    " ": "00000000000000", "A": "0e11111f111111", "B": "1e11111e11111e", "C": "0e11101010110e",
    "D": "1e11111111111e", "E": "1f10101e10101f", "F": "1f10101e101010", "G": "0e11101713110f",
    "H": "1111111f111111", "I": "0e04040404040e", "J": "0702020202120c", "K": "11121418141211",
    "L": "1010101010101f", "M": "111b1515111111", "N": "11191513111111", "O": "0e11111111110e",
    "P": "1e11111e101010", "Q": "0e11111115120d", "R": "1e11111e141211", "S": "0f10100e01011e",
    "T": "1f040404040404", "U": "1111111111110e", "V": "11111111110a04", "W": "1111111515150a",
    "X": "11110a040a1111", "Y": "1111110a040404", "Z": "1f01020408101f", "0": "0e11131519110e",
    "1": "040c040404040e", "2": "0e11010204081f", "3": "1f02040201110e", "4": "02060a121f0202",
    "5": "1f101e0101110e", "6": "0608101e11110e", "7": "1f010204080808", "8": "0e11110e11110e",
    "9": "0e11110f01020c",
}  # fmt: skip
"""Seven rows of five pixels for each character, two hexadecimal digits a row."""


class Picture(Output):
    main_video: Video


class Snapshot(ModelMessage):
    """All that steers the picture."""

    prompt: str
    brightness: float
    colour: str
    speed: int
    bar: bool
    picture: str = InputField(default="", description="The file that is shown; empty if none is.")


class PictureShown(ModelMessage):
    """Somebody's picture is shown, which everybody is told."""

    file_name: str
    width: int
    height: int


@dataclass
class Sheet(InputState):
    prompt: str = InputField(
        default="HELLO", min_length=1, max_length=40, description="Written in the right half."
    )
    brightness: float = InputField(default=1.0, ge=0.0, le=2.0)
    colour: str = InputField(default="red", choices=list(COLOURS))
    speed: int = InputField(default=2, ge=0, le=20, description="Pixels a frame, for the bar.")
    bar: bool = True
    _written: NDArray[np.bool_] | None = None
    _picture: NDArray[np.uint8] | None = None
    _picture_name: str = ""


class Drawing(LiveModel):
    """Draw a colour, a text, a bar and a picture."""

    state: Sheet

    @event(description="The text, of which letters, digits and spaces are drawn.")
    def set_prompt(
        self, prompt: str = InputField(default="HELLO", min_length=1, max_length=40)
    ) -> None:
        # Drawn here and not for every frame: this is where a model would encode its prompt.
        self.state.prompt = prompt
        self.state._written = written(prompt)

    @event(description="Show a picture: PPM (P6), or whatever PyAV can read.")
    def set_picture(self, picture: UploadedFile) -> PictureShown:
        pixels = decode(picture.data)
        self.state._picture = scaled(pixels, HEIGHT, HALF)
        self.state._picture_name = picture.name
        shown = PictureShown(file_name=picture.name, width=pixels.shape[1], height=pixels.shape[0])
        self.send(shown)
        return shown

    @event(description="Tell all that steers the picture.")
    def get_state(self) -> Snapshot:
        sheet = self.state
        return Snapshot(
            prompt=sheet.prompt,
            brightness=sheet.brightness,
            colour=sheet.colour,
            speed=sheet.speed,
            bar=sheet.bar,
            picture=sheet._picture_name,
        )

    def inference(self) -> Iterator[Picture]:
        frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        at = 0
        while True:
            self.draw(frame, at)
            at = (at + self.state.speed) % HALF
            yield Picture(main_video=frame)

    def draw(self, frame: NDArray[np.uint8], at: int) -> None:
        sheet = self.state
        colour = np.array(COLOURS[sheet.colour]) * sheet.brightness / 2
        frame[:, :HALF] = np.minimum(colour, 255)
        right = frame[:, HALF:]
        right[:] = 0 if sheet._picture is None else sheet._picture
        if sheet.bar:
            right[HEIGHT // 2 :, at : at + 16] = 200
        if sheet._written is None:
            sheet._written = written(sheet.prompt)
        text = sheet._written[: HEIGHT // 2 - 8, : HALF - 8]
        right[8 : 8 + text.shape[0], 8 : 8 + text.shape[1]][text] = 255


def written(text: str, columns: int = 12) -> NDArray[np.bool_]:
    """A text as pixels, `columns` characters a line, each in a cell of 12 by 18."""
    lines = [text[at : at + columns] for at in range(0, len(text), columns)]
    pixels = np.zeros((18 * max(1, len(lines)), 12 * columns), np.bool_)
    for row, line in enumerate(lines):
        for column, character in enumerate(line.upper()):
            rows = bytes.fromhex(GLYPHS.get(character, GLYPHS[" "]))
            glyph = np.unpackbits(np.frombuffer(rows, np.uint8)[:, None], axis=1)[:, 3:]
            cell = np.kron(glyph, np.ones((2, 2), np.uint8)).astype(np.bool_)
            pixels[18 * row :, 12 * column :][:14, :10] = cell
    return pixels


def decode(data: bytes) -> NDArray[np.uint8]:
    """A picture as `(height, width, 3)`; raises CommandError for what is none."""
    try:
        return ppm(data) if data[:2] == b"P6" else other(data)
    except Exception as error:
        raise CommandError("bad_picture", f"The file is no picture: {error}") from error


def ppm(data: bytes) -> NDArray[np.uint8]:
    # One white space ends the header, and the first pixels may look like more of it.
    header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
    if header is None:
        raise ValueError("only binary PPM with 255 shades, and without comments, is read")
    width, height = int(header[1]), int(header[2])
    if width * height * 3 != len(data) - header.end() or not width * height:
        raise ValueError(f"it has not the {width} by {height} pixels that it announces")
    return np.frombuffer(data, np.uint8, offset=header.end()).reshape(height, width, 3)


def other(data: bytes) -> NDArray[np.uint8]:
    import av  # comes with the extra `live`; PPM does without it

    container: Any = av.open(io.BytesIO(data))
    with container:
        pixels: NDArray[np.uint8] = next(container.decode(video=0)).to_ndarray(format="rgb24")
        return pixels


def scaled(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """The nearest pixels of a picture, so that it fills so much."""
    rows = np.arange(height) * pixels.shape[0] // height
    columns = np.arange(width) * pixels.shape[1] // width
    nearest: NDArray[np.uint8] = pixels[rows][:, columns]
    return nearest
