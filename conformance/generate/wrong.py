"""Values for a place that have one flaw there, drawn by what the place's schema allows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from risp.protocol.action.frames import CLIENT_FRAMES, SERVER_FRAMES

from ..pictures import JPEG
from .flaws import TYPES, Flaw, Place, Schema
from .strategies import EXACT, anything, integer_bounds

SEQ: Final = "risp_seq_comes"
"""Stands in an observation for the `seq` that its sender gives it: as long as the greatest."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Text that stands in a frame as it is, because no JSON value is written so."""

    text: str


_SMALL = st.integers(-100, 100) | st.floats(-100, 100)
_TEXT = st.text(max_size=8)
_OF_TYPE: dict[str, SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "number": _SMALL,
    "string": _TEXT,
    "array": st.lists(anything(), max_size=3),
    "object": st.dictionaries(_TEXT, anything(), max_size=3),
}
_NO_DOUBLES = ("1e999", "-1e999", "1E+400", "9" * 400)
_NO_NUMBERS = ("NaN", "Infinity", "-Infinity")
_NO_BASE64 = ("AA", "A===", "!!!!", "__79", "AA==AA==", "data:image/jpeg;base64,AA==")
_NO_TIMES = ("", "1.5", "-1", "+1", "1e9", " 1", "0x1", "\u0661", "1737830400s")
_OUTSIDE_BASE64 = "-_*\n \u00e9"


def wrong(place: Place, flaw: Flaw) -> SearchStrategy[Any]:
    """Values that have this flaw, one of those that the place can have, at the place."""
    return _VALUES[flaw](place)


def _wrong_types(place: Place) -> SearchStrategy[Any]:
    numeric = "number" in place.types
    apart = {"boolean"} if numeric else set[str]()
    others = {kind: _OF_TYPE[kind] for kind in sorted(TYPES - place.types - apart)}
    if numeric and "string" in others:
        others["string"] = _TEXT.filter(_is_no_number)
    return st.one_of(list(others.values()))


def _is_no_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return True
    return False


def _tags(place: Place) -> SearchStrategy[str]:
    del place
    near = [tag.swapcase() for tag in CLIENT_FRAMES] + [f"{tag} " for tag in CLIENT_FRAMES]
    names = st.sampled_from(["", *SERVER_FRAMES, *near]) | _TEXT
    return names.filter(lambda name: name not in CLIENT_FRAMES)


def _names(place: Place) -> SearchStrategy[str]:
    string = _string(place)
    known: list[str] = string.get("enum") or [string["const"]]
    near = [name.upper() for name in known] + [f"{name} " for name in known]
    return (st.sampled_from(["", *near]) | _TEXT).filter(lambda name: name not in known)


def _string(place: Place) -> Schema:
    return place.choice("string") or {}


def _number(place: Place) -> Schema:
    return place.choice("integer") or place.choice("number") or {}


def _below(place: Place) -> SearchStrategy[Any]:
    if "number" not in place.types:
        return st.text(max_size=_string(place)["minLength"] - 1)
    number = _number(place)
    most = integer_bounds(number)[0] - 1
    integers = st.integers(most - 9, most) | st.integers(-EXACT, most)
    if number["type"] == "integer":
        return integers
    exclusive = "exclusiveMinimum" in number
    least = float(number["exclusiveMinimum" if exclusive else "minimum"])
    return integers | st.floats(
        max_value=least, exclude_max=not exclusive, allow_nan=False, allow_infinity=False
    )


def _above(place: Place) -> SearchStrategy[Any]:
    if "number" not in place.types:
        least = _string(place)["maxLength"] + 1
        # Letters only: whoever counts bytes or UTF-16 units comes to the same length.
        return st.integers(least, least + 9).map(lambda length: "r" * length)
    bound = integer_bounds(_number(place))[1] + 1
    # A reader of doubles takes a great bound for the number after it; twice that is over it for
    # everybody, and so is the very next one in digits.
    least = bound if bound <= EXACT + 1 else 2 * bound
    numbers = st.integers(least, least + 9) | st.integers(least, 4 * least)
    if "string" not in place.types:
        return numbers
    return numbers | st.integers(bound, bound + 9).map(str) | numbers.map(str)


def _fractions(place: Place) -> SearchStrategy[float]:
    low, high = integer_bounds(_number(place))
    near = st.integers(max(low, -1000), min(high, 1000)).map(lambda number: number + 0.5)
    return near | st.floats(0.001, 0.999).map(lambda part: max(low, 0) + part)


def _integral_floats(place: Place) -> SearchStrategy[Any]:
    if place.pointer == "/seq":
        return st.just(Raw(f'"{SEQ}".0'))
    low, high = integer_bounds(_number(place))
    # Below this, no writer of floats uses an exponent.
    return st.integers(max(low, 0), min(high, 10**15)).map(float)


def _numeric_strings(place: Place) -> SearchStrategy[str]:
    number = _number(place)
    low, high = integer_bounds(number)
    integers = st.integers(max(low, -1000), min(high, 1000)).map(str)
    return integers if number["type"] == "integer" else integers | st.just("0.5")


def _patterns(place: Place) -> SearchStrategy[str]:
    pattern = re.compile(_string(place)["pattern"])
    texts = st.sampled_from(_NO_TIMES) | st.text(max_size=6)
    return texts.filter(lambda text: pattern.fullmatch(text) is None)


def _base64s(place: Place) -> SearchStrategy[str]:
    pattern = re.compile(_string(place)["pattern"])
    at = st.integers(0, len(JPEG) - 1)
    foreign = st.tuples(at, st.sampled_from(_OUTSIDE_BASE64)).map(
        lambda one: JPEG[: one[0]] + one[1] + JPEG[one[0] :]
    )
    texts = st.sampled_from(_NO_BASE64) | foreign | at.map(lambda end: JPEG[:end])
    return texts.filter(lambda text: pattern.fullmatch(text) is None)


def _halves(place: Place) -> SearchStrategy[str]:
    del place
    half = st.integers(0xD800, 0xDFFF).map(chr)
    return st.tuples(st.text(max_size=4), half, st.text(max_size=4)).map("".join)


def _constantly(strategy: SearchStrategy[Any], place: Place) -> SearchStrategy[Any]:
    del place
    return strategy


def _always(strategy: SearchStrategy[Any]) -> Callable[[Place], SearchStrategy[Any]]:
    return partial(_constantly, strategy)


_VALUES: dict[Flaw, Callable[[Place], SearchStrategy[Any]]] = {
    Flaw.NULL: _always(st.none()),
    Flaw.ANYTHING: _always(anything()),
    Flaw.WRONG_TYPE: _wrong_types,
    Flaw.WRONG_TAG: _tags,
    Flaw.WRONG_ENUM: _names,
    Flaw.BELOW: _below,
    Flaw.ABOVE: _above,
    Flaw.FRACTION: _fractions,
    Flaw.INTEGRAL_FLOAT: _integral_floats,
    # True first: it is drawn always, and false soon.
    Flaw.BOOLEAN_NUMBER: _always(st.sampled_from((True, False))),
    Flaw.NUMERIC_STRING: _numeric_strings,
    Flaw.NON_FINITE: _always(st.sampled_from(_NO_DOUBLES).map(Raw)),
    Flaw.NAN_TOKEN: _always(st.sampled_from(_NO_NUMBERS).map(Raw)),
    Flaw.BAD_PATTERN: _patterns,
    Flaw.BAD_BASE64: _base64s,
    Flaw.SURROGATE: _halves,
}
