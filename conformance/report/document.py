"""The report as a document: the classes from which its JSON Schema and its JSON are made."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from risp.protocol.version import PROTOCOL_VERSION

from ..events import CheckFinished, RequirementJudged, RunFinished
from ..transcript import Transcript
from ..verdict import Finding, Verdict
from .words import headline, page


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class FindingReport(_Document):
    """One broken requirement, as one conversation showed it."""

    check: str
    """The check in whose conversation it showed."""
    expected: str
    """What the requirement demands here."""
    seen: str
    """What came."""
    pointer: str
    """JSON pointer to the place in the frame; empty for the frame as a whole."""
    hint: str
    """What may help; empty where nothing does."""
    at: int | None
    """Index into `conversation` of the event that shows it; null where something is absent."""
    conversation: list[dict[str, Any]]
    """The events of the check's transcript, in the transcript format."""


class RequirementReport(_Document):
    """The verdict on one requirement."""

    id: str
    """As in `A-OPEN-2`."""
    level: Literal["MUST", "SHOULD", "MAY"]
    """How binding it is."""
    seen: str
    """Its class: provoked, declared, observed, slow or off-wire."""
    sentence: str
    """The requirement itself."""
    page: str
    """Where the specification states it."""
    verdict: Verdict
    """The outcome."""
    reason: str
    """Why, where the verdict is neither pass nor a finding."""
    checks: list[str]
    """Checks and monitors that judged it."""
    findings: list[FindingReport]
    """What was found broken."""


class CheckReport(_Document):
    """The outcome of one check."""

    name: str
    """As in `opening.second_open`."""
    title: str
    """What it does."""
    verdict: Verdict
    """The outcome of its script; monitors may have found more."""
    reason: str
    """Why, where the verdict is neither pass nor a finding."""
    seconds: float
    """How long it took."""
    retried: bool
    """Whether it was held again because a clock had decided against the target."""


class Report(_Document):
    """A whole run."""

    risp_report: Literal[1]
    """The version of this format."""
    protocol: str
    """The version of the protocol that was judged."""
    target: str
    """The target's URL, without secrets."""
    seed: int
    """The seed of the run."""
    slow: bool
    """Whether slow checks were held."""
    complete: bool
    """Whether every MUST that counts was judged; false in a file whose run was cut off."""
    exit_code: int
    """What the command ended with; -1 in a file whose run was cut off."""
    diagnosis: str
    """Why nothing, or not all, could be judged; empty where all could."""
    seconds: float
    """How long it took."""
    musts_kept: int
    """MUSTs that count and are kept."""
    musts: int
    """MUSTs that count."""
    musts_not_tested: list[str]
    """Ids of MUSTs that count and were not judged."""
    declares: dict[str, Any]
    """The target's `session.ready` to a client that listed every capability."""
    requirements: list[RequirementReport]
    """One verdict each."""
    checks: list[CheckReport]
    """One outcome each."""


def check_report(event: CheckFinished) -> CheckReport:
    """A check as it stands in a report."""
    return CheckReport(
        name=event.name,
        title=event.title,
        verdict=event.verdict,
        reason=event.reason,
        seconds=round(event.seconds, 4),
        retried=event.retried,
    )


def requirement_report(
    judged: RequirementJudged, transcripts: dict[str, Transcript]
) -> RequirementReport:
    """A requirement as it stands in a report."""
    rule = judged.requirement
    return RequirementReport(
        id=rule.id,
        level=rule.level.value,
        seen=rule.seen,
        sentence=rule.sentence,
        page=page(rule),
        verdict=judged.verdict,
        reason=judged.reason,
        checks=list(judged.checks),
        findings=[_finding(finding, transcripts) for finding in judged.findings],
    )


def _finding(finding: Finding, transcripts: dict[str, Transcript]) -> FindingReport:
    transcript = transcripts.get(finding.check)
    return FindingReport(
        check=finding.check,
        expected=finding.expected,
        seen=finding.seen,
        pointer=finding.pointer,
        hint=finding.hint,
        at=finding.at,
        conversation=[e.to_json() for e in transcript.events] if transcript else [],
    )


def report(
    target: str,
    seed: int,
    slow: bool,
    declares: dict[str, Any],
    checks: list[CheckReport],
    transcripts: dict[str, Transcript],
    finished: RunFinished | None,
) -> Report:
    """A run as a document; `finished=None` for one that is still going, or was cut off."""
    judged = finished.requirements if finished else ()
    head = headline(judged, slow)
    diagnosis = finished.diagnosis if finished else None
    return Report(
        risp_report=1,
        protocol=PROTOCOL_VERSION,
        target=target,
        seed=seed,
        slow=slow,
        complete=bool(finished and finished.complete),
        exit_code=int(finished.exit_code) if finished else -1,
        diagnosis=diagnosis.message if diagnosis else "" if finished else "the run was cut off",
        seconds=round(finished.seconds, 3) if finished else 0.0,
        musts_kept=head.kept,
        musts=head.due,
        musts_not_tested=list(head.not_tested),
        declares=declares,
        requirements=[requirement_report(one, transcripts) for one in judged],
        checks=checks,
    )


def schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    tree = Report.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:risp:report:1",
        **tree,
    }
