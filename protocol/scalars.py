"""The named scalars of both profiles: what a JSON value has to be, and its bounds.

A JSON boolean is not a number and a numeric string is not one either; an integral float such as
`1.0` is taken where an integer is due, because common encoders write it.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

MAX_EXACT = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly."""


def integral(value: Any) -> Any:
    """Make an integer of a float that is one; anything else stays as it is."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""A finite number."""

PositiveNumber = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]
"""A finite number greater than zero."""

NonNegativeNumber = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
"""A finite number, zero or greater."""

PositiveInt = Annotated[int, Field(strict=True, gt=0, le=MAX_EXACT), BeforeValidator(integral)]
"""An integer greater than zero."""

NonNegativeInt = Annotated[int, Field(strict=True, ge=0, le=MAX_EXACT), BeforeValidator(integral)]
"""An integer, zero or greater."""

Text = Annotated[str, StringConstraints(strict=True)]
"""A string."""

Flag = Annotated[bool, Field(strict=True)]
"""A JSON boolean, and not 0 or 1."""
