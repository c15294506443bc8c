"""The report for somebody at a terminal; readable without colour and at 80 columns."""

from __future__ import annotations

import shlex
from collections import defaultdict

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from ..events import (
    CheckFinished,
    CheckStarted,
    RequirementJudged,
    RunEvent,
    RunFinished,
    RunStarted,
    TargetFound,
)
from ..subject import Subject
from ..transcript import Transcript
from ..verdict import Finding, Verdict
from .words import excerpt, headline, page, shoulds, tally

_STYLE = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.WARN: "yellow",
    Verdict.FLAKY: "bold magenta",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.NOT_TESTED: "cyan",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.KIT_ERROR: "bold white on red",
}
_TOLD = (Verdict.KIT_ERROR, Verdict.FAIL, Verdict.FLAKY, Verdict.WARN)


class Terminal:
    """Prints a run as it goes."""

    def __init__(self, console: Console, again: str, verbose: bool = False) -> None:
        self._console = console
        self._again = again
        """The command line that judges the same target again, without a choice of checks."""
        self._verbose = verbose
        self._transcripts: dict[str, Transcript] = {}
        self._slow = False
        self._partial = False
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(20),
            MofNCompleteColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=None)

    def __call__(self, event: RunEvent) -> None:
        """Take one event."""
        match event:
            case RunStarted():
                self._slow, self._partial = event.slow, event.partial
                self._console.print(f"risp: judging {escape(event.target)}", highlight=False)
                self._progress.start()
                self._progress.update(self._task, description="looking")
            case TargetFound():
                self._print_subject(event.subject)
                self._progress.update(self._task, total=event.checks)
            case CheckStarted():
                self._progress.update(self._task, description=f"{event.name:<28.28}")
            case CheckFinished():
                self._take(event)
            case RunFinished():
                self._progress.stop()
                self._finish(event)

    def _print_subject(self, subject: Subject) -> None:
        ready = subject.ready
        names = ("model", "state_dim", "action_dim", "chunk_size", "hz", "queue")
        said = [f"{name} {ready[name]}" for name in names if ready.get(name) is not None]
        said += [f"cameras {', '.join(subject.cameras)}"] if subject.cameras else []
        if subject.capabilities:
            said.append(f"capabilities {', '.join(subject.capabilities)}")
        text = "; ".join(said) or "nothing: it is judged as a server that declares nothing"
        self._console.print(f"      it declares {escape(text)}", highlight=False, style="dim")

    def _take(self, event: CheckFinished) -> None:
        self._progress.advance(self._task)
        if event.findings:
            self._transcripts[event.name] = event.transcript
        if self._verbose:
            style = _STYLE[event.verdict]
            reason = f"  {escape(event.reason)}" if event.reason else ""
            self._console.print(
                f"[{style}]{event.verdict:<14}[/] {event.name}  {event.seconds:.2f} s{reason}",
                highlight=False,
            )

    def _finish(self, event: RunFinished) -> None:
        for one in event.requirements:
            if one.verdict in _TOLD:
                self._print_judged(one)
        self._print_untested(event.requirements)
        if event.diagnosis is not None:
            self._console.print(
                f"\n[bold red]{escape(event.diagnosis.message)}[/]", highlight=False, soft_wrap=True
            )
            if event.diagnosis.hint:
                self._console.print(f"  hint: {escape(event.diagnosis.hint)}", highlight=False)
        self._print_totals(event)

    def _print_judged(self, one: RequirementJudged) -> None:
        rule, style = one.requirement, _STYLE[one.verdict]
        head = Text.assemble((f"{one.verdict.upper()} {rule.id}", style), f"  {rule.sentence}")
        self._console.print()
        self._console.print(head, highlight=False)
        if one.verdict is Verdict.KIT_ERROR:
            self._line(one.reason)
        for finding in one.findings[:1]:
            self._print_finding(finding)
        if len(one.findings) > 1:
            self._line(f"also in   {', '.join(f.check for f in one.findings[1:])}", "dim")

    def _line(self, text: str, style: str = "", indent: int = 4) -> None:
        """A line that is not wrapped: what is copied from it stays in one piece."""
        self._console.print(Text(" " * indent + text, style), soft_wrap=True)

    def _print_finding(self, finding: Finding) -> None:
        place = f"  at {finding.pointer}" if finding.pointer else ""
        self._line(f"expected  {finding.expected}")
        self._line(f"seen      {finding.seen}{place}")
        if finding.hint:
            self._line(f"hint      {finding.hint}")
        transcript = self._transcripts.get(finding.check)
        if transcript is not None:
            self._line(f"in        {finding.check}", "dim")
            for is_it, text in excerpt(transcript, finding.at):
                self._line(f"{'>' if is_it else ' '} {text}", "bold" if is_it else "", 2)
        where = page(finding.requirement).partition("#")[0]
        self._line(f"spec      risp explain {finding.requirement.id}  ({where})", "dim")
        only = f" --only {shlex.quote(finding.check)}" if finding.check != "discovery" else ""
        options, separator, command = self._again.partition(" -- ")
        self._line(f"again     {options}{only}{separator}{command}", "dim")

    def _print_untested(self, judged: tuple[RequirementJudged, ...]) -> None:
        due = set(headline(judged, self._slow).not_tested)
        by_reason: dict[str, list[str]] = defaultdict(list)
        for one in judged:
            if one.requirement.id in due:
                by_reason[f"{one.verdict}: {one.reason}"].append(one.requirement.id)
        for reason, ids in by_reason.items():
            self._console.print()
            self._console.print(Text(f"{reason}\n    {', '.join(ids)}", _STYLE[Verdict.NOT_TESTED]))

    def _print_totals(self, event: RunFinished) -> None:
        self._console.print()
        if event.requirements:
            line = str(headline(event.requirements, self._slow))
            line += " of those chosen" if self._partial else ""
            followed, judged = shoulds(event.requirements)
            rest = "  ".join(f"{v} {n}" for v, n in tally(event.requirements).items())
            self._console.print(
                f"[bold]{line}[/], {followed} of {judged} SHOULDs   ({rest})", highlight=False
            )
        else:
            self._console.print("[bold]nothing was judged[/]", highlight=False)
        self._console.print(
            f"complete: {str(event.complete).lower()}   exit {int(event.exit_code)} "
            f"({event.exit_code.name.lower().replace('_', ' ')})   {event.seconds:.1f} s",
            highlight=False,
        )
