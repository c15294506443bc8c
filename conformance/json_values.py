"""Reading JSON values of which nobody knows what they are: a target may send anything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast


def integer(value: Any) -> int | None:
    """A JSON number without a fraction as an integer; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return None
    return int(value)


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def listing(value: Any) -> Sequence[Any]:
    """A JSON array; empty for anything else."""
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def strings(value: Any) -> list[str]:
    """The strings in a JSON array; empty for anything else."""
    return [item for item in listing(value) if isinstance(item, str)]


def shown(value: Any) -> str:
    """A JSON value in words for a report: as it stands on the wire, or `absent`."""
    return "absent" if value is None else json.dumps(value)[:120]
