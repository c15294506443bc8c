"""The named scalars of the live profile, besides those of both profiles."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from ..scalars import integral
from .limits import GREATEST_CONNECTION, LEAST_CONNECTION, MAX_NAME, MAX_REASON, MAX_REQUEST_ID

Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=MAX_NAME)]
"""The name of a file, a model, a track or a command."""

SessionId = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=MAX_NAME)]
"""The id of a session: whatever the server made it."""

RequestId = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=MAX_REQUEST_ID)]
"""What ties an answer to what it answers."""

Reason = Annotated[str, StringConstraints(strict=True, max_length=MAX_REASON)]
"""Why a session ends, for a human."""

ConnectionId = Annotated[
    int,
    Field(strict=True, ge=LEAST_CONNECTION, le=GREATEST_CONNECTION),
    BeforeValidator(integral),
]
"""The id of a connection within its session."""
