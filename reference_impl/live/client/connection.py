"""One connection to a session at work: messages, requests, files, tracks, signs of life."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from risp.protocol.codec import parse
from risp.protocol.errors import DecodeError
from risp.protocol.live.bodies import UploadRequest
from risp.protocol.live.channel import (
    CommandRejected,
    FileRef,
    FileUploaded,
    Ping,
    PingBody,
    RequestSchema,
    SchemaRequest,
    SessionEnded,
    Uploaded,
)
from risp.protocol.live.channel import ModelSchema as SchemaMessage
from risp.protocol.live.codec import decode_control, encode
from risp.protocol.live.codes import CHANNEL_CODES
from risp.protocol.live.control import Notification, Request, Response, TrackName
from risp.protocol.live.http import RESERVE_UPLOAD
from risp.protocol.live.limits import BODY_RATE, PING_EVERY_S, PUBLISHER_SILENT_S

from .api import text_of
from .connecting import connected
from .failures import Component, LiveError
from .peer import CONTROL, DATA, RECEIVES, SENDS, ClientPeer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiortc import MediaStreamTrack

    from ..media import NewestFrame
    from .api import Api
    from .handlers import Handlers
    from .session import Descriptor
    from .timeouts import Timeouts

T = TypeVar("T")
logger = logging.getLogger("risp.live.client")

TICK_S = 1.0
"""How often the connection is looked at, in seconds."""
REFUSED_TICKS = PUBLISHER_SILENT_S + 3
"""So often a refused track is published again: a server lets go of a silent publisher by then."""
PING_TICKS = PING_EVERY_S - 1
"""A ping leaves every so many ticks: at least every `PING_EVERY_S`, whatever delays it a little."""


class Connection:
    """What an application says to a model, and hears of it, while it is connected."""

    def __init__(
        self, api: Api, descriptor: Descriptor, handlers: Handlers, timeouts: Timeouts
    ) -> None:
        self._api = api
        self._descriptor = descriptor
        self._handlers = handlers
        self._timeouts = timeouts
        self._is_flat = False
        self._requests = 0
        self._granted: set[str] = set()
        self._later: set[asyncio.Task[None]] = set()
        self._answers: dict[str, asyncio.Future[Response]] = {}
        self._schemas: deque[asyncio.Future[dict[str, Any]]] = deque()
        self._watching: asyncio.Task[None] | None = None
        self._peer: ClientPeer | None = None
        self.failure: LiveError | None = None
        """Why it is over, if it is and nobody here has closed it."""
        self.when_over: Callable[[LiveError], None] = lambda _: None
        """Called when it breaks, or the server ends the session."""
        self.when_refused: Callable[[LiveError], None] = lambda _: None
        """Called when the model refuses a command."""

    async def open(self, *, again: bool, flat: bool | None) -> None:
        """Connect. Raises LiveError."""
        try:
            self._peer, self._is_flat = await connected(
                self._api, self._descriptor, self, self._timeouts, again=again, flat=flat
            )
        except LiveError as error:
            if self.failure is not None:  # it was told before all channels were open
                raise self.failure from error
            raise
        if self.failure is not None:
            await self.close()
            raise self.failure
        self._watching = asyncio.create_task(self._watch(self._peer))
        for name in set(self._handlers.tracks) - set(self.remote):
            logger.warning("on_frame(%r): the model's outputs are %s", name, list(self.remote))
        for name, track in self.remote.items():
            self._handlers.emit("track_received", name, track)

    async def close(self) -> None:
        """Free all of it; who waits for an answer is told that the connection is gone."""
        if self._watching is not None and not self._watching.done():
            self._watching.cancel()
            await asyncio.wait([self._watching])
        for task in tuple(self._later):
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        self._fail_waiting()
        try:
            if self._peer is not None:
                await self._peer.close()
        except Exception:  # of aiortc, or of an event loop that has ended
            logger.info("a connection could not be closed cleanly", exc_info=True)
        await self._api.close()

    @property
    def remote(self) -> dict[str, NewestFrame]:
        """What the model sends, by name."""
        return {} if self._peer is None else self._peer.remote

    # Saying

    async def say(self, text: str, label: str = DATA) -> None:
        """Send a message. Raises LiveError."""
        if self._peer is None:
            raise LiveError("connection_lost", "the connection is not open")
        await self._peer.send(label, text, self._timeouts.send_s)

    async def schema(self) -> dict[str, Any]:
        """Ask for what the model publishes. Raises LiveError."""
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._schemas.append(waiting)
        try:
            await self.say(encode(RequestSchema(data=SchemaRequest(type="requestSchema"))))
            return await self._reply(waiting, "requestSchema")
        finally:
            with suppress(ValueError):
                self._schemas.remove(waiting)

    async def upload(self, data: bytes, name: str, mime_type: str) -> FileRef:
        """Reserve a place for a file, put it there, tell of it. Raises LiveError."""
        session_id = self._descriptor.session_id
        request = UploadRequest(name=name, size=len(data), mime_type=mime_type)
        _, place = await self._api.call(RESERVE_UPLOAD, request, session_id=session_id)
        what = f"{RESERVE_UPLOAD.move}"
        upload_id = text_of(place, "presigned_id", what)
        url = text_of(place, "presigned_url", what)
        within = self._timeouts.request_s + len(data) / BODY_RATE
        await self._api.put(url, data, mime_type, within)
        file = FileRef(upload_id=upload_id, name=name, mime_type=mime_type, size=len(data))
        await self.say(encode(FileUploaded(data=Uploaded(type="fileUploaded", data=file))))
        return file

    async def resume_all(self) -> None:
        """Have every output send frames (L-CLIENT-3); on the flat routes they do."""
        if not self._is_flat:
            for name in self._names(RECEIVES):
                await self.notify("resume_track", name)

    async def notify(self, event: Literal["resume_track", "pause_track"], name: str) -> None:
        """Pause or resume an output. Raises LiveError and ValueError."""
        self._check(name, RECEIVES, "output")
        message = Notification(event=event, data=TrackName(name=name))
        await self._control(encode(message), event)

    async def publish(self, name: str, track: MediaStreamTrack) -> None:
        """Ask to publish, then send. Raises LiveError and ValueError."""
        self._check(name, SENDS, "input")
        kind = next(one.kind for one in self._descriptor.tracks if one.name == name)
        if track.kind != kind:
            raise ValueError(f"{name!r} takes {kind}, and the track is {track.kind}")
        # On the flat routes who sends an input publishes it; and who holds one may send another.
        if not self._is_flat and name not in self._granted:
            await self._ask_to_publish(name)
            self._granted.add(name)
        if self._peer is not None:
            self._peer.publish(name, track)

    async def unpublish(self, name: str) -> None:
        """Stop sending, and say so. Raises LiveError and ValueError."""
        self._check(name, SENDS, "input")
        self._granted.discard(name)
        if self._peer is not None:
            self._peer.publish(name, None)
        if not self._is_flat:
            message = Notification(event="unpublish_track", data=TrackName(name=name))
            await self._control(encode(message), "unpublish_track")

    def publish_later(
        self, name: str, track: MediaStreamTrack, failed: Callable[[str, LiveError], None]
    ) -> None:
        """Publish as soon as the server no longer believes in who has published before."""
        task = asyncio.create_task(self._publish_later(name, track, failed))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _publish_later(
        self, name: str, track: MediaStreamTrack, failed: Callable[[str, LiveError], None]
    ) -> None:
        for left in reversed(range(REFUSED_TICKS)):
            await asyncio.sleep(TICK_S)
            try:
                await self.publish(name, track)
                return
            except LiveError as error:
                if error.code == "connection_lost":
                    return
                if error.code != "publish_refused" or not left:
                    failed(name, error)
                    return

    async def leave_inputs(self, names: Sequence[str]) -> None:
        """Stop publishing, as far as that can be said in a moment."""
        with suppress(LiveError, ValueError):
            for name in names:
                await self.unpublish(name)
            if names and self._peer is not None:
                await self._peer.flush()

    async def _ask_to_publish(self, name: str) -> None:
        self._requests += 1
        request_id = f"ctrl_{self._requests}"
        waiting: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._answers[request_id] = waiting
        request = Request(method="publish_track", request_id=request_id, data=TrackName(name=name))
        try:
            await self._control(encode(request), "publish_track")
            answer = await self._reply(waiting, f"publish_track {name!r}")
        finally:
            self._answers.pop(request_id, None)
        if answer.error is not None:
            message = f"publish_track {name!r}: {answer.error.message}"
            row = CHANNEL_CODES.get(answer.error.code)
            is_passing = row is not None and row.retryable
            raise LiveError(answer.error.code, message, recoverable=is_passing)

    async def _control(self, text: str, what: str) -> None:
        if self._is_flat:
            raise LiveError("unsupported", f"{what}: this server has no channel `control`")
        await self.say(text, CONTROL)

    async def _reply(self, waiting: asyncio.Future[T], what: str) -> T:
        within = self._timeouts.reply_s
        try:
            async with asyncio.timeout(within):
                return await waiting
        except TimeoutError:
            raise LiveError("timed_out", f"{what}: no answer within {within:g} s") from None

    def has_input(self, name: str) -> bool:
        """Whether the model takes a track of this name."""
        return name in self._names(SENDS)

    def _names(self, direction: str) -> list[str]:
        return [one.name for one in self._descriptor.tracks if one.direction == direction]

    def _check(self, name: str, direction: str, what: str) -> None:
        names = self._names(direction)
        if name not in names:
            raise ValueError(f"{name!r} is no {what} of the model: there are {names}")

    # Hearing

    def on_message(self, label: str, text: str | bytes) -> None:
        """Take a message; what is not known is borne (L-CLIENT-4)."""
        if label == CONTROL:
            self._on_control(text)
            return
        try:
            tree = parse(text)
        except DecodeError as error:
            logger.warning("a message of the server cannot be read: %s", error)
            return
        inner: Any = tree.get("data")
        if not isinstance(inner, dict) or not isinstance(cast(Any, inner).get("type"), str):
            logger.warning("a message of the server has no type")
        elif tree.get("scope") == "application":
            self._handlers.emit("message", inner)
        elif tree.get("scope") == "runtime":
            self._on_runtime(cast(dict[str, Any], inner))

    def _on_control(self, text: str | bytes) -> None:
        try:
            message = decode_control(text, from_server=True)
        except DecodeError as error:
            logger.warning("a message on `control` cannot be read: %s", error)
            return
        if isinstance(message, Response):
            waiting = self._answers.get(message.request_id)
            if waiting is not None and not waiting.done():
                waiting.set_result(message)

    def _on_runtime(self, inner: dict[str, Any]) -> None:
        given = inner.get("data")
        data: dict[str, Any] = cast(dict[str, Any], given) if isinstance(given, dict) else {}
        kind = inner["type"]
        # All is read before handlers have it: they may change what they are given.
        rejection = _rejection(data) if kind == CommandRejected.name else None
        reason = data.get("reason")
        if kind == SchemaMessage.name:
            self._take_schema(data)
        self._handlers.emit("runtime_message", inner)
        if rejection is not None:
            self.when_refused(rejection)
        elif kind == SessionEnded.name:
            told = reason if isinstance(reason, str) and reason else "no reason is given"
            self._over(session_ended(told))

    def _take_schema(self, data: dict[str, Any]) -> None:
        while self._schemas:
            waiting = self._schemas.popleft()
            if not waiting.done():
                waiting.set_result(deepcopy(data))
                break

    def on_frame(self, name: str, frame: Any) -> None:
        """Hand a frame over."""
        self._handlers.show(name, frame)

    def wants(self, name: str) -> bool:
        """Whether anybody is given frames of it."""
        return self._handlers.wants_frames(name)

    def on_lost(self, why: str) -> None:
        """Tell of it, once."""
        self._over(LiveError("connection_lost", f"{why}. Call reconnect()."))

    def _over(self, error: LiveError) -> None:
        if self.failure is None:
            self.failure = error
            self._fail_waiting()
            self.when_over(error)

    def _fail_waiting(self) -> None:
        every: list[asyncio.Future[Any]] = [*self._answers.values(), *self._schemas]
        for waiting in every:
            if not waiting.done():
                waiting.set_exception(LiveError("connection_lost"))
                waiting.exception()  # whoever waited may be gone too

    async def _watch(self, peer: ClientPeer) -> None:
        """Ping (L-CLIENT-1), and notice a server that has fallen silent: it owes answers to pings.

        Silence is counted in looks, so that an application that holds up the loop loses nothing.
        """
        ping = encode(Ping(data=PingBody(type="ping")))
        heard, silent, ticks = -1, 0, 0
        while silent < self._timeouts.silence_s:
            if ticks % PING_TICKS == 0:
                with suppress(LiveError):
                    await peer.send(DATA, ping, TICK_S)
            ticks += 1
            await asyncio.sleep(TICK_S)
            count = await peer.packets()
            heard, silent = count, silent + 1 if count == heard else 0
        self.on_lost(f"nothing has come from the server for {silent} s")


def session_ended(reason: str) -> LiveError:
    """The end of a session, as the server told it."""
    message = f"the session has ended: {reason.rstrip('.')}. Begin a new one with connect()."
    return LiveError("session_ended", message)


def _rejection(data: dict[str, Any]) -> LiveError:
    def text(name: str) -> str:
        found = data.get(name)
        return found if isinstance(found, str) else ""

    message, param = text("message"), text("param")
    place = "" if message.startswith(param) else f"{param}: "
    about = f"{text('command')}: {place}{message}"
    code = text("code") or "invalid_command"
    return LiveError(
        code,
        about,
        component=Component.MODEL,
        recoverable=False,
        command=text("command") or None,
        param=param or None,
    )
