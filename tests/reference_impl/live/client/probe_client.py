"""A typed client of the model `probe` v0.0.0.

Made from the model's schema, and made anew when that changes:

    risp codegen SCHEMA_OR_URL --out FILE
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from risp.reference_impl.typed import Bounds, FileRef, TypedClient, command, handler, message


@message("got")
class Got:
    """The message `got`.

    The reply to `set_image`.
    """

    file_name: str
    first: int
    size: int


@message("lifecycle")
class Lifecycle:
    """The message `lifecycle`."""

    what: str


@message("prompt_set")
class PromptSet:
    """The message `prompt_set`.

    The reply to `set_prompt`.
    """

    length: int
    prompt: str


@message("snapshot")
class Snapshot:
    """The message `snapshot`.

    The reply to `get_state`.
    """

    action: str
    brightness: float
    derived: str
    prompt: str
    seed: int


@message("sum")
class Sum:
    """The message `sum`.

    The reply to `add`, `announce`.
    """

    total: int


class Probe(TypedClient, model="probe"):
    """Shows its state in the colour of its frames: red is the brightness, green the webcam's."""

    MAIN_VIDEO: Final = "main_video"
    """Track from the model."""

    WEBCAM: Final = "webcam"
    """Track to the model."""

    on_got = handler(Got)
    """Decorates a function that is called with each `Got`."""

    on_lifecycle = handler(Lifecycle)
    """Decorates a function that is called with each `Lifecycle`."""

    on_prompt_set = handler(PromptSet)
    """Decorates a function that is called with each `PromptSet`."""

    on_snapshot = handler(Snapshot)
    """Decorates a function that is called with each `Snapshot`."""

    on_sum = handler(Sum)
    """Decorates a function that is called with each `Sum`."""

    @command("add")
    async def add(self, *, a: int, b: Annotated[int, Bounds(ge=0, le=10)] = 1) -> None:
        """Adds two integers.

        - `b`: 0 to 10.

        Reply: `Sum`.
        """

    @command("announce")
    async def announce(self) -> None:
        """Says something to all, then replies.

        Reply: `Sum`.
        """

    @command("broadcast")
    async def broadcast(self, *, text: str = "hi") -> None:
        """Says something to all."""

    @command("crash")
    async def crash(self) -> None:
        """Changes the seed, then fails."""

    @command("finish")
    async def finish(self) -> None:
        """Ends the model's run."""

    @command("get_state")
    async def get_state_(self) -> None:
        """Snapshot of the state.

        Reply: `Snapshot`.
        """

    @command("set_action")
    async def set_action(
        self, *, action: Literal["idle", "left", "right", "jump"] = "idle"
    ) -> None:
        """Set action."""

    @command("set_brightness")
    async def set_brightness(
        self, *, brightness: Annotated[float, Bounds(ge=0.0, le=2.0)] = 1.0
    ) -> None:
        """Set brightness.

        - `brightness`: 0.0 to 2.0.
        """

    @command("set_image")
    async def set_image(self, *, image: FileRef, caption: str = "none") -> None:
        """Takes an upload.

        - `image`: a file of `upload_file()`.

        Reply: `Got`.
        """

    @command("set_prompt")
    async def set_prompt(self, *, prompt: Annotated[str, Bounds(max_length=20)] = "") -> None:
        """Scene prompt.

        - `prompt`: at most 20 characters.

        Reply: `PromptSet`.
        """

    @command("set_seed")
    async def set_seed(self, *, seed: int = 42) -> None:
        """Random seed."""
