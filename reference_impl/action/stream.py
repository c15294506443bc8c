"""One session of the action profile, as a client leads it: all of the logic, for both skins.

Every coroutine here is run either by an event loop or, over blocking sockets, to its end at once
(`transport.finish`). `client.py` gives them their public names.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import Observation, SessionClose
from risp.protocol.action.limits import CLOSE_WITHIN_S
from risp.protocol.errors import LocalProtocolError

from . import incoming, outgoing
from .books import CHUNK, DROPPED, ERROR, Books, Json
from .environment import Environment
from .failures import ConnectionEnded, ObservationLost, ServerError
from .opening import Opening
from .transport import Network
from .websocket import WebSocket

CAPABILITIES = (Capability.STATUS, Capability.TENSOR_B64, Capability.MAX_AGE)
"""What this client understands and, unless told otherwise, asks for (A-CLIENT-10)."""

# Looked up once: an observation is sent thirty times a second.
_OBSERVE, _CLOSE = Observation.as_move(), SessionClose.as_move()


class Stream:
    """What both skins have in common: the constructor, what is known, and how it is done."""

    network: ClassVar[Network]
    """How the skin reaches the network."""

    def __init__(
        self,
        *,
        prompt: str,
        url: str | None = None,
        api_key: str | None = None,
        model: str | None = None,
        lora: str | None = None,
        robot: str | None = None,
        action_adapter: str | None = None,
        cameras: list[str] | None = None,
        hz: float | None = None,
        chunk_size: int | None = None,
        max_gpu_seconds: float | None = None,
        session_id: str = "",
        timeout: float = 30.0,
        connect_retry_seconds: float | None = None,
        queue: Literal["fifo", "latest"] | None = None,
        capabilities: list[str] | None = None,
    ) -> None:
        if not timeout > 0:
            raise ValueError("timeout is in seconds, and greater than 0")
        self._where = Environment.of(url, api_key, connect_retry_seconds)
        self._timeout = timeout
        self._text = outgoing.session_open(
            {
                "session_id": session_id,
                "prompt": prompt,
                "model": model,
                "lora": lora,
                "robot": robot,
                "action_adapter": action_adapter,
                "cameras": cameras or [],
                "hz": hz,
                "chunk_size": chunk_size,
                "max_gpu_seconds": max_gpu_seconds,
                "queue": queue,
                "capabilities": list(CAPABILITIES if capabilities is None else capabilities)
                or None,
            }
        )
        self._label = session_id
        self._socket: WebSocket | None = None
        self._reading = False
        self._inbox: deque[tuple[Json, bool]] = deque()
        self._books = Books()
        self._timing: dict[str, float] = {}

    @property
    def ready(self) -> Json:
        """The server's `session.ready`, as it came; empty before there is one."""
        return self._books.ready

    @property
    def session_id(self) -> str:
        """The server's name for the session; before there is one, the caller's label."""
        given = self._books.ready.get("session_id")
        return given if isinstance(given, str) else self._label

    @property
    def open_timing(self) -> dict[str, float]:
        """How long opening took, in milliseconds, by step; empty before it is done.

        `tcp_ms`, `tls_ms`, `websocket_upgrade_ms` and their sum `connect_ms`; `session_ready_ms`
        from `session.open` to `session.ready`; `open_ms` for the whole call, earlier attempts and
        the waits between them included.
        """
        return dict(self._timing)

    @property
    def dropped(self) -> list[Json]:
        """The latest `observation.dropped` of this session, oldest first."""
        return list(self._books.dropped)

    async def _open(self) -> None:
        if self._socket is not None:
            raise LocalProtocolError(
                "already_open", "this stream is open", hint="close it first, or make another"
            )
        # Nothing of one session reaches into the next.
        self._books, self._timing = Books(), {}
        self._inbox.clear()
        opened = await Opening(self.network, self._where, self._timeout, self._text).run()
        self._socket, self._timing = opened.socket, opened.timing
        self._books.open(opened.ready)

    async def _close(self) -> None:
        """Say `session.close` and good-bye, let go within a second. Raises nothing, ever again."""
        socket, self._socket = self._socket, None
        if socket is None:
            return
        words = None
        if self._books.advance(_CLOSE):
            words = outgoing.session_close(self.session_id)
        await socket.close(words, self.network.now() + CLOSE_WITHIN_S)

    async def _send_observation(
        self,
        state: Any,
        images: Mapping[str, Any] | None = None,
        prompt: str | None = None,
        seq: int | None = None,
        request_id: str | None = None,
        capture_time_ns: int | str | None = None,
        max_gpu_seconds: float | None = None,
        *,
        max_age_ms: float | None = None,
    ) -> int:
        """Send an observation; returns its `seq`.

        `state` is a list of numbers, or anything with `tolist`. `images` maps camera names to the
        bytes of a JPEG or PNG file, or to a string or object that goes out as it is. Raises
        LocalProtocolError, with nothing sent, for what the protocol forbids, and when more
        observations would be unanswered than the server takes: then receive first, or ask for
        `queue="latest"`. `max_age_ms` binds only servers that declare `max_age`.
        """
        await self._make_room()
        seq = self._books.pairing.choose(seq)
        text = outgoing.observation(
            seq,
            {
                "state": state,
                "images": {} if images is None else images,
                "prompt": prompt,
                "request_id": request_id,
                "capture_time_ns": capture_time_ns,
                "max_age_ms": max_age_ms,
                "max_gpu_seconds": max_gpu_seconds,
            },
        )
        return await self._send_numbered(seq, text)

    async def _send_observation_frame(self, frame: Json) -> int:
        """Send a ready-made observation, with all its members; returns its `seq`.

        `type` is set, `seq` added if it is missing, and pictures given as bytes are encoded; the
        caller's object stays as it is. Raises as `send_observation` does.
        """
        await self._make_room()
        seq = self._books.pairing.choose(frame.get("seq"))
        return await self._send_numbered(seq, outgoing.observation_frame(seq, frame))

    async def _send_raw(self, frame: Any) -> None:
        """Send any JSON as it is, unchecked; an observation's `seq` is taken note of."""
        text = outgoing.encode_raw(frame)
        await self._opened().send(text, self.network.now() + self._timeout)
        seq = incoming.seq_of(frame) if outgoing.is_observation(frame) else None
        if seq is not None:
            self._books.pairing.sent(seq)

    async def _recv_action(self) -> Json:
        """Wait for the next awaited chunk; its `actions` are a list of rows, however they came.

        Raises TimeoutError, after which the stream stays usable; ServerError for an error frame,
        after which it stays usable unless `fatal`; ObservationLost when the last observation was
        dropped; MalformedFrame; ConnectionEnded. Drops are passed over and kept in `dropped`.
        An observation sent after a TimeoutError gives up those before it.
        """
        deadline = self.network.now() + self._timeout
        while True:
            frame, awaited = await self._next(deadline)
            kind = frame["type"]
            if not awaited:
                continue
            if kind == CHUNK:
                return incoming.with_rows(frame)
            if kind == ERROR:
                raise ServerError(frame)
            if kind == DROPPED and not self._books.pairing.awaits:
                raise ObservationLost(frame)

    async def _receive(self) -> Json:
        """Wait for the next frame, whatever it is, and return it as it came, errors included.

        Raises TimeoutError, MalformedFrame or ConnectionEnded.
        """
        frame, _ = await self._next(self.network.now() + self._timeout)
        return frame

    async def _next(self, deadline: float) -> tuple[Json, bool]:
        """The next frame, entered into the books, and whether the caller awaits it."""
        if self._inbox:
            return self._inbox.popleft()
        socket = self._opened()
        self._reading = True
        try:
            frame = incoming.parse(await socket.receive(deadline))
        except TimeoutError:
            self._books.pairing.waited_in_vain()
            raise TimeoutError(f"nothing awaited came within {self._timeout:g} s") from None
        finally:
            self._reading = False
        return frame, self._books.settle(frame)

    async def _make_room(self) -> None:
        """Take in what has arrived, if that is needed to send on within the server's bound."""
        socket = self._opened()
        # Another task that receives takes it in by itself.
        while self._books.pairing.is_full and not self._reading:
            text = await socket.poll()
            if text is None:
                break
            frame = incoming.parse(text)
            self._inbox.append((frame, self._books.settle(frame)))
        self._books.check_room()

    async def _send_numbered(self, seq: int, text: bytes) -> int:
        socket = self._opened()
        self._books.check_size(len(text))
        if not self._books.advance(_OBSERVE):
            raise ConnectionEnded("the server has ended the session")
        self._books.pairing.sent(seq)
        await socket.send(text, self.network.now() + self._timeout)
        return seq

    def _opened(self) -> WebSocket:
        if self._socket is None:
            raise LocalProtocolError(
                "not_open", "this stream is not open", hint="call open, or use `with`"
            )
        return self._socket

    async def _infer_once(self, observation: Json) -> Json:
        """Open for one ready-made observation, return its chunk, close."""
        await self._open()
        try:
            await self._send_observation_frame(observation)
            return await self._recv_action()
        finally:
            await self._close()
