"""A broken requirement as a story: what was due, what came, where, and how to see it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..events import RequirementJudged
from ..transcript import Transcript
from ..verdict import Finding, Verdict
from .words import excerpt, page, printable

INDENT = 4
WAVERED = "broken once, and kept when the same conversation was held again"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a story; whoever has no tones leaves them out."""

    text: str
    tone: Literal["", "bold", "dim"] = ""


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells what was found of a requirement, from the conversations that a run has kept."""

    transcripts: Mapping[str, Transcript]
    again: str = ""
    """The command line that judges the same target again, without a choice of checks."""
    width: int | None = None
    """How wide a line of a conversation may be; None where nobody has to look at all of it."""

    def story(self, judged: RequirementJudged) -> list[Line]:
        """All there is to say below the sentence."""
        reason = WAVERED if judged.verdict is Verdict.FLAKY else judged.reason
        lines = [_line(reason)] if reason else []
        for finding in judged.findings[:1]:
            lines += self._finding(finding)
        # A script and a monitor may have found it in one conversation.
        others = list(dict.fromkeys(finding.check for finding in judged.findings))[1:]
        if others:
            lines.append(_line(f"also in   {', '.join(others)}", "dim"))
        return lines

    def text(self, judged: RequirementJudged) -> str:
        """The sentence and the story, as plain text."""
        lines = [str(judged.requirement), *(line.text for line in self.story(judged))]
        return "\n".join(lines)

    def conversation(self, finding: Finding) -> list[Line]:
        """The conversation up to the event that shows a finding, which is marked."""
        transcript = self.transcripts.get(finding.check)
        if transcript is None:
            return []
        width = None if self.width is None else self.width - INDENT
        return [
            Line(f"  {'>' if is_it else ' '} {text}", "bold" if is_it else "")
            for is_it, text in excerpt(transcript, finding.at, width)
        ]

    def line_again(self, finding: Finding) -> str:
        """The command line that holds the conversation of a finding again."""
        # The first conversation is no check, and is held in every run.
        return self.again if finding.check == "discovery" else self.line_only(finding.check)

    def line_only(self, name: str) -> str:
        """The command line that judges one requirement, or holds one check."""
        options, separator, command = self.again.partition(" -- ")
        return f"{options} --only {shlex.quote(name)}{separator}{command}"

    def _finding(self, finding: Finding) -> list[Line]:
        place = f"  at {finding.pointer}" if finding.pointer else ""
        lines = [_line(f"expected  {finding.expected}"), _line(f"seen      {finding.seen}{place}")]
        if finding.hint:
            lines.append(_line(f"hint      {finding.hint}"))
        lines.append(_line(f"in        {finding.check}", "dim"))
        lines += self.conversation(finding)
        where = page(finding.requirement).partition("#")[0]
        lines.append(_line(f"spec      risp explain {finding.requirement.id}  ({where})", "dim"))
        if self.again:
            lines.append(_line(f"again     {self.line_again(finding)}", "dim"))
        return lines


def _line(text: str, tone: Literal["", "bold", "dim"] = "") -> Line:
    return Line(" " * INDENT + printable(text), tone)
