"""What reporters have in common: counts, and a finding's conversation in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from risp.protocol.action.profile import ACTION
from risp.protocol.requirement import Level, Requirement

from ..events import RequirementJudged
from ..peers.websocket import show
from ..selection import counts
from ..transcript import Event, Kind, Transcript, Way
from ..verdict import Verdict

AROUND = 8
"""Events shown of a conversation, at most."""
WIDTH = 160
"""Characters shown of a message, at most."""


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


def page(rule: Requirement) -> str:
    """Where the specification states a requirement."""
    return ACTION.page(rule)


def excerpt(transcript: Transcript, at: int | None) -> list[tuple[bool, str]]:
    """The conversation up to the event that shows a fault, as (is it that event, line)."""
    events = list(enumerate(transcript.events))
    last = len(events) - 1 if at is None else at
    shown: Sequence[tuple[int, Event]] = events[max(0, last - AROUND + 1) : last + 2]
    lines = [(index == at, line(event)) for index, event in shown]
    left_out = max(0, last - AROUND + 1)
    return [(False, f"... {left_out} events before"), *lines] if left_out else lines


def line(event: Event) -> str:
    """One event in a line: time, connection, direction, content."""
    arrow = "->" if event.way is Way.OUT else "<-"
    return f"{event.at / 1e9:8.3f} #{event.channel} {arrow} {_content(event)}"


def _content(event: Event) -> str:
    info = event.info
    if event.kind is Kind.HANDSHAKE and event.way is Way.OUT:
        headers = "".join(f"; {name}: {value}" for name, value in info.get("headers", ()))
        return f"GET {info.get('target')}{headers}"
    if event.kind is Kind.HANDSHAKE:
        body = f" {info['body'][:80]!r}" if info.get("body") else ""
        return f"{info.get('line')}{body}"
    if event.kind is Kind.TEXT:
        text = event.text if event.text is not None else repr(event.data)
        if len(text) > WIDTH:
            text = f"{text[: WIDTH - 30]} ... ({len(text):,} characters)"
        return _printable(text)
    if event.kind is Kind.CLOSE:
        return f"Close {event.code}" + (f" {event.text!r}" if event.text else "")
    if event.kind is Kind.END:
        detail = f": {info['detail']}" if info.get("detail") else ""
        return f"end of the connection ({info.get('how')}){detail}"
    if event.kind is Kind.BINARY:
        return f"binary, {len(event.data or b''):,} bytes"
    return f"{event.kind} {event.data!r}" if event.data is not None else show(event)


def _printable(text: str) -> str:
    """Text that a terminal can show and that cannot steer it."""
    return text.encode("utf-8", "backslashreplace").decode().translate(_CONTROLS)


_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
