"""One conversation and what is broken in it, for somebody at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from ..transcript import Transcript
from ..verdict import Finding
from .words import line, printable


def print_conversation(
    console: Console, transcript: Transcript, findings: Sequence[Finding], remark: str = ""
) -> None:
    """Print every event, and below them each broken requirement once."""
    for event in transcript.events:
        console.print(Text(line(event)), soft_wrap=True)
    console.print()
    for finding in {finding.key: finding for finding in reversed(findings)}.values():
        place = f" at {finding.pointer}" if finding.pointer else ""
        console.print(Text(f"{finding.requirement}", "bold red"))
        console.print(Text(f"    expected {printable(finding.expected)}"), soft_wrap=True)
        console.print(Text(f"    seen     {printable(finding.seen)}{place}"), soft_wrap=True)
    if not findings:
        words = f"nothing broken in this conversation ({remark})" if remark else (
            "nothing broken in this conversation"
        )  # fmt: skip
        console.print(Text(printable(words)), soft_wrap=True)
