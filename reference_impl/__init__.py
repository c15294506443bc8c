"""The smallest honest implementation of the protocol: server and client."""

from typing import TYPE_CHECKING, Any

if __name__ != "risp.reference_impl":
    raise ImportError(
        "import risp.reference_impl, not reference_impl: a second copy of every class would be made"
    )

if TYPE_CHECKING:
    from .action import (
        ActionStream,
        AsyncActionStream,
        ConnectionEnded,
        MalformedFrame,
        ObservationLost,
        ServerError,
        StreamError,
        WebSocketHandshakeError,
        async_infer_actions,
        connect,
        infer_actions,
    )
    from .live.client import (
        ClientState,
        FileRef,
        LiveClient,
        LiveError,
        Reactor,
        ReactorError,
        ReactorState,
        ReactorStatus,
        Status,
        Timeouts,
    )

__all__ = [
    "ActionStream",
    "AsyncActionStream",
    "infer_actions",
    "async_infer_actions",
    "connect",
    "StreamError",
    "WebSocketHandshakeError",
    "ServerError",
    "ObservationLost",
    "MalformedFrame",
    "ConnectionEnded",
    "LiveClient",
    "LiveError",
    "Status",
    "ClientState",
    "Timeouts",
    "FileRef",
    "Reactor",
    "ReactorError",
    "ReactorState",
    "ReactorStatus",
]


def __getattr__(name: str) -> Any:
    """Import the client when it is asked for: a server needs none of it."""
    from importlib import import_module

    for part in (".action", ".live.client"):
        module = import_module(part, __name__)
        if name in __all__ and name in module.__all__:
            return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """What completion shows."""
    return sorted(__all__)
