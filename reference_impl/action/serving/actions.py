"""What a policy returned, checked, and how it goes on the wire."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from itertools import chain
from math import isfinite
from typing import Any, Literal

import pybase64

from risp.protocol.action.frames import Tensor

Rows = list[list[float]]


class BadActions(Exception):
    """What a policy returned is no chunk."""


class Actions:
    """Rows of equal width, finite, as lists or as one block of numbers: as they came."""

    __slots__ = ("_block", "_lists", "width")

    def __init__(self, lists: Rows | None, block: array[float] | None, width: int) -> None:
        """One of `lists` and `block` (typecode `f` or `d`) is given."""
        self._lists = lists
        self._block = block
        self.width = width

    def lists(self, most: int | None = None) -> Rows:
        """As nested lists of numbers, no more rows than `most`."""
        if self._lists is None:
            flat, width = self._numbers().tolist(), self.width
            self._lists = [flat[at : at + width] for at in range(0, len(flat), width)]
        return self._lists[:most]

    def tensor(self, most: int | None = None) -> Tensor:
        """As one tensor, little-endian and in C order, no more rows than `most`."""
        numbers = self._numbers()
        if most is not None:
            numbers = numbers[: most * self.width]
        if sys.byteorder == "big":
            numbers = numbers[:]
            numbers.byteswap()
        dtype: Literal["float32", "float64"] = "float32" if numbers.typecode == "f" else "float64"
        # What was just measured need not be validated again: this is the hot path.
        return Tensor.model_construct(
            dtype=dtype,
            shape=[len(numbers) // self.width, self.width],
            data=pybase64.b64encode_as_string(numbers.tobytes()),
        )

    def _numbers(self) -> array[float]:
        if self._block is None:
            self._block = array("d", chain.from_iterable(self._lists or ()))
        return self._block


def check(value: Any, width: int | None) -> Actions:
    """Take what a policy returned. Raises BadActions for what is empty, ragged or not finite."""
    actions = _from_buffer(value)
    if actions is None:
        actions = _from_rows(value)
    if width is not None and actions.width != width:
        raise BadActions(f"rows of {actions.width} where action_dim is {width}")
    return actions


def _from_buffer(value: Any) -> Actions | None:
    """Read an array of floats without copying its numbers one by one, if it is one."""
    if isinstance(value, list | tuple):
        return None
    try:
        view = memoryview(value)
    except TypeError:
        return None
    if view.format not in ("f", "d") or view.ndim not in (1, 2):
        return None
    if 0 in (shape := view.shape or (0,)):
        raise BadActions("no rows, or rows without numbers")
    numbers: array[float] = array("f" if view.format == "f" else "d")
    numbers.frombytes(view.tobytes())
    _refuse_endless(numbers)
    return Actions(None, numbers, shape[-1])


def _from_rows(value: Any) -> Actions:
    """Read nested lists, or whatever has `tolist`, such as a tensor."""
    rows = _listed(value)
    if rows is None:
        raise BadActions(f"{type(value).__name__} in place of rows of numbers")
    if not rows:
        raise BadActions("no rows")
    first = _listed(rows[0])
    lists = [rows] if first is None else [_listed(row) for row in rows]
    width = len(lists[0] or ())
    if width == 0:
        raise BadActions("rows without numbers")
    flat: list[Any] = []
    for row in lists:
        if row is None or len(row) != width:
            raise BadActions("rows of unequal length")
        flat += row
    if set(map(type, flat)) != {float}:
        flat = _floats(flat)
    _refuse_endless(flat)
    # Slices of our own: the policy may use its lists again.
    return Actions([flat[at : at + width] for at in range(0, len(flat), width)], None, width)


def _floats(numbers: list[Any]) -> list[float]:
    """Plain floats of integers and of an array library's own scalars."""
    try:
        return array("d", numbers).tolist()
    except (TypeError, ValueError, OverflowError):
        raise BadActions("a row that holds something else than numbers") from None


def _refuse_endless(numbers: Sequence[float]) -> None:
    # A sum is finite only if all its numbers are; a sum that overflows is looked at again.
    if not isfinite(sum(numbers)) and not all(map(isfinite, numbers)):
        raise BadActions("a number that is not finite")


def _listed(value: Any) -> list[Any] | None:
    """What is inside a list, a tuple or an array as a list; None for what holds nothing."""
    items: Any = value
    if isinstance(value, tuple):
        return list(items)
    if not isinstance(value, list):
        items = getattr(items, "tolist", lambda: None)()
    # pyright takes no Any for the items of a list that came out of one.
    return items if isinstance(items, list) else None  # pyright: ignore[reportUnknownVariableType]
