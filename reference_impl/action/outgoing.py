"""What a client sends, checked before it goes out, against the protocol's own frames.

Members keep the order in which deployed clients write them; absent ones are left out. Every
function raises LocalProtocolError for what a server would have to refuse.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson
import pybase64

from risp.protocol.action.codec import build_client
from risp.protocol.action.frames import Observation
from risp.protocol.errors import DecodeError, LocalProtocolError

PNG = b"\x89PNG\r\n\x1a\n"
"""The first bytes of every PNG file."""

_OBSERVATION = Observation.tag()
_KNOWN = frozenset(Observation.model_fields)


def session_open(members: dict[str, Any]) -> bytes:
    """Write a `session.open` of these members."""
    frame = {"type": "session.open", **_present(members)}
    _check(frame)
    return encode(frame)


def session_close(session_id: str) -> bytes:
    """Write a `session.close`."""
    return encode({"type": "session.close", "session_id": session_id})


def observation(seq: int, members: Mapping[str, Any]) -> bytes:
    """Write an observation of members that the protocol knows."""
    frame = {"type": "observation", "seq": seq, **_present(members)}
    _check(_filled(frame))
    return encode(frame)


def observation_frame(seq: int, members: Mapping[str, Any]) -> bytes:
    """Write an observation of a ready-made object: all its members, then `type` and `seq`."""
    frame = _present({**members, "type": None})
    frame["type"] = "observation"
    frame["seq"] = seq
    _check(_filled(frame))
    for name in frame.keys() - _KNOWN:
        _refuse_what_is_not_finite(frame[name], f"/{name}")
    return encode(frame)


def encode(frame: dict[str, Any]) -> bytes:
    """Write JSON, compactly."""
    try:
        return orjson.dumps(frame)
    except TypeError as error:
        raise LocalProtocolError("bad_frame", f"no JSON: {error}") from None


def encode_raw(frame: Any) -> bytes:
    """Write any JSON value at all, compactly, with nothing checked but that it is JSON."""
    try:
        return json.dumps(frame, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise LocalProtocolError("bad_frame", f"no JSON: {error}") from None


def is_observation(frame: Any) -> bool:
    """Whether any JSON value is an observation."""
    return isinstance(frame, dict) and cast(dict[str, Any], frame).get("type") == _OBSERVATION


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _filled(frame: dict[str, Any]) -> dict[str, Any]:
    """Turn state and images, in place, into JSON; returns the frame without its images.

    Pictures are looked at here, cheaply; whether a given string is base64 is left to the server.
    """
    if "state" in frame:
        frame["state"] = _numbers(frame["state"])
    if "images" not in frame:
        return frame
    images: Any = frame["images"]
    if not isinstance(images, Mapping):
        raise LocalProtocolError(
            "invalid_image", "images is no mapping of camera names", pointer="/images"
        )
    frame["images"] = {name: _image(name, image) for name, image in frame["images"].items()}
    return {name: value for name, value in frame.items() if name != "images"}


def _numbers(state: Any) -> Any:
    """Turn what holds numbers into a list: arrays and tensors of any library have `tolist`."""
    if hasattr(state, "tolist"):
        return state.tolist()
    if not isinstance(state, list | tuple):
        return state
    items = cast(Sequence[Any], state)
    return [x if type(x) in (float, int) else _number(x) for x in items]


def _number(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _image(name: Any, image: Any) -> Any:
    if isinstance(image, bytes | bytearray | memoryview):
        file = cast(bytes, image)
        encoding = "png_base64" if bytes(file[:8]) == PNG else "jpeg_base64"
        return {"encoding": encoding, "data": pybase64.b64encode_as_string(file)}
    if isinstance(image, str | Mapping):
        return cast(Any, image)
    raise LocalProtocolError(
        "invalid_image",
        f"a picture is bytes, a string or an object, not {type(image).__name__}",
        pointer=f"/images/{name}",
        hint="encode it as JPEG first",
    )


def _check(frame: dict[str, Any]) -> None:
    try:
        build_client(frame)
    except DecodeError as error:
        raise LocalProtocolError(
            error.code, error.message, pointer=error.pointer, hint=error.hint
        ) from None


def _refuse_what_is_not_finite(value: Any, pointer: str) -> None:
    # orjson would silently write null in its place.
    if isinstance(value, float) and not math.isfinite(value):
        raise LocalProtocolError("bad_frame", f"{value} is not JSON", pointer=pointer)
    if isinstance(value, Mapping):
        items = list(cast("Mapping[str, Any]", value).items())
    elif isinstance(value, list | tuple):
        items = [(str(index), item) for index, item in enumerate(cast("Sequence[Any]", value))]
    else:
        return
    for name, item in items:
        _refuse_what_is_not_finite(item, f"{pointer}/{name}")
