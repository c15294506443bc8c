"""The client of the live profile."""

from risp.protocol.live.channel import FileRef
from risp.protocol.live.session import Status

from .client import LiveClient, Reactor
from .failures import CLIENT_CODES, LiveError, ReactorError
from .telling import ClientState, ReactorState, ReactorStatus
from .timeouts import Timeouts

__all__ = [
    "LiveClient",
    "LiveError",
    "Status",
    "FileRef",
    "ClientState",
    "Timeouts",
    "CLIENT_CODES",
    "Reactor",
    "ReactorError",
    "ReactorState",
    "ReactorStatus",
]
