"""Coming and going: how a client gets to a session, comes back to it, and leaves it."""

from __future__ import annotations

import asyncio
import logging
from copy import deepcopy
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Self

from risp.protocol.live.session import (
    CONNECT,
    DISCONNECT,
    ENDED,
    LOST,
    OPENED,
    RECONNECT,
    REFUSED,
    TOLD,
    Status,
)
from risp.protocol.machine import Move

from .failures import GONE, LiveError, misuse
from .handlers import ended
from .telling import Telling
from .timeouts import Timeouts
from .where import Where

if TYPE_CHECKING:
    from aiortc import MediaStreamTrack

    from .api import Api
    from .connection import Connection
    from .session import Descriptor, Sessions

logger = logging.getLogger("risp.live.client")

NEEDED = ("aiohttp", "aiortc", "numpy")
"""What the extra `live` brings; imported only when it connects."""


class Lifecycle(Telling):
    """The states of a client, and what moves it from one to the next."""

    def __init__(
        self,
        model_name: str,
        api_key: str | None = None,
        api_url: str | None = None,
        local: bool = False,
        *,
        timeouts: Timeouts | None = None,
        flat: bool | None = None,
    ) -> None:
        super().__init__()
        if not model_name:
            raise ValueError("model_name is empty")
        if any(find_spec(one) is None for one in NEEDED):
            raise ImportError("a live client needs the extra `live`: pip install 'risp[live]'")
        self._where = Where.of(api_url, api_key, local)
        self._model = model_name
        self._timeouts = timeouts or Timeouts()
        self._flat = flat
        self._session_id: str | None = None
        self._descriptor: Descriptor | None = None
        self._expires_at: float | None = None
        self._may_retry = False
        self._opening: asyncio.Task[None] | None = None
        self._is_failing = False
        self._is_leaving = False
        self._connection: Connection | None = None
        self._published: dict[str, MediaStreamTrack] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_leaving = True
        try:
            await self.disconnect()
        finally:
            await ended(self._handlers.running, self._timeouts.close_s)
            self._is_leaving = False

    async def connect(self) -> None:
        """Begin a session and connect to it; returns when commands can be sent.

        Raises LiveError (a RuntimeError): `already_connected`, `unauthorized`, whatever else the
        server refuses with, `unreachable`, `timed_out`, `no_place`, `no_answer`,
        `channel_timed_out`, `bad_answer`. A session that was begun is ended then.
        """
        await self._begin(CONNECT, "connect()")

    async def reconnect(self) -> None:
        """Come back to the session after a lost connection, or a recoverable disconnect.

        Where `connect()` failed and may be tried again, this does so. Published tracks that still
        live are published again. Raises LiveError as `connect()` does, `nothing_to_resume`, and
        `session_ended` where the window is over.
        """
        if self._session_id is not None:
            await self._begin(RECONNECT, "reconnect()")
        elif self._may_retry:
            await self._begin(CONNECT, "reconnect()")
        elif self._status is not Status.DISCONNECTED:
            raise misuse("already_connected", "reconnect()")
        else:
            raise misuse("nothing_to_resume", "reconnect()")

    async def disconnect(self, recoverable: bool = False) -> None:
        """Hang up. `recoverable` keeps the session, for `reconnect()` within its window.

        Also where the server is gone, this returns in bounded time and raises nothing.
        """
        if self._opening is not None and not self._opening.done():
            if not self._is_failing:  # else it is about to end by itself, and frees what it has
                self._opening.cancel()
            await asyncio.wait([self._opening])
        if recoverable and self._connection is not None:
            # Else a server may refuse to have them published again while it believes us there.
            await self._connection.leave_inputs(tuple(self._published))
        if self._status is Status.READY:
            self._move(DISCONNECT)
            self._let_go()
        self._may_retry = False
        session_id = self._session_id
        if not recoverable:
            self._forget()
        try:
            await self._freed()
        finally:
            if session_id is not None and not recoverable:
                await self._end_session(session_id)

    async def _begin(self, move: Move, what: str) -> None:
        if self._status is not Status.DISCONNECTED or self._opening is not None:
            raise misuse("already_connected", what)
        if self._is_leaving:
            raise LiveError("disconnected", f"{what}: the client's block is being left")
        opening = self._opening = asyncio.create_task(self._open(move))
        try:
            await opening
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or not task.cancelling():
                raise LiveError("disconnected", f"{what}: disconnect() was called") from None
            if not opening.cancelled() and opening.exception() is None:
                # It came about in the very moment in which it was given up.
                await self.disconnect(recoverable=move is RECONNECT)
            raise
        finally:
            if self._opening is opening:
                self._opening = None

    async def _open(self, move: Move) -> None:
        from .api import Api

        await self._freed()
        self._may_retry = False
        self._move(move)
        api = Api(self._where, self._timeouts.request_s)
        try:
            if move is CONNECT and self._session_id is not None:
                # A connection was lost, and is not meant to be resumed (L-CLIENT-8).
                old = self._session_id
                self._forget()
                await self._end_session(old)
            await self._connect(api, self._sessions(api), move)
        except BaseException as error:
            await self._failed(api, move, error)
            raise

    async def _connect(self, api: Api, sessions: Sessions, move: Move) -> None:
        from .connection import Connection

        if self._session_id is None:
            session_id = await sessions.begin()
            self._set_session(session_id)
            self._move(TOLD)
            descriptor = await sessions.reach(session_id)
        else:
            descriptor = await sessions.back(self._session_id)
            self._move(TOLD)
        self._describe(descriptor)
        connection = Connection(api, descriptor, self._handlers, self._timeouts)
        connection.when_over = lambda error: self._on_over(connection, error)
        connection.when_refused = self._tell
        await connection.open(again=move is RECONNECT, flat=self._flat)
        try:
            self._connection = connection
            self._move(OPENED)
            await connection.resume_all()
            await self._publish_again(connection)
            if connection.failure is not None:
                raise connection.failure
        except BaseException as error:
            self._connection = None
            await connection.close()
            if connection.failure is not None and isinstance(error, LiveError):
                raise connection.failure from None  # rather than what came of it
            raise
        self._opening = None

    async def _failed(self, api: Api, move: Move, error: BaseException) -> None:
        """Undo what a failed attempt has done, and then tell of it: all can be tried anew then."""
        session_id = self._session_id if move is CONNECT else None
        self._is_failing = True
        try:
            await api.close()
            if session_id is not None:
                await self._end_session(session_id)
        finally:
            self._is_failing = False
            self._opening = None
            told = error if isinstance(error, LiveError) else None
            self._may_retry = told is not None and move is CONNECT and told.recoverable
            if self._status is not Status.DISCONNECTED:
                at_ready = LOST if self._status is Status.READY else REFUSED
                self._move(DISCONNECT if told is None else at_ready)
            if session_id is not None or (told is not None and told.code in GONE):
                self._forget()
            if told is not None:
                self._tell(told)

    def _sessions(self, api: Api) -> Sessions:
        from .session import Hosted, Local

        if self._where.local:
            return Local(api, self._timeouts)
        return Hosted(api, self._model, self._timeouts)

    async def _end_session(self, session_id: str) -> None:
        """End a session, as far as that can be done; the server's window does the rest."""
        from .api import Api

        try:
            async with (
                asyncio.timeout(self._timeouts.close_s),
                Api(self._where, self._timeouts.request_s) as api,
            ):
                await self._sessions(api).end(session_id)
        except (LiveError, TimeoutError) as error:
            logger.warning("the session %s could not be ended: %s", session_id, error)

    def _on_over(self, connection: Connection, error: LiveError) -> None:
        if connection is not self._connection or self._opening is not None:
            return  # who opens it is told by its failure
        is_ended = error.code in GONE
        self._move(ENDED if is_ended else LOST)
        self._let_go()
        if is_ended:
            self._forget()
        self._tell(error)

    def _let_go(self) -> None:
        """Free the connection, behind the application's back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            closing = asyncio.create_task(connection.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _freed(self) -> None:
        """Wait until connections of before are closed: aiortc does that in bounded time."""
        if self._closing:
            await asyncio.wait(set(self._closing))

    def _set_session(self, session_id: str | None) -> None:
        if session_id != self._session_id:
            self._session_id = session_id
            self._handlers.emit("session_id_changed", session_id)

    def _set_expiry(self, at: float | None) -> None:
        if at != self._expires_at:
            self._expires_at = at
            self._handlers.emit("session_expiration_changed", at)

    def _describe(self, descriptor: Descriptor) -> None:
        is_new = self._descriptor is None
        self._descriptor = descriptor
        if is_new:
            self._handlers.emit("capabilities_received", deepcopy(descriptor.capabilities))
        self._set_expiry(descriptor.expires_at)

    def _forget(self) -> None:
        """The session is over, for this client."""
        self._descriptor = None
        self._published.clear()
        self._set_session(None)
        self._set_expiry(None)

    async def _publish_again(self, connection: Connection) -> None:
        for name, track in tuple(self._published.items()):
            if track.readyState != "live" or not connection.has_input(name):
                self._published.pop(name, None)
                continue
            try:
                await connection.publish(name, track)
            except LiveError as error:
                if error.code == "connection_lost":
                    raise
                if error.code == "publish_refused":
                    connection.publish_later(name, track, self._unpublished)
                else:
                    self._unpublished(name, error)

    def _unpublished(self, name: str, error: LiveError) -> None:
        """A track could not be published again."""
        self._published.pop(name, None)
        error.recoverable = False  # the connection is there: nothing to come back to
        self._tell(error)

    def _ready(self, what: str) -> Connection:
        if self._connection is None or self._status is not Status.READY:
            raise misuse("not_ready", what)
        return self._connection
