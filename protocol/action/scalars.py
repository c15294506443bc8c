"""The named scalars of the action profile, besides those of both profiles."""

from __future__ import annotations

import binascii
from typing import Annotated, Any

import pybase64
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from ..scalars import integral
from .limits import MAX_REQUEST_ID, MAX_SEQ, MAX_TIME_NS


def _base64(value: str) -> str:
    try:
        pybase64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not padded base64") from None
    return value


def _capture_time(value: Any) -> Any:
    # One validator in place of a union, so that a refusal names one reason and not two.
    number = integral(value)
    if isinstance(number, str) and number.isascii() and number.isdigit() and len(number) <= 19:
        number = int(number)
    elif isinstance(number, bool) or not isinstance(number, int):
        raise ValueError("neither an integer nor a decimal string")
    if not 0 <= number <= MAX_TIME_NS:
        raise ValueError(f"outside 0..{MAX_TIME_NS}")
    return value if isinstance(value, str) else number


_BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"

Seq = Annotated[int, Field(strict=True, ge=0, le=MAX_SEQ), BeforeValidator(integral)]
"""An observation's number."""

RequestId = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=MAX_REQUEST_ID)]
"""A client's name for one request, by which a retry is recognised."""

CaptureTime = Annotated[
    Any,
    BeforeValidator(_capture_time),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": MAX_TIME_NS},
                {"type": "string", "pattern": "^[0-9]{1,19}$"},
            ]
        }
    ),
]
"""Nanoseconds, as an integer or as a decimal string (JavaScript rounds integers over 2^53)."""

Base64 = Annotated[
    str,
    StringConstraints(strict=True),
    AfterValidator(_base64),
    Field(json_schema_extra={"contentEncoding": "base64", "pattern": _BASE64}),
]
"""Bytes in padded base64 (RFC 4648, 4)."""

Pointer = Annotated[str, StringConstraints(strict=True, pattern="^(?:/(?:[^~/]|~[01])*)*$")]
"""A JSON pointer (RFC 6901)."""
