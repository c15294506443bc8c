"""What a generated client is made of, and what its users need besides."""

from risp.protocol.live.channel import FileRef

from .live.client.typed import (
    LEFT_OUT,
    Bounds,
    Named,
    RefusedCall,
    TypedClient,
    command,
    field,
    handler,
    message,
)

__all__ = [
    "TypedClient",
    "command",
    "message",
    "handler",
    "field",
    "Bounds",
    "Named",
    "LEFT_OUT",
    "FileRef",
    "RefusedCall",
]
