"""What a client knows of its session: state, promises of the server, who awaits what. No I/O."""

from __future__ import annotations

from collections import deque
from typing import Any, cast

from risp.protocol.action.frames import (
    ActionChunk,
    Error,
    ObservationDropped,
    SessionClosing,
    SessionOpen,
    SessionReady,
)
from risp.protocol.action.limits import DEFAULT_MAX_IN_FLIGHT
from risp.protocol.action.session import FATAL, NOT_FATAL, TABLE, State
from risp.protocol.errors import LocalProtocolError
from risp.protocol.machine import Move

from .failures import ServerError
from .incoming import seq_of
from .pairing import Pairing

Json = dict[str, Any]

REMEMBERED_DROPS = 1024
"""How many `observation.dropped` are kept for the caller."""

CHUNK, DROPPED, ERROR = ActionChunk.tag(), ObservationDropped.tag(), Error.tag()
_CLOSING = SessionClosing.tag()
_ANSWERS_NOTHING = frozenset({"bad_frame", "unknown_type", "already_open"})


class Books:
    """The books of one session; the next session gets new ones."""

    def __init__(self) -> None:
        self.state: State = TABLE.initial
        """How far the session has come."""
        self.ready: Json = {}
        """The server's `session.ready`, as it came; empty before."""
        self.pairing = Pairing()
        """Which answers are awaited."""
        self.dropped: deque[Json] = deque(maxlen=REMEMBERED_DROPS)
        """The latest `observation.dropped`, oldest first."""
        self.max_bytes: int | None = None
        """The largest message the server takes, in bytes, if it says so."""

    def advance(self, move: Move) -> bool:
        """Move on by the protocol's table; tells whether the move is legal now."""
        row = TABLE.find(self.state, move)
        if row is not None:
            self.state = row.target
        return row is not None

    def open(self, ready: Json) -> None:
        """Opening is done: keep to what the server declares, as far as it makes sense."""
        self.advance(SessionOpen.as_move())
        self.advance(SessionReady.as_move())
        self.ready = ready
        self.pairing.fifo = ready.get("queue") != "latest"
        room = _declared(ready, "max_in_flight")
        if room is None and self.pairing.fifo:
            room = DEFAULT_MAX_IN_FLIGHT
        self.pairing.room = room
        self.max_bytes = _declared(ready, "max_frame_bytes")

    def settle(self, frame: Json) -> bool:
        """Enter a server's frame; tells whether the caller awaits it (A-CLIENT-3, A-CLIENT-7)."""
        kind = frame["type"]
        if kind == CHUNK:
            return self.pairing.answered(seq_of(frame))
        if kind == DROPPED:
            self.dropped.append(frame)
            return self.pairing.answered(seq_of(frame))
        if kind == ERROR:
            return self._settle_error(ServerError(frame))
        if kind == _CLOSING:
            self.advance(SessionClosing.as_move())
        return False

    def _settle_error(self, error: ServerError) -> bool:
        self.advance(Error.as_move(FATAL if error.fatal else NOT_FATAL))
        if error.fatal:
            return True
        seq = seq_of(error.frame)
        if seq is not None:
            return self.pairing.answered(seq)
        if error.code not in _ANSWERS_NOTHING:
            self.pairing.failed_without_seq()
        return True

    def check_size(self, size: int) -> None:
        """Raise LocalProtocolError for a message of more bytes than the server declared to take."""
        if self.max_bytes is not None and size > self.max_bytes:
            raise LocalProtocolError(
                "invalid_observation",
                f"{size} bytes, and the server takes {self.max_bytes}",
                hint="send smaller pictures",
            )

    def check_room(self) -> None:
        """Raise LocalProtocolError if the server takes no more observations now (A-CLIENT-9)."""
        if self.pairing.is_full:
            raise LocalProtocolError(
                "too_many_in_flight",
                f"{self.pairing.room} observations are unanswered, and the server takes no more",
                hint='call recv_action first, or ask for queue="latest"',
            )


def _declared(ready: Json, name: str) -> int | None:
    limits = ready.get("limits")
    value: Any = cast(Json, limits).get(name) if isinstance(limits, dict) else None
    return value if type(value) is int and value > 0 else None
