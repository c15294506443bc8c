"""Why a run cannot judge at all, and the exit codes of the command."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of `risp test`."""

    CONFORMANT = 0
    VIOLATION = 1
    USAGE = 2
    INCOMPLETE = 3
    """A MUST was not tested, or the budget was spent."""
    UNREACHABLE = 4
    """Nothing there, or nothing that speaks this protocol."""
    KIT_ERROR = 5


PRECEDENCE = (
    Exit.USAGE,
    Exit.KIT_ERROR,
    Exit.UNREACHABLE,
    Exit.VIOLATION,
    Exit.INCOMPLETE,
    Exit.CONFORMANT,
)
"""Which code wins when several apply."""


class Diagnosis(Exception):
    """The one thing to say when there is nothing to judge."""

    def __init__(self, code: Exit, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
