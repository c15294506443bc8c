"""The report for GitHub Actions: annotations on the run, and a Markdown summary of the job.

Whatever a step prints is read for workflow commands, at the start of a line (`::error::`) and
anywhere in it (`##[error]`), so that a target could have its way with the job by what it answers.
Therefore commands are switched off while a target's words are printed.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Generator, Iterable
from pathlib import Path

import click

from ..events import CheckFinished, RequirementJudged, RunEvent, RunFinished, RunStarted
from ..transcript import Transcript
from .story import Teller
from .words import Outcome, headline, outcome, printable, shoulds, worst_first

AT_MOST = 10
"""Annotations of one kind that GitHub shows of a step; it drops the rest without a word."""
IN_FULL = 20
"""Requirements whose conversation the summary shows; GitHub drops one of more than 1 MiB."""
_BACKTICKS = re.compile(r"`+")


@contextlib.contextmanager
def without_commands(is_needed: bool) -> Generator[None]:
    """Print what may come from a target, so that GitHub finds no workflow command in it."""
    if not is_needed:
        yield
        return
    token = secrets.token_hex(16)
    click.echo(f"::stop-commands::{token}")
    try:
        yield
    finally:
        click.echo(f"::{token}::")


class GitHub:
    """Gathers the annotations, which `annotate` prints; writes the summary if there is a file."""

    def __init__(self, again: str, summary: Path | None) -> None:
        self._summary = summary
        self._slow = False
        self._target = ""
        self._transcripts: dict[str, Transcript] = {}
        self._teller = Teller(self._transcripts, again)
        self._annotations: list[str] = []

    def __call__(self, event: RunEvent) -> None:
        """Take one event."""
        match event:
            case RunStarted():
                self._slow, self._target = event.slow, event.target
            case CheckFinished() if event.findings:
                self._transcripts[event.name] = event.transcript
            case RunFinished():
                self._annotations = list(self._annotate(event))
                if self._summary is not None:
                    with self._summary.open("a", encoding="utf-8") as file:
                        file.write(self._markdown(event))
            case _:
                pass

    def annotate(self) -> None:
        """Print the annotations, where workflow commands are read."""
        for one in self._annotations:
            click.echo(one)

    def _annotate(self, event: RunFinished) -> Iterable[str]:
        errors: list[tuple[str, str]] = []
        if event.diagnosis is not None:
            hints = [f"hint: {event.diagnosis.hint}"] if event.diagnosis.hint else []
            errors.append(("diagnosis", _lines(event.diagnosis.message, *hints)))
        told = [(one, outcome(one, self._slow)) for one in worst_first(event.requirements)]
        kit = [one for one, _ in told if one.verdict == "kit-error"]
        errors += [self._annotation(one) for one in kit]
        errors += [self._annotation(one) for one, found in told if found is Outcome.FAILED]
        yield from _commands("error", errors)
        warned = [self._annotation(one) for one, found in told if found is Outcome.WARNED]
        yield from _commands("warning", warned)
        missed = headline(event.requirements, self._slow).not_tested
        if missed:
            yield _command("notice", "not tested", f"{len(missed)} MUSTs: {', '.join(missed)}")

    def _annotation(self, one: RequirementJudged) -> tuple[str, str]:
        lines = [one.requirement.sentence]
        for finding in one.findings[:1]:
            place = f" at {finding.pointer}" if finding.pointer else ""
            lines += [f"expected {finding.expected}", f"seen {finding.seen}{place}"]
            lines += [self._teller.line_again(finding)]
        return one.requirement.id, _lines(*lines, *([one.reason] if one.reason else []))

    # The summary

    def _markdown(self, event: RunFinished) -> str:
        head = headline(event.requirements, self._slow)
        followed, judged = shoulds(event.requirements)
        name = event.exit_code.name.lower().replace("_", " ")
        lines = [f"### RISP: {head}, {followed} of {judged} SHOULDs: {name}", ""]
        if not event.requirements:
            lines = ["### RISP: nothing was judged", ""]
        lines += [f"Target: {as_text(self._target)}", ""]
        if event.diagnosis is not None:
            lines += [f"**{as_text(event.diagnosis.message)}**", ""]
            lines += [as_text(event.diagnosis.hint), ""] if event.diagnosis.hint else []
        broken = [one for one in worst_first(event.requirements) if self._is_broken(one)]
        if broken:
            lines += ["| | requirement | expected | seen |", "|---|---|---|---|"]
            lines += [_row(one) for one in broken] + [""]
        if head.not_tested:
            lines += [f"Not tested: {', '.join(head.not_tested)}", ""]
        for one in broken[:IN_FULL]:
            lines += self._in_full(one)
        return "\n".join(lines) + "\n"

    def _is_broken(self, one: RequirementJudged) -> bool:
        found = outcome(one, self._slow)
        return found in (Outcome.FAILED, Outcome.WARNED) or one.verdict == "kit-error"

    def _in_full(self, one: RequirementJudged) -> list[str]:
        title = f"{one.verdict.upper()} {one.requirement.id}"
        body = fenced(line.text for line in self._teller.story(one))
        return [f"<details><summary>{title}</summary>", "", body, "", "</details>", ""]


def _commands(kind: str, annotations: list[tuple[str, str]]) -> Iterable[str]:
    """At most as many as are shown, the last of which says what is left out."""
    shown = annotations if len(annotations) <= AT_MOST else annotations[: AT_MOST - 1]
    for title, message in shown:
        yield _command(kind, title, message)
    rest = [title for title, _ in annotations[len(shown) :]]
    if rest:
        yield _command(kind, f"and {len(rest)} more", ", ".join(rest))


def _lines(*parts: str) -> str:
    """A message of so many lines, whatever is in them."""
    return "\n".join(map(printable, parts))


def _command(kind: str, title: str, message: str) -> str:
    """A workflow command, out of which no text can break."""
    data = "%0A".join(printable(line) for line in message.replace("%", "%25").split("\n"))
    escaped = printable(title).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={escaped}::{data}"


def _row(one: RequirementJudged) -> str:
    first = next(iter(one.findings), None)
    expected, seen = (first.expected, first.seen) if first else ("", one.reason)
    rule = f"**{one.requirement.id}** {as_text(one.requirement.sentence)}"
    return f"| {one.verdict} | {rule} | {as_text(expected)} | {as_text(seen)} |"


def as_text(text: str) -> str:
    """Text in which Markdown and HTML find nothing to do: all that is no letter is a reference."""
    return "".join(c if c.isalnum() or c == " " else f"&#{ord(c)};" for c in printable(text))


def fenced(lines: Iterable[str]) -> str:
    """A block of code with a fence that is longer than any within."""
    text = "\n".join(printable(line) for line in lines)
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"
