"""A client of the live profile: `LiveClient`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from risp.protocol.live.channel import Command, CommandMessage, FileRef
from risp.protocol.live.codec import encode

from .files import Given
from .lifecycle import Lifecycle

if TYPE_CHECKING:
    from aiortc import MediaStreamTrack


class LiveClient(Lifecycle):
    """A connection to an interactive model, over HTTP and WebRTC.

    `api_key` is exchanged for tokens; `RISP_API_KEY` stands for it, and `RISP_URL` for `api_url`.
    With `local` both are ignored, and the server is that of this machine: `RISP_LOCAL_URL`, or
    port 8080. `flat` says whether the older routes are used; None finds out. Raises ValueError for
    what cannot be used. All methods belong to one event loop.

    An `async with` block ends the session; it does not begin one, so that handlers can be set
    before `connect()`.
    """

    # Commands and files

    async def send_command(self, command: str, data: Mapping[str, Any] | None = None) -> None:
        """Send a command with its arguments by name; values that are FileRefs go as uploads.

        A reply comes as a message, a refusal as an `error` and a `runtime_message`. Raises
        ValueError or TypeError for what JSON cannot say, LiveError: `not_ready`,
        `message_too_large`, `timed_out`, `connection_lost`.
        """
        text = encode(CommandMessage(data=_command(command, {} if data is None else data)))
        await self._ready(f"send_command({command!r})").say(text)

    async def request_schema(self) -> dict[str, Any]:
        """Ask for what the model publishes, an OpenAPI 3.1 document (L-CMD-1). Raises LiveError."""
        return await self._ready("request_schema()").schema()

    async def upload_file(
        self, file: Given, *, name: str | None = None, mime_type: str | None = None
    ) -> FileRef:
        """Upload a file (path, bytes, or an open binary file), to be named in commands.

        The name is the file's own, or "upload"; the MIME type is guessed from it. Raises LiveError:
        `not_ready`, or the server's refusal; OSError, TypeError or ValueError for what is no file.
        """
        from .files import read

        self._ready("upload_file()")
        data, name, mime_type = await read(file, name, mime_type)
        return await self._ready("upload_file()").upload(data, name, mime_type)

    # Tracks

    async def publish_track(
        self, name: str | MediaStreamTrack | None = None, track: MediaStreamTrack | None = None
    ) -> None:
        """Send an aiortc track to the model; with only one input, its name may be left out.

        Raises LiveError: `not_ready`, `publish_refused` and others of the server; ValueError for a
        name that is no input, TypeError for what is no track.
        """
        from aiortc import MediaStreamTrack

        if isinstance(name, str):
            where, source = name, track
        elif name is None or track is None:
            where, source = self._only_input(), name or track
        else:
            raise TypeError("publish_track takes a name and a track, in this order")
        if not isinstance(source, MediaStreamTrack):
            raise TypeError(f"an aiortc track is due, and not a {type(source).__name__}")
        await self._ready("publish_track()").publish(where, source)
        self._published[where] = source

    async def unpublish_track(self, name: str | None = None) -> None:
        """Send it no more. Raises LiveError, and ValueError for a name that is no input."""
        name = self._only_input() if name is None else name
        self._published.pop(name, None)
        await self._ready("unpublish_track()").unpublish(name)

    async def pause_track(self, name: str) -> None:
        """Have an output send no frames. Raises LiveError, ValueError for what is no output."""
        await self._ready("pause_track()").notify("pause_track", name)

    async def resume_track(self, name: str) -> None:
        """Have it send frames again. Raises LiveError, ValueError for what is no output."""
        await self._ready("resume_track()").notify("resume_track", name)

    def _only_input(self) -> str:
        from .peer import SENDS

        tracks = self._descriptor.tracks if self._descriptor is not None else ()
        names = [track.name for track in tracks if track.direction == SENDS]
        if len(names) != 1:
            raise ValueError(f"the track's name is due: the model's inputs are {names}")
        return names[0]

    # What is known

    def get_session_id(self) -> str | None:
        """The session's id; None where there is no session."""
        return self._session_id

    def get_capabilities(self) -> dict[str, Any] | None:
        """What the model offers (tracks, commands, frames a second), as the server told it."""
        return None if self._descriptor is None else deepcopy(self._descriptor.capabilities)

    def get_session_info(self) -> dict[str, Any] | None:
        """The server's whole answer about the session."""
        return None if self._descriptor is None else deepcopy(self._descriptor.tree)

    def get_remote_tracks(self) -> dict[str, MediaStreamTrack]:
        """The tracks that the model sends, by name: each gives its newest frame to one reader."""
        return {} if self._connection is None else dict(self._connection.remote)

    def get_remote_track(self) -> MediaStreamTrack | None:
        """The only one of these; None where there is none, or more than one."""
        tracks = list(self.get_remote_tracks().values())
        return tracks[0] if len(tracks) == 1 else None


Reactor = LiveClient
"""The name that deployed clients have for it."""


def _command(name: str, data: Mapping[str, Any]) -> Command:
    """The command as it goes on the wire; raises TypeError and ValueError for what cannot."""
    given: Any = data
    if not isinstance(given, Mapping):
        raise TypeError(f"arguments come by name, as a dict, and not as a {type(data).__name__}")
    uploads = {key: one for key, one in data.items() if isinstance(one, FileRef)}
    rest = {key: one for key, one in data.items() if key not in uploads}
    try:
        # The encoder would write null for NaN, and a list for a set.
        json.dumps(rest, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise type(error)(f"{name}: {error}") from None
    return Command(type=name, data=rest, uploads=uploads or None)
