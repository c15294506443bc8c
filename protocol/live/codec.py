"""Text on a data channel to frame, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from ..codec import parse
from ..errors import DecodeError
from ..frame import Frame
from .channel import CLIENT_MESSAGES, SERVER_MESSAGES, Message
from .control import CLIENT_CONTROLS, SERVER_CONTROLS, Control
from .limits import MAX_REQUEST_ID

FrameT = TypeVar("FrameT", bound=Frame)

INVALID = "invalid_frame"
"""The code that every message earns which cannot be read."""


def decode_message(text: str | bytes, *, from_server: bool = False) -> Message:
    """Read one message on `data`. Raises DecodeError (`invalid_frame`)."""
    tree = _object(text)
    known = SERVER_MESSAGES if from_server else CLIENT_MESSAGES
    scope, inner = tree.get("scope"), tree.get("data")
    if scope not in ("application", "runtime"):
        raise DecodeError(INVALID, "neither `application` nor `runtime`", pointer="/scope")
    if not isinstance(inner, dict):
        raise DecodeError(INVALID, "an object with `type` and `data` is due", pointer="/data")
    body = cast(dict[str, Any], inner)
    kind, request_id = body.get("type"), _request_id(body)
    if not isinstance(kind, str) or not kind:
        raise DecodeError(INVALID, "a name is due", pointer="/data/type", request_id=request_id)
    of_model = "message" if from_server else "command"
    tag = f"application.{of_model}" if scope == "application" else f"runtime.{kind}"
    frame = known.get(tag)
    if frame is None:
        hint = "one of " + ", ".join(tag.removeprefix("runtime.") for tag in known if "." in tag)
        what = f"no message of this scope is called {kind[:60]!r}"
        raise DecodeError(
            INVALID,
            what,
            pointer="/data/type",
            hint=hint,
            frame_type=kind,
            request_id=request_id,
        )
    return _read(frame, tree, kind, request_id)


def decode_control(text: str | bytes, *, from_server: bool = False) -> Control:
    """Read one message on `control`. Raises DecodeError (`invalid_frame`)."""
    tree = _object(text)
    known = SERVER_CONTROLS if from_server else CLIENT_CONTROLS
    kind = tree.get("type")
    frame = known.get(f"control.{kind}")
    if frame is None:
        raise DecodeError(INVALID, f"one of {', '.join(_kinds(known))} is due", pointer="/type")
    method = tree.get("method")
    what = method if isinstance(method, str) else str(kind)
    return _read(frame, tree, what, _request_id(tree) if kind == "request" else None)


def encode(frame: Frame) -> str:
    """Write a message as compact JSON; what is None is left out, but where null has a meaning."""
    tree = frame.model_dump(mode="json", by_alias=True, exclude_none=True)
    if tree.get("data", {}).get("type") == "commandRejected":
        tree["data"]["data"].setdefault("command", None)
    from ..codec import dump

    return dump(tree)


def place(error: ValidationError) -> tuple[str, str]:
    """The JSON pointer of the first thing that is wrong, and what is wrong with it."""
    first = error.errors(include_url=False, include_input=False)[0]
    pointer = "".join(f"/{_escaped(str(part))}" for part in first["loc"])
    return pointer, str(first["msg"]).removeprefix("Value error, ")


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _kinds(known: Mapping[str, type[Control]]) -> list[str]:
    return [f"`{tag.partition('.')[2]}`" for tag in known]


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        return parse(text)
    except DecodeError as error:
        raise DecodeError(INVALID, error.message, pointer=error.pointer) from None


def _request_id(tree: dict[str, Any]) -> str | None:
    """What ties the answer to the message, where it can be read."""
    found = tree.get("request_id")
    return found if isinstance(found, str) and 0 < len(found) <= MAX_REQUEST_ID else None


def _read(frame: type[FrameT], tree: dict[str, Any], kind: str, request_id: str | None) -> FrameT:
    try:
        return frame.model_validate(tree)
    except ValidationError as error:
        pointer, message = place(error)
        raise DecodeError(
            INVALID, message, pointer=pointer, frame_type=kind, request_id=request_id
        ) from None
