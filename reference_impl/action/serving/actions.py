"""What a policy returned, checked, and how it goes on the wire."""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

import pybase64

from risp.protocol.action.frames import Tensor

Rows = list[list[float]]


class BadActions(Exception):
    """What a policy returned is no chunk."""


@dataclass(frozen=True, slots=True)
class Actions:
    """Rows of equal width, finite, as one block of numbers."""

    numbers: array[float]
    """All rows, one after the other; typecode `f` or `d`."""
    width: int
    """Numbers in a row."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.numbers) // self.width

    def first(self, rows: int | None) -> Actions:
        """No more than so many rows."""
        if rows is None or rows >= self.rows:
            return self
        return Actions(self.numbers[: rows * self.width], self.width)

    def lists(self) -> Rows:
        """As nested lists of numbers."""
        flat, width = self.numbers.tolist(), self.width
        return [flat[at : at + width] for at in range(0, len(flat), width)]

    def tensor(self) -> Tensor:
        """As one tensor, little-endian and in C order."""
        numbers = self.numbers
        if sys.byteorder == "big":
            numbers = numbers[:]
            numbers.byteswap()
        dtype: Literal["float32", "float64"] = "float32" if numbers.typecode == "f" else "float64"
        # What was just measured need not be validated again: this is the hot path.
        return Tensor.model_construct(
            dtype=dtype,
            shape=[self.rows, self.width],
            data=pybase64.b64encode_as_string(numbers.tobytes()),
        )


def check(value: Any, width: int | None) -> Actions:
    """Take what a policy returned. Raises BadActions for what is empty, ragged or not finite."""
    actions = _from_buffer(value)
    if actions is None:
        actions = _from_rows(value)
    if width is not None and actions.width != width:
        raise BadActions(f"rows of {actions.width} where action_dim is {width}")
    # A sum is finite only if all its numbers are; a sum that overflows is looked at again.
    if not isfinite(sum(actions.numbers)) and not all(map(isfinite, actions.numbers)):
        raise BadActions("a number that is not finite")
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
    return Actions(numbers, shape[-1])


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
    try:
        return Actions(array("d", flat), width)
    except (TypeError, ValueError, OverflowError):
        raise BadActions("a row that holds something else than numbers") from None


def _listed(value: Any) -> list[Any] | None:
    """What is inside a list, a tuple or an array as a list; None for what holds nothing."""
    items: Any = value
    if isinstance(value, tuple):
        return list(items)
    if not isinstance(value, list):
        items = getattr(items, "tolist", lambda: None)()
    return items if isinstance(items, list) else None
