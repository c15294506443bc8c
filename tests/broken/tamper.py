"""What overrides have in common: changing what is read, and what is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from risp.protocol.errors import DecodeError
from risp.protocol.frame import Frame

Tree = dict[str, Any]


def read_as(text: str, tag: str, change: Callable[[Tree], Any]) -> str:
    """The text of a frame, changed if it is JSON of this type and the change has an effect."""
    tree = parsed(text)
    if tree is None or tree.get("type") != tag:
        return text
    before = orjson.dumps(tree)
    change(tree)
    after = orjson.dumps(tree)
    return text if after == before else after.decode()


def parsed(text: str) -> Tree | None:
    """The JSON object in a text, or None."""
    try:
        tree = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return tree if isinstance(tree, dict) else None


def written_as(text: str | bytes, **members: Any) -> str:
    """A written frame with other members; None takes one out."""
    tree = orjson.loads(text) | members
    return orjson.dumps({k: v for k, v in tree.items() if v is not None}).decode()


def bad(frame: Frame, code: str, pointer: str = "") -> DecodeError:
    """The refusal of a frame that is sound."""
    return DecodeError(
        code,
        "this server does not like it",
        pointer=pointer,
        frame_type=frame.tag(),
        seq=getattr(frame, "seq", None),
        request_id=getattr(frame, "request_id", None),
    )
