"""What a client reads: any JSON object with a `type`, and the actions of a chunk as rows."""

from __future__ import annotations

import sys
from array import array
from math import isfinite
from typing import Any, cast

import orjson

from risp.protocol.action.codec import build_server
from risp.protocol.action.frames import ActionChunk, Tensor
from risp.protocol.action.limits import MAX_SEQ
from risp.protocol.errors import DecodeError

from .failures import MalformedFrame

_TYPECODES = {"float32": "f", "float64": "d", "uint8": "B", "int32": "i", "int64": "q", "bool": "B"}


def parse(text: bytes | bytearray) -> dict[str, Any]:
    """Read one frame, of whatever type; raises MalformedFrame for what is none."""
    try:
        tree = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MalformedFrame(f"the server sent what is not JSON: {error}") from None
    if not isinstance(tree, dict):
        raise MalformedFrame(f"the server sent a {type(tree).__name__} in place of a frame")
    frame = cast(dict[str, Any], tree)
    if not isinstance(frame.get("type"), str):
        raise MalformedFrame("the server sent a frame without a type")
    return frame


def seq_of(frame: dict[str, Any]) -> int | None:
    """The observation that a frame answers; None if it does not say so."""
    seq = frame.get("seq")
    if isinstance(seq, float) and seq.is_integer():
        seq = int(seq)
    if isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq <= MAX_SEQ:
        return seq
    return None


def with_rows(chunk: dict[str, Any]) -> dict[str, Any]:
    """The chunk with its actions as a list of rows; raises MalformedFrame if it holds none.

    Only `actions` is judged: nothing else of a chunk moves a robot.
    """
    try:
        frame = build_server({"type": "action_chunk", "actions": chunk.get("actions")})
    except DecodeError as error:
        raise MalformedFrame(f"a chunk without sound actions: {error.pointer} {error}") from None
    assert isinstance(frame, ActionChunk), "built by its tag"
    if isinstance(frame.actions, Tensor):
        chunk["actions"] = _rows(frame.actions)
    return chunk


def _rows(tensor: Tensor) -> list[list[float]]:
    numbers: array[Any] = array(_TYPECODES[tensor.dtype])
    numbers.frombytes(tensor.content)
    if sys.byteorder == "big":
        numbers.byteswap()
    flat: list[float] = numbers.tolist()
    # A sum is finite only if all its numbers are; a sum that overflows is looked at again.
    if not isfinite(sum(flat)) and not all(map(isfinite, flat)):
        raise MalformedFrame("a chunk with a number that is not finite")
    width = tensor.shape[1]
    return [flat[start : start + width] for start in range(0, len(flat), width)]
