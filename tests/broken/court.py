"""Bring a server before the court, and see who convicts it of what, by which words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from risp.conformance.check import CHECKS, MONITORS, Check, Monitor
from risp.conformance.conversation import Conversation
from risp.conformance.events import CheckFinished, RequirementJudged, RunEvent, RunFinished
from risp.conformance.runner import DISCOVERY, Options, Run
from risp.conformance.selection import Selection, applies
from risp.conformance.transcript import Transcript
from risp.conformance.verdict import Finding, Violation, broken
from risp.protocol.requirement import Requirement, Seen

from .catalogue import Fault, Served
from .serve import serving

WATCHES = {monitor.name: monitor for monitor in MONITORS}


@dataclass(frozen=True)
class Narrow(Selection):
    """A choice of one requirement and of the checks in whose conversations it has to show."""

    rule: Requirement | None = None
    held: tuple[str, ...] = ()

    def rules(self) -> list[Requirement]:
        return [] if self.rule is None else [self.rule]

    def checks(self, declares: frozenset[str]) -> list[Check]:
        held = [check for name, check in CHECKS.items() if name in self.held]
        return [c for c in held if any(applies(rule, declares) for rule in c.requirements)]


@dataclass
class Trial:
    """A run, and everything that its events told."""

    finished: RunFinished
    checks: list[CheckFinished] = field(default_factory=list)

    def of(self, rule: Requirement) -> RequirementJudged:
        """What the run says of a requirement."""
        return next(one for one in self.finished.requirements if one.requirement is rule)


def trial(server: type, how: Served, selection: Selection | None = None) -> Trial:
    """Judge a server."""
    checks: list[CheckFinished] = []

    def keep(event: RunEvent) -> None:
        if isinstance(event, CheckFinished):
            checks.append(event)

    options = Options(key=how.key, selection=selection or Selection(), budget_s=240)
    with serving(server, how) as url:
        return Trial(Run(url, options, [keep]).execute(), checks)


def narrow(fault: Fault) -> Narrow:
    """The choice of what has to notice a fault."""
    held = (*(name for name in fault.by if name in CHECKS), *fault.during)
    slow = fault.slow or fault.breaks.seen is Seen.SLOW
    return Narrow(slow=slow, rule=fault.breaks, held=held)


def words(finding: Finding) -> str:
    """What a finding gives as its reason."""
    return f"expected {finding.expected} | saw {finding.seen} | {finding.pointer}"


def convicts(judge: str, fault: Fault, held: Trial) -> bool:
    """Whether this check or monitor found the requirement broken, for the intended reason."""
    judged = held.of(fault.breaks)
    if judged.verdict is not broken(fault.breaks):
        return False
    return any(
        re.search(fault.says, words(finding)) and _is_by(judge, finding, held)
        for finding in judged.findings
    )


def _is_by(judge: str, finding: Finding, held: Trial) -> bool:
    transcripts = [check.transcript for check in held.checks if check.name == finding.check]
    if judge in WATCHES:
        # The first conversation has no script that judges: what is found there, monitors found.
        return finding.check == DISCOVERY or any(
            _raises(WATCHES[judge], transcript, finding) for transcript in transcripts
        )
    if finding.check != judge:
        return False
    # Some checks only hold the conversation that monitors of their requirement judge.
    watched = [m for m in MONITORS if m.requirement is finding.requirement]
    own = not any(_raises(m, t, finding) for m in MONITORS for t in transcripts)
    return own or bool(watched)


def _raises(monitor: Monitor, transcript: Transcript, finding: Finding) -> bool:
    for talk in Conversation.all(transcript):
        try:
            monitor.judge(talk)
        except Violation as violation:
            rule = violation.requirement or monitor.requirement
            same = (rule.id, violation.expected) == (finding.requirement.id, finding.expected)
            if same and violation.seen == finding.seen:
                return True
    return False


__all__ = ["Narrow", "Trial", "convicts", "narrow", "trial", "words"]
