"""The report for somebody at a terminal; readable without colour and at 80 columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from risp.protocol.requirement import Seen

from ..events import (
    CheckFinished,
    CheckStarted,
    DiscoveryFinished,
    RequirementJudged,
    RunEvent,
    RunFinished,
    RunStarted,
    TargetFound,
)
from ..subject import Subject
from ..transcript import Transcript
from ..verdict import Verdict
from .story import Teller
from .words import headline, printable, shoulds, tally, worst_first

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
_UNSEEN = (Verdict.NOT_TESTED, Verdict.INCONCLUSIVE)
NARROWEST = 60
"""Columns into which a conversation is cut at the narrowest; below that a terminal wraps it."""
MANY = 6
"""Broken requirements that are told in full: more have most often one cause."""
FIRST = 5
"""How many of them are told in full where there are more."""


class Terminal:
    """Prints a run as it goes."""

    def __init__(self, console: Console, again: str, verbose: bool = False) -> None:
        self._console = console
        self._verbose = verbose
        self._transcripts: dict[str, Transcript] = {}
        # What is piped into a file has no width of its own.
        width = max(console.width, NARROWEST) if console.is_terminal else None
        self._teller = Teller(self._transcripts, again, width)
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
                self._console.print(f"risp: judging {safe(event.target)}", highlight=False)
                self._progress.start()
                self._progress.update(self._task, description="looking")
            case DiscoveryFinished():
                self._transcripts[event.transcript.check] = event.transcript
            case TargetFound():
                self._print_subject(event.subject)
                self._progress.update(self._task, total=event.checks)
            case CheckStarted():
                # The bar counts those that have begun: with `--jobs` they end in another order.
                self._progress.update(self._task, description=f"{event.name:<28.28}", advance=1)
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
        self._console.print(f"      it declares {safe(text)}", highlight=False, style="dim")

    def _take(self, event: CheckFinished) -> None:
        if event.findings:
            self._transcripts[event.name] = event.transcript
        if self._verbose:
            style = _STYLE[event.verdict]
            reason = f"  {safe(event.reason)}" if event.reason else ""
            self._console.print(
                f"[{style}]{event.verdict:<14}[/] {event.name}  {event.seconds:.2f} s{reason}",
                highlight=False,
            )

    def _finish(self, event: RunFinished) -> None:
        told = [one for one in event.requirements if one.verdict in _TOLD]
        full = told if self._verbose or len(told) <= MANY else worst_first(told)[:FIRST]
        for one in full:
            self._print_judged(one)
        self._print_shortly([one for one in told if one not in full])
        self._print_untested(event.requirements)
        if event.diagnosis is not None:
            self._console.print(
                f"\n[bold red]{safe(event.diagnosis.message)}[/]", highlight=False, soft_wrap=True
            )
            if event.diagnosis.hint:
                # A command's last words have lines of their own.
                first, *more = event.diagnosis.hint.splitlines()
                self._console.print(f"  hint: {safe(first)}", highlight=False)
                for text in more:
                    self._console.print(Text(f"    {printable(text)}"), soft_wrap=True)
        self._print_totals(event)

    def _print_judged(self, one: RequirementJudged) -> None:
        rule, style = one.requirement, _STYLE[one.verdict]
        head = Text.assemble((f"{one.verdict.upper()} {rule.id}", style), f"  {rule.sentence}")
        self._console.print()
        self._console.print(head, highlight=False)
        for line in self._teller.story(one):
            # Not wrapped: what is copied from it stays in one piece.
            self._console.print(Text(line.text, line.tone), soft_wrap=True)

    def _print_shortly(self, rest: list[RequirementJudged]) -> None:
        if not rest:
            return
        self._console.print()
        # Each kind together, and in it the order of the specification.
        ordered = sorted(rest, key=lambda one: _TOLD.index(one.verdict))
        for one in ordered:
            head = (f"{one.verdict.upper()} {one.requirement.id}", _STYLE[one.verdict])
            self._print_cut(Text.assemble(head, f"  {one.requirement.sentence}"))
        more = f"    {len(rest)} more, which --verbose tells in full"
        if not self._teller.again:
            self._console.print(Text(more, "dim"))
            return
        self._console.print(Text(f"{more}; one of them is told by", "dim"))
        line = self._teller.line_only(ordered[0].requirement.id)
        self._console.print(Text(f"    {printable(line)}", "dim"), soft_wrap=True)

    def _print_cut(self, text: Text) -> None:
        """One line at a terminal; elsewhere all of it, for whoever searches."""
        if self._console.is_terminal:
            self._console.print(text, no_wrap=True, overflow="ellipsis", highlight=False)
        else:
            self._console.print(text, highlight=False)

    def _print_untested(self, judged: Sequence[RequirementJudged]) -> None:
        """What was not seen: what counts with its reasons, the rest so only if asked for."""
        due = set(headline(judged, self._slow).not_tested)
        self._print_reasons(one for one in judged if one.requirement.id in due)
        rest = [o for o in judged if o.verdict in _UNSEEN and o.requirement.id not in due]
        if self._verbose:
            self._print_reasons(rest)
            self._print_reasons(one for one in judged if one.verdict is Verdict.NOT_APPLICABLE)
        elif rest:
            ids = ", ".join(one.requirement.id for one in rest)
            self._console.print()
            self._console.print(Text(f"{len(rest)} not seen ({self._why(rest)}):", "dim"))
            self._print_cut(Text(f"    {ids}", "dim"))

    def _why(self, unseen: Sequence[RequirementJudged]) -> str:
        """Why the run did not need to see these, for whoever meets the kit for the first time."""
        slow = sum(o.requirement.seen is Seen.SLOW and not self._slow for o in unseen)
        waiting = sum(o.requirement.seen is Seen.OBSERVED for o in unseen)
        left = len(unseen) - slow - waiting
        parts = [f"{slow} need --slow"] if slow else []
        if waiting:
            these = str(waiting) if left else "the others" if slow else "they"
            parts.append(f"{these} are judged when they occur")
        if left:
            parts.append(f"{left} could not be judged, --verbose says why")
        return "; ".join(parts)

    def _print_reasons(self, ones: Iterable[RequirementJudged]) -> None:
        by_reason: dict[tuple[Verdict, str], list[str]] = defaultdict(list)
        for one in ones:
            by_reason[one.verdict, one.reason].append(one.requirement.id)
        for (verdict, reason), ids in by_reason.items():
            text = f"{verdict}: {printable(reason)}\n    {', '.join(ids)}"
            self._console.print()
            self._console.print(Text(text, _STYLE[verdict]))

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
        if event.requirements and not event.complete:
            self._console.print(self._incomplete(event), highlight=False)
        self._console.print(
            f"complete: {str(event.complete).lower()}   exit {int(event.exit_code)} "
            f"({event.exit_code.name.lower().replace('_', ' ')})   {event.seconds:.1f} s",
            highlight=False,
        )

    def _incomplete(self, event: RunFinished) -> str:
        """Why a run is not complete, in a line: that stands beside whatever else was found."""
        counts = tally(event.requirements)
        missed = len(headline(event.requirements, self._slow).not_tested)
        errors = counts.get(Verdict.KIT_ERROR, 0)
        parts = [f"{missed} not tested"] if missed else []
        parts += [f"{errors} for a defect of the kit"] if errors else []
        if not parts:
            return "not every check was held"
        return f"not every MUST could be judged: {', '.join(parts)}"


def safe(text: str) -> str:
    """Text of a target's, for a console that reads markup."""
    return escape(printable(text))
