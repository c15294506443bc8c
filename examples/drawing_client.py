"""A typed client of the model `drawing` v0.0.0.

Made from the model's schema, and made anew when that changes:

    risp codegen SCHEMA_OR_URL --out FILE
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from risp.reference_impl.typed import Bounds, FileRef, TypedClient, command, handler, message


@message("picture_shown")
class PictureShown:
    """Somebody's picture is shown, which everybody is told.

    The reply to `set_picture`.
    """

    file_name: str
    height: int
    width: int


@message("snapshot")
class Snapshot:
    """All that steers the picture.

    The reply to `get_state`.
    """

    bar: bool
    brightness: float
    colour: str
    prompt: str
    speed: int
    picture: str = ""
    """The file that is shown; empty if none is."""


class Drawing(TypedClient, model="drawing"):
    """Draw a colour, a text, a bar and a picture."""

    MAIN_VIDEO: Final = "main_video"
    """Track from the model."""

    on_picture_shown = handler(PictureShown)
    """Decorates a function that is called with each `PictureShown`."""

    on_snapshot = handler(Snapshot)
    """Decorates a function that is called with each `Snapshot`."""

    @command("get_state")
    async def get_state_(self) -> None:
        """Tell all that steers the picture.

        Reply: `Snapshot`.
        """

    @command("set_bar")
    async def set_bar(self, *, bar: bool = True) -> None:
        """Set bar."""

    @command("set_brightness")
    async def set_brightness(
        self, *, brightness: Annotated[float, Bounds(ge=0.0, le=2.0)] = 1.0
    ) -> None:
        """Set brightness.

        - `brightness`: 0.0 to 2.0.
        """

    @command("set_colour")
    async def set_colour(self, *, colour: Literal["red", "green", "blue", "white"] = "red") -> None:
        """Set colour."""

    @command("set_picture")
    async def set_picture(self, *, picture: FileRef) -> None:
        """Show a picture: PPM (P6), or whatever PyAV can read.

        - `picture`: a file of `upload_file()`.

        Reply: `PictureShown`.
        """

    @command("set_prompt")
    async def set_prompt(
        self, *, prompt: Annotated[str, Bounds(min_length=1, max_length=40)] = "HELLO"
    ) -> None:
        """The text, of which letters, digits and spaces are drawn.

        - `prompt`: 1 to 40 characters.
        """

    @command("set_speed")
    async def set_speed(self, *, speed: Annotated[int, Bounds(ge=0, le=20)] = 2) -> None:
        """Pixels a frame, for the bar.

        - `speed`: 0 to 20.
        """
