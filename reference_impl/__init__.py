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
]


def __getattr__(name: str) -> Any:
    """Import the client when it is asked for: a server needs none of it."""
    from importlib import import_module

    if name in __all__:
        return getattr(import_module(f"{__name__}.action"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """What completion shows."""
    return sorted(__all__)
