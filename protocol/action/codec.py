"""Reading and writing the frames of the action profile."""

from __future__ import annotations

from typing import Any

from .. import codec
from .frames import CLIENT_FRAMES, SERVER_FRAMES, ClientFrame, ServerFrame

REFUSALS = {
    "session.open": "invalid_open",
    "observation": "invalid_observation",
    "observation/images": "invalid_image",
}
"""The code that a malformed client frame earns, by type, and by type and member."""


def decode_client(text: str | bytes) -> ClientFrame:
    """Read what a client sent. Raises DecodeError with the code that it earns."""
    return codec.decode(text, CLIENT_FRAMES, REFUSALS)


def decode_server(text: str | bytes) -> ServerFrame:
    """Read what a server sent. Raises DecodeError; its code says where, not what is earned."""
    return codec.decode(text, SERVER_FRAMES, {})


def build_server(tree: dict[str, Any]) -> ServerFrame:
    """Make a server's frame of a parsed object; raises as `decode_server` does."""
    return codec.build(tree, SERVER_FRAMES, {})


def build_client(tree: dict[str, Any]) -> ClientFrame:
    """Make a client's frame of a parsed object; raises as `decode_client` does."""
    return codec.build(tree, CLIENT_FRAMES, REFUSALS)
