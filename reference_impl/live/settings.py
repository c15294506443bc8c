"""What an operator decides about the live profile of a server."""

from __future__ import annotations

from dataclasses import dataclass, field

from risp.protocol.live import limits


@dataclass(frozen=True, kw_only=True)
class LiveSettings:
    """The bounds that the live profile keeps; where it listens is decided for the whole server."""

    host: str = "127.0.0.1"
    """The address that the server listens on."""
    keys: tuple[str, ...] = field(default=(), repr=False)
    """Keys that open; empty means that none is asked for, and that the local routes are there."""
    places: int = 8
    """Sessions that have the model at one time."""
    waiting: int = 64
    """Sessions that may wait for a place."""
    connections: int = 8
    """Connections of one session at one time."""
    waiting_within_s: float = limits.WAITING_WITHIN_S
    """How long a session waits for a place, in seconds."""
    never_connected_s: float = limits.NEVER_CONNECTED_S
    """How long a session with a place waits for its first connection, in seconds."""
    resume_window_s: float = limits.RESUME_WINDOW_S
    """How long an orphaned session is kept, in seconds."""
    session_s: float | None = 3600.0
    """How long a session lives at the most, in seconds; None: as long as it likes."""
    gone_s: float = limits.GONE_S
    """How long a session that has ended is told of, in seconds."""
    silence_s: float = limits.SILENCE_S
    """How long a client may be silent, in seconds."""
    publisher_silent_s: float = limits.PUBLISHER_SILENT_S
    """After how much silence an input can be taken over, in seconds."""
    answer_within_s: float = limits.ANSWER_WITHIN_S - 1.0
    """How long an answer to an offer may take, in seconds."""
    token_secret: str = field(default="", repr=False)
    """What tokens are signed with; empty: drawn at the start, so that they end with the server."""
    token_s: int = limits.TOKEN_S
    """How long a token is good if nothing else is asked for, in seconds."""
    max_body_bytes: int = limits.MAX_BODY_BYTES
    """The largest JSON body taken."""
    max_upload_bytes: int = 64 << 20
    """The largest file taken."""
    max_session_upload_bytes: int = 256 << 20
    """The files of one session, together."""
    max_uploads: int = 64
    """Uploads of one session."""
    upload_url_s: float = limits.UPLOAD_URL_S
    """How long a place for a file is kept, in seconds."""
    upload_wait_s: float = limits.UPLOAD_WAIT_S
    """How long a command waits for its file, in seconds."""
    retry_after_s: int = 5
    """What those are told to wait who find no room."""
    flat: bool = True
    """Whether the flat signaling routes are offered."""
    uploads: bool = True
    """Whether uploads are offered."""
    state: bool = True
    """Whether `requestState` is answered."""
    events: bool = True
    """Whether `/events` is offered."""
    ice_servers: tuple[str, ...] = ()
    """STUN and TURN servers for clients and server; none: no packet leaves but to the client."""
    origins: tuple[str, ...] = ()
    """Origins that may ask besides those of this machine; with keys set, every one may."""
    page: bool = True
    """Whether the page at `/` is there."""
