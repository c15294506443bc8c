"""What the court can say of a requirement, and the one way for a check to say that it is broken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from risp.protocol.requirement import Level, Requirement


class Verdict(StrEnum):
    """The outcome of a check, and of a requirement."""

    PASS = "pass"
    """The event was seen, and was as it must be."""
    FAIL = "fail"
    """A MUST is broken."""
    WARN = "warn"
    """A SHOULD is not followed."""
    FLAKY = "flaky"
    """Broken once, kept when the same conversation was held again."""
    INCONCLUSIVE = "inconclusive"
    """Seen, but too close to a bound to say."""
    NOT_TESTED = "not-tested"
    """The event that would decide was not seen."""
    NOT_APPLICABLE = "not-applicable"
    """It hangs on something that the target does not declare."""
    KIT_ERROR = "kit-error"
    """A defect of the kit; says nothing about the target."""


SEVERITY = (
    Verdict.KIT_ERROR,
    Verdict.FAIL,
    Verdict.WARN,
    Verdict.FLAKY,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_TESTED,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)
"""Worst first: several outcomes for one requirement are as bad as their worst."""


def worst(verdicts: list[Verdict]) -> Verdict:
    """The verdict that stands for several; `not-tested` for none."""
    return min(verdicts, key=SEVERITY.index, default=Verdict.NOT_TESTED)


def broken(requirement: Requirement) -> Verdict:
    """What it is called when this requirement is not kept."""
    return Verdict.FAIL if requirement.level is Level.MUST else Verdict.WARN


class Violation(Exception):
    """A requirement is not kept, here and thus."""

    def __init__(
        self,
        expected: str,
        seen: str,
        *,
        at: int | None = None,
        pointer: str = "",
        hint: str = "",
        requirement: Requirement | None = None,
        timed: bool = False,
    ) -> None:
        super().__init__(f"expected {expected}, saw {seen}")
        self.expected = expected
        self.seen = seen
        self.at = at
        """Index of the event in the transcript that shows it; None where something is absent."""
        self.pointer = pointer
        """JSON pointer to the place in that event's frame."""
        self.hint = hint
        self.requirement = requirement
        """Which requirement; None for the one that the check is about."""
        self.timed = timed
        """Whether a clock decided, so that a busy machine may be what is seen."""


class Wavering(Violation):
    """It was broken here and thus, and was kept when the same conversation was held again."""


class NotSeen(Exception):
    """What the check would have judged did not come about; it has neither passed nor failed."""


class DidNotInfer(NotSeen):
    """A sound observation met with what may befall any: held again, it may meet with a chunk."""


class Inconclusive(Exception):
    """A measurement fell where neither verdict would be honest."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken requirement with all that a stranger needs to act on it."""

    requirement: Requirement
    check: str
    """Name of the check in whose conversation it showed."""
    expected: str
    seen: str
    at: int | None = None
    pointer: str = ""
    hint: str = ""
    timed: bool = False
    """Whether a clock decided."""

    @classmethod
    def of(cls, violation: Violation, requirement: Requirement, check: str) -> Finding:
        """What a violation says, where it does not name a requirement of its own."""
        return cls(
            violation.requirement or requirement,
            check,
            violation.expected,
            violation.seen,
            violation.at,
            violation.pointer,
            violation.hint,
            violation.timed,
        )

    @property
    def key(self) -> tuple[str, str]:
        """What makes two findings the same one, when a conversation is held again."""
        return (self.requirement.id, self.check)
