"""The action profile: the smallest honest server and client."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import ActionStream, AsyncActionStream, async_infer_actions, infer_actions
    from .controller import Controller, action, connect, enabled, observation
    from .failures import (
        ConnectionEnded,
        MalformedFrame,
        ObservationLost,
        ServerError,
        StreamError,
        WebSocketHandshakeError,
    )

__all__ = [
    "ActionStream",
    "AsyncActionStream",
    "infer_actions",
    "async_infer_actions",
    "connect",
    "observation",
    "action",
    "enabled",
    "Controller",
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
        for module in ("failures", "client", "controller"):
            found = vars(import_module(f"{__name__}.{module}")).get(name)
            if found is not None:
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
