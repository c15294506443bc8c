"""The states of a session, of a connection, and of a client, as tables.

1. The moves are HTTP requests, messages, and what only time or a network brings: those are named
   in words.
2. A state has three names: ours, and those of the two wires.
"""

from __future__ import annotations

from enum import StrEnum

from ..machine import Machine, Move, Row, Sender
from .http import CREATE_SESSION, END_SESSION, RESTART_SESSION, START_LOCAL, STOP_LOCAL
from .requirements import media, resume, sessions, signaling


class State(StrEnum):
    """How far a session has come."""

    CREATED = "created"
    """Asked for; whether there is a place for it is not yet known."""
    WAITING = "waiting"
    """It waits for a place."""
    ACTIVE = "active"
    """It has a place; clients connect, and are served."""
    ORPHANED = "orphaned"
    """Its last client is gone, and its state is kept."""
    CLOSED = "closed"
    """It has ended, and all that it held is freed."""


HOSTED: dict[State, str] = {
    State.CREATED: "CREATED",
    State.WAITING: "WAITING",
    State.ACTIVE: "ACTIVE",
    State.ORPHANED: "ACTIVE",
    State.CLOSED: "CLOSED",
}
"""What `state` is on the session routes."""
LOCAL: dict[State, str] = {
    State.CREATED: "ready",
    State.WAITING: "waiting",
    State.ACTIVE: "streaming",
    State.ORPHANED: "orphaned",
    State.CLOSED: "terminated",
}
"""What `state` is on the local routes."""


def _client(what: str) -> Move:
    return Move(what, Sender.CLIENT)


def _server(what: str) -> Move:
    return Move(what, Sender.SERVER)


CONNECTED = _client("first connection serves")
"""The first connection of a session begins to be served."""
GONE = _client("last connection gone")
"""The last one is closed, or silent for too long."""
ENDED = _server("runtime.sessionEnded")
"""The server ends the session: expiry, the model's own end, a planned shutdown."""
PLACE = _server("place given")
"""There is a place for it."""
NO_PLACE = _server("no place")
"""There is none, for now."""
WINDOW_OVER = _server("window over")
"""Nobody has come, or come back, in time."""
GIVEN_UP = _server("waited too long")
"""No place has become free in time."""

_S = State
TABLE: Machine[State] = Machine(
    State.CREATED,
    [
        Row(_S.CREATED, PLACE, _S.ACTIVE, sessions.ACTIVE_WITH_PLACE),
        Row(_S.CREATED, NO_PLACE, _S.WAITING, sessions.WAITS_FOR_PLACE),
        Row(_S.CREATED, END_SESSION.move, _S.CLOSED, sessions.DELETE_ENDS),
        Row(_S.WAITING, PLACE, _S.ACTIVE, sessions.ACTIVE_WITH_PLACE),
        Row(_S.WAITING, GIVEN_UP, _S.CLOSED, sessions.WAITING_ENDS),
        Row(_S.WAITING, END_SESSION.move, _S.CLOSED, sessions.DELETE_ENDS),
        Row(_S.WAITING, ENDED, _S.CLOSED, sessions.STOPPING),
        Row(_S.ACTIVE, CONNECTED, _S.ACTIVE, signaling.SERVES_CONNECTION),
        Row(_S.ACTIVE, RESTART_SESSION.move, _S.ACTIVE, sessions.RESTART_RESETS),
        Row(_S.ACTIVE, WINDOW_OVER, _S.CLOSED, sessions.NEVER_CONNECTED),
        Row(_S.ACTIVE, GONE, _S.ORPHANED, resume.ORPHANED_KEEPS),
        Row(_S.ACTIVE, ENDED, _S.CLOSED, sessions.EXPIRY_ENDS),
        Row(_S.ACTIVE, END_SESSION.move, _S.CLOSED, sessions.DELETE_ENDS),
        Row(_S.ORPHANED, CONNECTED, _S.ACTIVE, resume.RECONNECT_RESUMES),
        Row(_S.ORPHANED, RESTART_SESSION.move, _S.ORPHANED, sessions.RESTART_RESETS),
        Row(_S.ORPHANED, WINDOW_OVER, _S.CLOSED, resume.WINDOW_ENDS),
        Row(_S.ORPHANED, ENDED, _S.CLOSED, sessions.EXPIRY_ENDS),
        Row(_S.ORPHANED, END_SESSION.move, _S.CLOSED, sessions.DELETE_ENDS),
    ],
)
"""Every move of a session. On the local routes, starting creates one and stopping deletes it."""

STARTS = (CREATE_SESSION, START_LOCAL)
"""What brings a session about."""
STOPS = (END_SESSION, STOP_LOCAL)
"""What a client ends one with."""


