"""What reporters have in common: counts, and a finding's conversation in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from risp.protocol.action.profile import ACTION
from risp.protocol.requirement import Level, Requirement

from ..events import RequirementJudged, RunFinished
from ..peers.websocket import show
from ..selection import counts, matches
from ..transcript import Event, Kind, Transcript, Way
from ..verdict import SEVERITY, Finding, Verdict

WHOLE = 60
"""Events shown of a conversation that was shortened, at most."""
AROUND = 8
"""Events shown of a conversation, at most."""
WIDTH = 160
"""Characters shown of a message, at most."""
LONG = 1_000
"""Characters from which on it is told how many there are."""


@dataclass(frozen=True, slots=True)
class Headline:
    """How many of the MUSTs that count were kept."""

    kept: int
    due: int
    not_tested: tuple[str, ...]
    """Ids of those that were not judged."""

    def __str__(self) -> str:
        return f"{self.kept} of {self.due} MUSTs"


def headline(judged: Iterable[RequirementJudged], slow: bool) -> Headline:
    """Count the MUSTs that the run had to judge."""
    due = [
        one
        for one in judged
        if counts(one.requirement, slow) and one.verdict is not Verdict.NOT_APPLICABLE
    ]
    kept = sum(one.verdict is Verdict.PASS for one in due)
    open_ = (Verdict.NOT_TESTED, Verdict.INCONCLUSIVE)
    return Headline(kept, len(due), tuple(o.requirement.id for o in due if o.verdict in open_))


def tally(judged: Iterable[RequirementJudged]) -> dict[Verdict, int]:
    """How many requirements have each verdict; those with none are left out."""
    verdicts = [one.verdict for one in judged]
    return {verdict: verdicts.count(verdict) for verdict in Verdict if verdict in verdicts}


def shoulds(judged: Iterable[RequirementJudged]) -> tuple[int, int]:
    """SHOULDs followed, and SHOULDs judged."""
    verdicts = [o.verdict for o in judged if o.requirement.level is Level.SHOULD]
    followed = verdicts.count(Verdict.PASS)
    return followed, followed + verdicts.count(Verdict.WARN)


class Outcome(StrEnum):
    """What a verdict is to those who know tests and no verdicts; agrees with the exit code."""

    PASSED = "passed"
    WARNED = "warned"
    """Broken, and not binding: it is told, and the run passes."""
    FAILED = "failed"
    UNDECIDED = "undecided"
    """Nobody can say, and the run may not pass for it."""
    SKIPPED = "skipped"


def outcome(one: RequirementJudged, slow: bool) -> Outcome:
    """What a verdict is to those who know tests only."""
    match one.verdict:
        case Verdict.PASS:
            return Outcome.PASSED
        case Verdict.FAIL | Verdict.WARN | Verdict.FLAKY:
            is_must = one.requirement.level is Level.MUST
            return Outcome.FAILED if is_must else Outcome.WARNED
        case Verdict.NOT_TESTED | Verdict.INCONCLUSIVE:
            return Outcome.UNDECIDED if counts(one.requirement, slow) else Outcome.SKIPPED
        case Verdict.NOT_APPLICABLE:
            return Outcome.SKIPPED
        case Verdict.KIT_ERROR:
            return Outcome.UNDECIDED
        case _:
            assert_never(one.verdict)


def worst_first(judged: Iterable[RequirementJudged]) -> list[RequirementJudged]:
    """MUSTs first, of them the worst verdicts; among equals the order of the specification."""
    return sorted(
        judged,
        key=lambda one: (one.requirement.level is not Level.MUST, SEVERITY.index(one.verdict)),
    )


def chosen_first(finished: RunFinished, only: Sequence[str]) -> RunFinished:
    """A run in which a check that the user has named is the first to tell what it found."""

    def order(finding: Finding) -> bool:
        return not matches(only, (finding.check,))

    judged = tuple(
        replace(one, findings=tuple(sorted(one.findings, key=order)))
        for one in finished.requirements
    )
    return replace(finished, requirements=judged)


def section(rule: Requirement) -> str:
    """The word of a requirement's section."""
    return ACTION.section(rule)


def page(rule: Requirement) -> str:
    """Where the specification states a requirement."""
    return ACTION.page(rule)


def excerpt(
    transcript: Transcript, at: int | None, width: int | None = None
) -> list[tuple[bool, str]]:
    """The conversation up to the event that shows a fault, as (is it that event, line)."""
    events = list(enumerate(transcript.events))
    if events and "begins" in events[0][1].info:
        # It has been shortened: whatever is left is needed, but for how connections are made.
        kept = [(i, e) for i, e in events if e.kind is not Kind.HANDSHAKE][:WHOLE]
        return [(index == at, line(event, width)) for index, event in kept]
    last = len(events) - 1 if at is None else at
    shown: Sequence[tuple[int, Event]] = events[max(0, last - AROUND + 1) : last + 2]
    lines = [(index == at, line(event, width)) for index, event in shown]
    left_out = max(0, last - AROUND + 1)
    return [(False, f"... {left_out} events before"), *lines] if left_out else lines


def line(event: Event, width: int | None = None) -> str:
    """One event in a line of at most this width: time, connection, direction, content."""
    arrow = "->" if event.way is Way.OUT else "<-"
    head = f"{event.at / 1e9:8.3f} #{event.channel} {arrow} "
    return head + _cut(_content(event), WIDTH if width is None else width - len(head))


def _cut(text: str, width: int) -> str:
    shown = printable(text[:width])
    if len(text) <= width and len(shown) <= width:
        return shown
    said = " ..." if len(text) < LONG else f" ... ({len(text):,} characters)"
    return shown[: width - len(said)] + said


def _content(event: Event) -> str:
    info = event.info
    if event.kind is Kind.HANDSHAKE and event.way is Way.OUT:
        headers = "".join(f"; {name}: {value}" for name, value in info.get("headers", ()))
        return f"GET {info.get('target')}{headers}"
    if event.kind is Kind.HANDSHAKE:
        body = f" {info['body'][:80]!r}" if info.get("body") else ""
        return f"{info.get('line')}{body}"
    if event.kind is Kind.TEXT:
        return event.text if event.text is not None else repr(event.data)
    if event.kind is Kind.CLOSE:
        return f"Close {event.code}" + (f" {event.text!r}" if event.text else "")
    if event.kind is Kind.END:
        detail = f": {info['detail']}" if info.get("detail") else ""
        return f"end of the connection ({info.get('how')}){detail}"
    if event.kind is Kind.BINARY:
        return f"binary, {len(event.data or b''):,} bytes"
    return f"{event.kind} {event.data!r}" if event.data is not None else show(event)


def printable(text: str) -> str:
    """Text of a target's that a terminal, a log or a file can take, and that cannot steer it."""
    return text.encode("utf-8", "backslashreplace").decode().translate(_CONTROLS)


_TURNING = (0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
"""Characters that break or turn around a line without being seen."""
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    code: f"\\u{code:04x}" for code in (*_TURNING, 0xFFFE, 0xFFFF)
}
