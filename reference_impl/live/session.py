"""One session: its state, the model at work for it, its connections, its files."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from risp.protocol.live import channel as say
from risp.protocol.live.control import ControlProblem
from risp.protocol.live.limits import (
    FLAT_CONNECTION,
    GREATEST_CONNECTION,
    LEAST_CONNECTION,
    SESSION_ID_BITS,
)
from risp.protocol.live.model import Direction, Track
from risp.protocol.live.session import (
    CONNECTED,
    ENDED,
    GIVEN_UP,
    GONE,
    HOSTED,
    LOCAL,
    NO_PLACE,
    PLACE,
    TABLE,
    WINDOW_OVER,
    Link,
    State,
)
from risp.protocol.live.signaling import Answer, Candidates, MappedTrack, NewConnection, Offer
from risp.protocol.machine import Move

from .modelling.loading import LoadedModel
from .modelling.messages import ModelMessage
from .refusal import Refusal
from .serving.connection import Connection
from .serving.talk import ended, event
from .settings import LiveSettings
from .stage import Stage
from .tokens import Grant
from .uploads import Uploads

logger = logging.getLogger("risp.live")

REGISTERED = 64
"""Connections of a session that are remembered, live or not."""
STAGE_S = 2.0
"""How long the end of a model's run is waited for, in seconds."""


class Watcher(Protocol):
    """Who keeps the sessions."""

    def note(self, session: LiveSession, event: str, before: State, detail: dict[str, Any]) -> None:
        """Something has happened on a session."""
        ...

    def over(self, session: LiveSession, reason: str) -> None:
        """A session has come to its end by itself."""
        ...


@dataclass
class Publisher:
    """Who sends an input."""

    connection: int
    seen: float
    """When the last frame of it came, or it was let in."""


