"""What a JSON value has to be, scalar by scalar."""

import base64
import binascii
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from risp.protocol import scalars as shared
from risp.protocol.action import scalars
from risp.protocol.action.limits import MAX_SEQ, MAX_TIME_NS


def takes(scalar: Any, value: Any) -> bool:
    try:
        TypeAdapter(scalar).validate_python(value)
    except ValidationError:
        return False
    return True


def named(name: str) -> Any:
    """A scalar of both profiles, or of the action profile."""
    return getattr(shared if hasattr(shared, name) else scalars, name)


NUMERIC = ["Number", "PositiveNumber", "NonNegativeNumber", "PositiveInt", "NonNegativeInt", "Seq"]


@pytest.mark.parametrize("name", NUMERIC)
@pytest.mark.parametrize("value", [True, False, "1", "", None, [], {}, math.inf, math.nan])
def test_nothing_but_a_finite_number_is_a_number(name, value):
    assert not takes(named(name), value)


@pytest.mark.parametrize("name", NUMERIC)
@pytest.mark.parametrize("value", [1, 1.0, 2**53 - 1])
def test_an_integral_number_is_taken_everywhere(name, value):
    assert takes(named(name), value)


@pytest.mark.parametrize(
    ("name", "edge", "beyond"),
    [
        ("PositiveNumber", 5e-324, 0),
        ("NonNegativeNumber", 0, -5e-324),
        ("PositiveInt", 1, 0),
        ("NonNegativeInt", 0, -1),
        ("Seq", 0, -1),
        ("Seq", MAX_SEQ, MAX_SEQ + 1),
        ("CaptureTime", MAX_TIME_NS, MAX_TIME_NS + 1),
        ("CaptureTime", str(MAX_TIME_NS), str(MAX_TIME_NS + 1)),
        ("CaptureTime", 0, -1),
        ("RequestId", "r", ""),
        ("RequestId", "é" * 128, "é" * 129),
        ("Pointer", "", "state"),
        ("Pointer", "/a\nb~1/~0", "/~2"),
    ],
)
def test_bounds_are_where_they_are_said_to_be(name, edge, beyond):
    assert takes(named(name), edge)
    assert not takes(named(name), beyond)


@pytest.mark.parametrize(
    "value", [1.5, True, "1.0", "-1", "+1", " 1", "\uff11", "0" * 20, None, []]
)
def test_a_time_is_an_integer_or_a_decimal_string(value):
    assert not takes(scalars.CaptureTime, value)


@pytest.mark.parametrize(("value", "kept"), [(7, 7), (7.0, 7), ("007", "007")])
def test_a_time_keeps_its_json_type(value, kept):
    made = TypeAdapter(scalars.CaptureTime).validate_python(value)
    assert (made, type(made)) == (kept, type(kept))


@given(st.text(alphabet="AZaz09+/=-_ \n", max_size=9))
def test_base64_is_what_the_standard_library_takes_strictly(text):
    try:
        base64.b64decode(text, validate=True)
        due = len(text) % 4 == 0
    except binascii.Error:
        due = False
    assert takes(scalars.Base64, text) == due


@given(st.binary(max_size=30))
def test_what_an_encoder_makes_is_base64(data):
    assert takes(scalars.Base64, base64.b64encode(data).decode())
