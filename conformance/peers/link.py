"""What a peer needs of a connection, live or recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..transcript import Event, Kind

WRONG_ACCEPT = "the 101 carries no correct Sec-WebSocket-Accept (RFC 6455, 4.2.2)"
"""Why there is no connection although the response would have opened one."""


class LinkError(Exception):
    """No connection came about; the message says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """An opening handshake to send."""

    target: str
    headers: tuple[tuple[str, str], ...] = ()
    """Headers beyond those that every opening handshake has."""


class Link(Protocol):
    """One connection; its clock is seconds since the transcript began."""

    def now(self) -> float:
        """The transcript's clock."""
        ...

    def connect(self, request: Request, within: float) -> Event:
        """Connect and shake hands; returns the response. Raises LinkError."""
        ...

    def put(self, kind: Kind, payload: str | bytes, *, flush: bool = True) -> None:
        """Send a message or control frame; with `flush=False` it waits to leave with the next."""
        ...

    def put_close(self, code: int | None) -> None:
        """Send a Close frame."""
        ...

    def get(self, until: float) -> Event | None:
        """The next event from the peer, or None if none came before `until`."""
        ...

    def index(self, event: Event) -> int:
        """The event's place in the transcript."""
        ...

    def pause(self, until: float) -> None:
        """Let time pass without reading."""
        ...

    def abort(self) -> None:
        """End the connection with a reset."""
        ...

    def release(self) -> None:
        """Let go of the connection, whatever its state."""
        ...
