"""The judge's bench: outcomes of checks and monitors become one verdict per requirement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from risp.protocol.requirement import Level, Requirement, Seen

from .check import MONITORS, Check
from .conversation import Conversation
from .diagnosis import PRECEDENCE, Diagnosis, Exit
from .events import CheckFinished, RequirementJudged, RunFinished
from .peers.websocket import KitError
from .selection import SERVER_RULES, Selection, applies, counts
from .subject import Subject
from .transcript import Transcript
from .verdict import Finding, Verdict, Violation, broken, worst


@dataclass
class _Record:
    """What has been said of one requirement so far."""

    verdicts: list[Verdict] = field(default_factory=list[Verdict])
    reasons: list[str] = field(default_factory=list[str])
    checks: list[str] = field(default_factory=list[str])
    findings: list[Finding] = field(default_factory=list[Finding])
    seen: int = 0
    """How often a monitor saw its event without finding fault."""


class Watched(NamedTuple):
    """What the monitors say of a transcript."""

    findings: list[Finding]
    seen: dict[str, int]
    """By the monitor's name: how often it saw its event without finding fault."""


class Bench:
    """Takes finished checks, and judges the requirements that a run answers for."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._records: dict[str, _Record] = defaultdict(_Record)
        self.subject: Subject | None = None
        self.cut_short = False
        """Whether checks were left out because the budget was spent."""

    @property
    def broken(self) -> frozenset[str]:
        """Ids of the requirements that have been found broken so far."""
        return frozenset(id_ for id_, record in self._records.items() if record.findings)

    def found(self, subject: Subject, transcript: Transcript) -> None:
        """The target is known; its first conversation counts as evidence."""
        self.subject = subject
        watched = self.watch(transcript)
        for finding in watched.findings:
            self._accuse(finding, broken(finding.requirement))
        self._count(watched.seen)

    def take(self, finished: CheckFinished) -> None:
        """Enter a finished check."""
        accused = {finding.requirement.id for finding in finished.findings}
        for rule in finished.requirements:
            record = self._records[rule.id]
            record.checks.append(finished.name)
            if rule.id not in accused:
                verdict, reason = _bystander(finished, rule, accused)
                record.verdicts.append(verdict)
                record.reasons.append(reason)
        for finding in finished.findings:
            flaky = finished.verdict is Verdict.FLAKY
            self._accuse(finding, Verdict.FLAKY if flaky else broken(finding.requirement))
        self._count(finished.seen)

    def skip(self, check: Check, reason: str) -> None:
        """Enter a check that was not held."""
        self.cut_short = True
        for rule in check.requirements:
            record = self._records[rule.id]
            record.verdicts.append(Verdict.NOT_TESTED)
            record.reasons.append(reason)

    def _accuse(self, finding: Finding, verdict: Verdict) -> None:
        record = self._records[finding.requirement.id]
        record.verdicts.append(verdict)
        record.findings.append(finding)

    def _count(self, seen: Mapping[str, int]) -> None:
        for monitor in MONITORS:
            times = seen.get(monitor.name, 0)
            record = self._records[monitor.requirement.id]
            record.seen += times
            if times and monitor.name not in record.checks:
                record.checks.append(monitor.name)

    @staticmethod
    def watch(transcript: Transcript) -> Watched:
        """What the monitors say of a transcript; raises KitError."""
        found: dict[tuple[str, str], Finding] = {}
        seen: dict[str, int] = defaultdict(int)
        for conversation in Conversation.all(transcript):
            for monitor in MONITORS:
                try:
                    seen[monitor.name] += monitor.judge(conversation)
                except Violation as violation:
                    finding = Finding.of(violation, monitor.requirement, transcript.check)
                    found.setdefault(finding.key, finding)
                except Exception as error:  # law 9: whatever else goes wrong is the kit's own
                    raise KitError(f"{monitor.name}: {type(error).__name__}: {error}") from error
        return Watched(list(found.values()), dict(seen))

    # Judging

    def judge(self) -> Iterable[RequirementJudged]:
        """One verdict per requirement, in the order of the specification."""
        chosen = {rule.id for rule in self._selection.rules()}
        # What a chosen check's conversation shows is told, whatever the check is about.
        shown = {id_ for id_, record in self._records.items() if record.findings}
        for rule in SERVER_RULES.values():
            if rule.id in chosen or (rule.id in shown and not self._selection.leaves_out(rule)):
                yield self._judge(rule)

    def _judge(self, rule: Requirement) -> RequirementJudged:
        record = self._records[rule.id]
        declares = self.subject.declares if self.subject else frozenset[str]()
        if rule.seen is Seen.OFF_WIRE:
            return RequirementJudged(rule, Verdict.NOT_APPLICABLE, f"off-wire: {rule.reason}", ())
        if not applies(rule, declares) and not record.findings:
            reason = f"the target does not declare {rule.needs}"
            return RequirementJudged(rule, Verdict.NOT_APPLICABLE, reason, ())
        verdicts = record.verdicts + ([Verdict.PASS] if record.seen else [])
        verdict = worst(verdicts)
        if verdict is Verdict.NOT_TESTED and record.seen and rule.seen is Seen.OBSERVED:
            verdict = Verdict.PASS
        reason = next((r for r in record.reasons if r), "")
        if verdict is Verdict.NOT_TESTED and not reason:
            slow = rule.seen is Seen.SLOW and not self._selection.slow
            reason = "needs --slow" if slow else "it did not occur in this run"
        return RequirementJudged(
            rule,
            verdict,
            reason if verdict not in (Verdict.PASS, Verdict.FAIL, Verdict.WARN) else "",
            tuple(dict.fromkeys(record.checks)),
            tuple(record.findings),
        )

    def finish(self, diagnosis: Diagnosis | None, seconds: float) -> RunFinished:
        """The end of a run, with its exit code."""
        judged = tuple(self.judge()) if diagnosis is None or self.subject else ()
        complete = diagnosis is None and self.complete(judged)
        codes = {Exit.CONFORMANT if complete else Exit.INCOMPLETE, *self.codes(judged)}
        if diagnosis is not None:
            codes.add(diagnosis.code)
        code = next(code for code in PRECEDENCE if code in codes)
        return RunFinished(code, complete, judged, seconds, diagnosis)

    def complete(self, judged: Iterable[RequirementJudged]) -> bool:
        """Whether every MUST that counts has been judged."""
        open_ = (Verdict.NOT_TESTED, Verdict.INCONCLUSIVE, Verdict.KIT_ERROR)
        return not self.cut_short and not any(
            one.verdict in open_ and counts(one.requirement, self._selection.slow) for one in judged
        )

    @staticmethod
    def codes(judged: Iterable[RequirementJudged]) -> set[Exit]:
        """The exit codes that the verdicts call for."""
        codes: set[Exit] = set()
        for one in judged:
            is_must = one.requirement.level is Level.MUST
            if one.verdict is Verdict.KIT_ERROR:
                codes.add(Exit.KIT_ERROR)
            elif is_must and one.verdict in (Verdict.FAIL, Verdict.FLAKY):
                codes.add(Exit.VIOLATION)
        return codes


def _bystander(
    finished: CheckFinished, rule: Requirement, accused: set[str]
) -> tuple[Verdict, str]:
    """What a check says of a requirement of its own that no finding names."""
    if finished.verdict in (Verdict.FAIL, Verdict.WARN):
        # The script stopped where it found fault, so that it did not come to this.
        return Verdict.NOT_TESTED, f"the check stopped at {', '.join(sorted(accused))}"
    if finished.verdict is Verdict.FLAKY:
        own = sorted({one.id for one in finished.requirements} & accused)
        return (Verdict.NOT_TESTED, f"the check wavered at {own[0]}") if own else (Verdict.PASS, "")
    return finished.verdict, finished.reason


@dataclass(frozen=True, slots=True)
class Judgement:
    """Two goes of one check of which the first found something."""

    check: Check
    first: CheckFinished
    second: CheckFinished

    def settle(self) -> CheckFinished:
        """What shows twice is confirmed; what shows once is flaky, unless a clock decided it."""
        again = {finding.key for finding in self.second.findings}
        confirmed = [
            f for f in self.second.findings if f.key in {x.key for x in self.first.findings}
        ]
        wavering = [f for f in self.first.findings if f.key not in again]
        untimed = [f for f in wavering if not self._is_timed(f)]
        if confirmed:
            return replace(self.second, findings=tuple(confirmed))
        if untimed:
            return replace(self.first, verdict=Verdict.FLAKY, findings=tuple(untimed))
        return replace(self.second, findings=(), retried=True)

    def _is_timed(self, finding: Finding) -> bool:
        own = finding.requirement in self.check.requirements
        return finding.timed or (own and self.check.timing)