class Link(StrEnum):
    """How far a connection has come."""

    NEW = "new"
    """Registered, or named for the first time; candidates are kept."""
    OFFERED = "offered"
    """An offer is being answered."""
    ANSWERED = "answered"
    """The answer is there to be fetched."""
    FAILED = "failed"
    """The offer could not be answered."""
    SERVED = "served"
    """The channel `data` is open."""
    CLOSED = "closed"
    """It is gone."""


OFFER = _client("offer")
"""`POST` or `PUT` of `sdp_params`."""
ANSWER = _server("answer made")
"""There is an answer."""
NO_ANSWER = _server("no answer")
"""There will be none."""
DATA_OPEN = _client("data opens")
"""The channel `data` is open."""
HANG_UP = _client("hangs up")
"""It closes the connection, or is silent for too long."""
CUT = _server("cut")
"""The session ends, or the server closes the connection."""

_L = Link
CONNECTION_TABLE: Machine[Link] = Machine(
    Link.NEW,
    [
        Row(_L.NEW, OFFER, _L.OFFERED, signaling.OFFER_TAKEN),
        Row(_L.OFFERED, OFFER, _L.OFFERED, signaling.NEWEST_OFFER),
        Row(_L.OFFERED, ANSWER, _L.ANSWERED, signaling.ANSWER_IN_TIME),
        Row(_L.OFFERED, NO_ANSWER, _L.FAILED, signaling.FAILED_OFFER),
        Row(_L.FAILED, OFFER, _L.OFFERED, signaling.NEWEST_OFFER),
        Row(_L.ANSWERED, OFFER, _L.OFFERED, signaling.NEWEST_OFFER),
        Row(_L.ANSWERED, DATA_OPEN, _L.SERVED, signaling.SERVES_CONNECTION),
        Row(_L.ANSWERED, HANG_UP, _L.CLOSED, resume.DEAD_NOTICED),
        Row(_L.ANSWERED, CUT, _L.CLOSED, sessions.DELETE_ENDS),
        Row(_L.SERVED, OFFER, _L.OFFERED, signaling.NEWEST_OFFER),
        Row(_L.SERVED, HANG_UP, _L.CLOSED, resume.DEAD_NOTICED),
        Row(_L.SERVED, CUT, _L.CLOSED, sessions.DELETE_ENDS),
        Row(_L.CLOSED, OFFER, _L.OFFERED, resume.SAME_ID_RETURNS),
    ],
)
"""Every move of a connection."""


class Status(StrEnum):
    """What a client says of itself."""

    DISCONNECTED = "disconnected"
    """It has no session, or none that it is connected to."""
    CONNECTING = "connecting"
    """It asks for a session."""
    WAITING = "waiting"
    """There is a session; there is no connection yet."""
    READY = "ready"
    """Channels are open; commands and media go through."""


CONNECT = _client("connect")
"""It asks for a session of its own."""
RECONNECT = _client("reconnect")
"""It comes back to one."""
TOLD = _server("session told")
"""The server has named the session."""
OPENED = _server("channels open")
"""The channels are open."""
REFUSED = _server("refused")
"""A step on the way failed, or took too long."""
DISCONNECT = _client("disconnect")
"""It hangs up, for good or for a while."""
LOST = _server("connection lost")
"""The connection broke."""

_C = Status
CLIENT_TABLE: Machine[Status] = Machine(
    Status.DISCONNECTED,
    [
        Row(_C.DISCONNECTED, CONNECT, _C.CONNECTING, sessions.CREATES),
        Row(_C.DISCONNECTED, RECONNECT, _C.CONNECTING, resume.RECONNECT_RESUMES),
        Row(_C.CONNECTING, TOLD, _C.WAITING, sessions.CREATES),
        Row(_C.CONNECTING, REFUSED, _C.DISCONNECTED, sessions.CREATES),
        Row(_C.CONNECTING, DISCONNECT, _C.DISCONNECTED, sessions.CREATES),
        Row(_C.WAITING, OPENED, _C.READY, signaling.SERVES_CONNECTION),
        Row(_C.WAITING, DISCONNECT, _C.DISCONNECTED, sessions.DELETE_ENDS),
        Row(_C.WAITING, REFUSED, _C.DISCONNECTED, signaling.FAILED_OFFER),
        Row(_C.READY, _client("resume_track"), _C.READY, media.RESUME_IDEMPOTENT),
        Row(_C.READY, DISCONNECT, _C.DISCONNECTED, sessions.DELETE_ENDS),
        Row(_C.READY, LOST, _C.DISCONNECTED, resume.ORPHANED_KEEPS),
        Row(_C.READY, ENDED, _C.DISCONNECTED, sessions.EXPIRY_ENDS),
    ],
)
"""Every move of a client."""
