"""What an operator decides about a server."""

from __future__ import annotations

from dataclasses import dataclass, replace

from risp.protocol.action.declares import Capability
from risp.protocol.action.limits import (
    DEFAULT_ANSWER_TIMEOUT_MS,
    DEFAULT_MAX_FRAME_BYTES,
    DEFAULT_MAX_IN_FLIGHT,
    UNOPENED_S,
)
from risp.protocol.version import ACTION_PATH


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The bounds a server keeps, and where it listens."""

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = 8080
    """The port to listen on; 0 takes a free one."""
    path: str = ACTION_PATH
    """Where the endpoint is published."""
    keys: tuple[str, ...] = ()
    """Keys that open; empty means that none is asked for."""
    max_frame_bytes: int = 8 << 20
    """The largest message taken, in bytes of payload."""
    max_in_flight: int = 32
    """Observations that a client in `fifo` may have unanswered."""
    answer_timeout_ms: int = DEFAULT_ANSWER_TIMEOUT_MS
    """Every observation is answered within this time of its receipt."""
    idle_timeout_ms: int = 300_000
    """A session without a frame for this long ends, unless an answer is owed."""
    unopened_s: float = UNOPENED_S
    """A connection on which nothing is opened for this many seconds is closed."""
    status_every_s: float = 4.0
    """While the policy loads, those who asked for status get one this often, in seconds."""
    retry_after_s: int = 5
    """What those are told to wait who come while the policy loads or no room is left."""
    max_sessions: int = 1000
    """Connections served at one time."""
    grace_s: float = 10.0
    """How long a planned shutdown waits for the answers that are owed, in seconds."""
    capabilities: frozenset[Capability] = frozenset(Capability)
    """Extensions that are served to those who ask."""
    terse: bool = False
    """Declare nothing but the `session_id`, as a minimal server may."""

    def undeclared(self) -> Settings:
        """What a terse server keeps: where nothing is declared, the protocol's defaults bind."""
        return replace(
            self,
            max_frame_bytes=max(self.max_frame_bytes, DEFAULT_MAX_FRAME_BYTES),
            max_in_flight=max(self.max_in_flight, DEFAULT_MAX_IN_FLIGHT),
            answer_timeout_ms=min(self.answer_timeout_ms, DEFAULT_ANSWER_TIMEOUT_MS),
            capabilities=frozenset(),
            terse=True,
        )
