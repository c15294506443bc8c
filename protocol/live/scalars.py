"""The named scalars of the live profile."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from .limits import GREATEST_CONNECTION, LEAST_CONNECTION, MAX_NAME, MAX_REASON, MAX_REQUEST_ID


def _integral(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


MAX_SIZE = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly."""

Text = Annotated[str, StringConstraints(strict=True)]
"""Any string."""

Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=MAX_NAME)]
"""The name of a file, a model, a track or a command."""

SessionId = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=MAX_NAME)]
"""The id of a session: whatever the server made it."""

RequestId = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=MAX_REQUEST_ID)]
"""What ties an answer to what it answers."""

Reason = Annotated[str, StringConstraints(strict=True, max_length=MAX_REASON)]
"""Why a session ends, for a human."""

PositiveInt = Annotated[int, Field(strict=True, gt=0, le=MAX_SIZE), BeforeValidator(_integral)]
"""An integer greater than zero."""

NonNegativeInt = Annotated[int, Field(strict=True, ge=0, le=MAX_SIZE), BeforeValidator(_integral)]
"""An integer, zero or greater."""

NonNegativeNumber = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0)]
"""A finite number, zero or greater."""

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""A finite number."""

ConnectionId = Annotated[
    int,
    Field(strict=True, ge=LEAST_CONNECTION, le=GREATEST_CONNECTION),
    BeforeValidator(_integral),
]
"""The id of a connection within its session."""

Flag = Annotated[bool, Field(strict=True)]
"""True or false, and not 0 or 1."""