class LiveSession:
    """One session, on the event loop. Its model works in a thread of its own."""

    def __init__(
        self,
        settings: LiveSettings,
        model: LoadedModel,
        grant: Grant,
        watcher: Watcher,
        now: Callable[[], float],
        *,
        local: bool,
    ) -> None:
        self.id = secrets.token_urlsafe(SESSION_ID_BITS // 6 + 1)
        self.settings = settings
        self.grant = grant
        self.local = local
        """Whether it was started on the local routes."""
        self.state = TABLE.initial
        self.since = now()
        """When it came into its state."""
        self.expires_at: float | None = None
        """When it ends at the latest, by the clock on the wall."""
        self.ever_connected = False
        self.reason = ""
        """Why it has ended."""
        self.uploads = Uploads(settings, self.id, now)
        self._model = model
        self._watcher = watcher
        self._now = now
        self._expires: float | None = None
        self._stage: Stage | None = None
        self._connections: dict[int, Connection] = {}
        self._publishers: dict[str, Publisher] = {}
        self._loop = asyncio.get_running_loop()
        self._ending: asyncio.Task[None] | None = None

    # What it is

    @property
    def word(self) -> str:
        """Its state in the words of the session routes."""
        return HOSTED[self.state]

    @property
    def local_word(self) -> str:
        """Its state in the words of the local routes."""
        return LOCAL[self.state]

    @property
    def has_place(self) -> bool:
        """Whether the model works for it."""
        return self.state in (State.ACTIVE, State.ORPHANED)

    @property
    def stage(self) -> Stage | None:
        """The model at work."""
        return self._stage

    @property
    def tracks(self) -> Sequence[Track]:
        """The model's tracks."""
        return self._model.schema.tracks

    def schema(self) -> dict[str, Any]:
        """What the model publishes."""
        return self._model.document

    def capabilities(self) -> dict[str, Any]:
        """What it offers on this session (L-SESS-9)."""
        return self._model.capabilities

    # Its life

    def activate(self) -> None:
        """Give it a place (L-SESS-6)."""
        limits = [
            one for one in (self.settings.session_s, self.grant.max_session_s) if one is not None
        ]
        if limits:
            self._expires = self._now() + min(limits)
            self.expires_at = time.time() + min(limits)
        self._stage = Stage(self._model, self)
        self._stage.start()
        self._go(PLACE)

    def wait(self) -> None:
        """Have it wait for a place (L-SESS-7)."""
        self._go(NO_PLACE)

    def restart(self) -> None:
        """Begin the model anew (L-SESS-12). Raises Refusal where there is no model at work."""
        stage = self._at_work()
        stage.restart()
        self.note("restart", {})

    def due(self) -> str:
        """Why it is to end now; empty while it is not."""
        now, settings = self._now(), self.settings
        waited = now - self.since
        if self.state is State.WAITING and waited > settings.waiting_within_s:
            return "no_capacity"
        if self.state is State.ORPHANED and waited > settings.resume_window_s:
            return "resume_window_over"
        if (
            self.state is State.ACTIVE
            and not self.ever_connected
            and waited > settings.never_connected_s
        ):
            return "never_connected"
        if self.has_place and self._expires is not None and now > self._expires:
            return "expired"
        return ""

    async def check(self) -> None:
        """Look after the connections."""
        for connection in list(self._connections.values()):
            await connection.check()

    def end(self, reason: str, move: Move = ENDED) -> asyncio.Task[None]:
        """End it; the task is done when all is freed (L-SESS-13, L-SESS-19)."""
        if self._ending is None:
            self.reason = reason
            for connection in self._connections.values():
                connection.say(ended(reason))
            self._go(_move_of(reason, move), {"reason": reason})
            self._ending = asyncio.create_task(self._free())
        return self._ending

    async def _free(self) -> None:
        stage, self._stage = self._stage, None
        if stage is not None:
            stage.stop()
        # The files go first: a server that is told twice to end waits for nothing else.
        await asyncio.to_thread(self.uploads.close)
        await asyncio.gather(*(c.close() for c in self._connections.values()))
        self._connections.clear()
        self._publishers.clear()
        if stage is not None and not await stage.left(STAGE_S):
            logger.warning("the model of a session that has ended is still at work")

    # Connections

    def register(self) -> NewConnection:
        """A new connection (L-SIGNAL-2). Raises Refusal."""
        self._at_work()
        self._make_room()
        free = set(range(LEAST_CONNECTION, GREATEST_CONNECTION + 1))
        free -= {FLAT_CONNECTION, *self._connections}
        number = secrets.choice(sorted(free))
        self._connections[number] = Connection(self, number, self._now)
        tracks = {name: MappedTrack(**one) for name, one in self._model.schema.track_map().items()}
        return NewConnection(connection_id=number, track_map=tracks)

    def offer(self, number: int, offer: Offer, flat: bool = False) -> None:
        """Take an offer for a connection, registered or not (L-SIGNAL-5). Raises Refusal."""
        self._at_work()
        live = sum(c.is_live for c in self._connections.values() if c.id != number)
        if live >= self.settings.connections:
            raise self._busy("the session has as many connections as it may have")
        self._connection(number).offer(offer, flat)

    def answer(self, number: int) -> Answer | None:
        """The answer to a connection's newest offer; None as long as there is none."""
        self._check_open()
        connection = self._connections.get(number)
        return connection.answer() if connection is not None else None

    def candidates(self, number: int, given: Candidates) -> None:
        """Take candidates for a connection. Raises Refusal."""
        self._at_work()
        self._connection(number).candidates(given)

    def _connection(self, number: int) -> Connection:
        found = self._connections.get(number)
        if found is None:
            self._make_room()
            found = self._connections[number] = Connection(self, number, self._now)
        return found

    def _make_room(self) -> None:
        """Forget the oldest connections that hold nothing, before there are too many."""
        while len(self._connections) >= REGISTERED:
            idle = [c for c in self._connections.values() if not c.is_live]
            if not idle:
                raise self._busy("the session has as many connections as it may have")
            del self._connections[min(idle, key=lambda c: c.created).id]

    def _busy(self, detail: str) -> Refusal:
        return Refusal("no_capacity", detail, retry_after_s=self.settings.retry_after_s)

    def _check_open(self) -> None:
        if self.state is State.CLOSED:
            raise Refusal("session_closed", f"the session has ended: {self.reason}")

    def _at_work(self) -> Stage:
        self._check_open()
        if self._stage is None:
            raise self._busy("the session has no place yet")
        return self._stage

    # What connections tell

    def served(self, connection: Connection) -> None:
        """A connection begins to be served."""
        self.ever_connected = True
        self._go(CONNECTED, {"conn_id": connection.id})
        if self._stage is not None:
            self._stage.connected(connection.id)

    def left(self, connection: Connection) -> None:
        """A served connection is gone; after the last one the window begins (L-RESUME-8)."""
        for name in [n for n, p in self._publishers.items() if p.connection == connection.id]:
            self.unpublish(connection.id, name)
        if self._stage is not None:
            self._stage.disconnected(connection.id)
        if not any(c.link is Link.SERVED for c in self._connections.values()):
            self._go(GONE, {"conn_id": connection.id})

    def note(self, event: str, detail: dict[str, Any]) -> None:
        """Write something down for those who watch."""
        self._watcher.note(self, event, self.state, detail)

    # Inputs

    def publish(self, connection: int, track: str) -> ControlProblem | None:
        """Make a connection the publisher of an input (L-MEDIA-8..12), or say why not."""
        inputs = {t.name for t in self.tracks if t.direction is Direction.IN}
        peer = self._connections[connection].peer
        if track not in inputs or peer is None or track not in peer.inputs:
            return ControlProblem(
                code="unknown_track", message=f"no input of this connection is called {track!r}"
            )
        holder = self._publishers.get(track)
        now = self._now()
        if (
            holder is not None
            and holder.connection != connection
            and now < holder.seen + self.settings.publisher_silent_s
        ):
            return ControlProblem(
                code="publish_refused", message=f"another connection publishes {track!r}"
            )
        self._publishers[track] = Publisher(connection, now)
        self.note("publish", {"conn_id": connection, "track": track})
        return None

    def unpublish(self, connection: int, track: str) -> None:
        """Make a connection the publisher no more."""
        holder = self._publishers.get(track)
        if holder is not None and holder.connection == connection:
            del self._publishers[track]
            if self._stage is not None:
                self._stage.show(track, None)
            self.note("unpublish", {"conn_id": connection, "track": track})

    def has_input(self, connection: int, track: str) -> None:
        """On the flat routes nobody can ask to publish: who sends first does."""
        if track not in self._publishers:
            self._publishers[track] = Publisher(connection, self._now())

    def wants(self, connection: int, track: str) -> bool:
        """Whether a connection is the publisher of an input; asking shows that it sends."""
        holder = self._publishers.get(track)
        if holder is None or holder.connection != connection:
            return False
        holder.seen = self._now()
        return True

    def on_input(self, connection: int, track: str, frame: Any) -> None:
        """Hand a frame to the model."""
        if self._stage is not None and self.wants(connection, track):
            self._stage.show(track, frame)

    # What the model tells, in its thread

    def on_frame(self, track: str, frame: Any) -> None:
        """A frame of an output: encoders get it if anybody watches."""
        if any(c.watches(track) for c in list(self._connections.values())):
            from .media import encoded

            self._soon(self._show, track, encoded(frame, self._now()))

    def on_message(self, message: ModelMessage) -> None:
        """A message for all (L-CHAN-6)."""
        self._soon(self._broadcast, event(message))

    def on_end(self, reason: str, error: Exception | None) -> None:
        """The model has come to its end, by itself or by its own fault."""
        self._soon(self._watcher.over, self, reason)

    def _soon(self, call: Callable[..., Any], *arguments: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)

    def _show(self, track: str, frame: Any) -> None:
        for connection in self._connections.values():
            connection.show(track, frame)

    def _broadcast(self, message: say.EventMessage) -> None:
        for connection in self._connections.values():
            if connection.link is Link.SERVED:
                connection.say(message)

    def _go(self, move: Move, detail: dict[str, Any] | None = None) -> None:
        before, row = self.state, TABLE.find(self.state, move)
        if row is None:
            return
        if row.target is not before:
            self.state, self.since = row.target, self._now()
        self._watcher.note(self, move.frame, before, detail or {})


def _move_of(reason: str, move: Move) -> Move:
    """What the table calls the end for a reason of `due`."""
    windows = ("resume_window_over", "never_connected")
    return WINDOW_OVER if reason in windows else GIVEN_UP if reason == "no_capacity" else move
