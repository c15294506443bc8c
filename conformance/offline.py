"""Judge recorded conversations: the same scripts, monitors and oracle, and no network.

A recording is judged by what is on it. Two things are not, and its header tells them: what showed
again when the same conversation was held a second time (the rest is `flaky`, or forgiven to a
clock), and whether a search came to its end, which has tried more than it kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from .bench import Bench, Watched
from .check import CHECKS, Case, Check
from .diagnosis import Diagnosis, Exit
from .discovery import discover
from .events import (
    CheckFinished,
    CheckStarted,
    DiscoveryFinished,
    Reporter,
    RunEvent,
    RunFinished,
    RunStarted,
    TargetFound,
)
from .exploring import again, oracle
from .json_values import mapping, strings
from .peers.address import Address
from .peers.recorded import Diverged, Tape
from .peers.websocket import KitError
from .runner import DISCOVERY, play
from .selection import Selection
from .subject import Subject
from .transcript import REDACTED, Transcript
from .verdict import Finding, Verdict, Violation, broken

_WITHOUT_FINDING = (
    Verdict.PASS,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_TESTED,
    Verdict.NOT_APPLICABLE,
    Verdict.KIT_ERROR,
)
FOREVER_S = 1e9
"""The deadline of a recording that tells of none."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A transcript with the facts of its header, read."""

    transcript: Transcript
    subject: Subject | None
    """What was known of the target before; None if nobody noted it."""
    deadline_s: float = FOREVER_S
    verdict: Verdict | None = None
    """What the run said in the end; None if nobody noted it."""
    reason: str = ""
    confirmed: frozenset[str] | None = None
    """Ids of the requirements that the run found broken here; None if nobody noted it."""
    choice: Selection | None = None
    """What the run was asked to judge; in its first conversation only."""

    @classmethod
    def read(cls, path: Path) -> Recording:
        """Read a file; raises OSError, or ValueError that names file, line and fault."""
        transcript = Transcript.read(path)
        try:
            return cls.of(transcript)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path.name}, line 1: no sound facts: {error}") from None

    @classmethod
    def of(cls, transcript: Transcript) -> Recording:
        """Read the facts of a transcript; raises ValueError, KeyError or TypeError."""
        facts = transcript.facts
        subject = outcome = choice = None
        if "subject" in facts:
            subject = Subject.from_json(transcript.target, mapping(facts["subject"]))
        if "outcome" in facts:
            outcome = mapping(facts["outcome"])
        if "choice" in facts:
            choice = _choice(mapping(facts["choice"]))
        return cls(
            transcript,
            subject,
            float(facts.get("deadline_s", FOREVER_S)),
            Verdict(outcome["verdict"]) if outcome is not None else None,
            str(outcome["reason"]) if outcome is not None else "",
            frozenset(strings(outcome["broken"])) if outcome is not None else None,
            choice,
        )

    def known(self) -> Subject:
        """The target as the header tells of it, or else as a target of which nothing is known."""
        if self.subject is not None:
            return self.subject
        return Subject(Address.parse(self.transcript.target), REDACTED)


def _choice(tree: dict[str, Any]) -> Selection:
    only, skip = tuple(strings(tree["only"])), tuple(strings(tree["skip"]))
    return Selection(only, skip, bool(tree["slow"]))


# One conversation


def play_recorded(
    check: Check, transcript: Transcript, subject: Subject, deadline_s: float = FOREVER_S
) -> tuple[Verdict, str, list[Finding]]:
    """Hold a check's script against a transcript: the same verdict, without a wire."""
    return play(check, _case(transcript, subject, Tape(transcript), deadline_s))


def _case(transcript: Transcript, subject: Subject, tape: Tape, deadline_s: float) -> Case:
    return Case(
        subject,
        Random(f"{transcript.seed}:{transcript.check}"),
        transcript,
        lambda record, number: tape.link(),
        lambda: tape.clock,
        deadline_s,
    )


def explored(
    check: Check, one: Recording, watched: bool = False
) -> tuple[Verdict, str, list[Finding]]:
    """What is found in what an exploration has kept; `watched` if monitors found nothing in it."""
    if again.are_in(one.transcript):
        # Its tape may hold fences, whose states were drawn after what the tape does not hold.
        tape = Tape(one.transcript, exact=False)
        script = replace(check, script=again.script_of(one.transcript))
        known = one.known()
        return play(script, _case(one.transcript, known, tape, one.deadline_s))
    try:
        finding = _by_the_oracle(check, one.transcript, watched)
    except Exception as error:  # noqa: BLE001  # law 9: whatever goes wrong is the kit's own
        return Verdict.KIT_ERROR, f"{type(error).__name__}: {error}", []
    if finding is None:
        return Verdict.PASS, "", []
    return broken(finding.requirement), "", [finding]


def _by_the_oracle(check: Check, transcript: Transcript, watched: bool) -> Finding | None:
    for start, part, repeats in conversations(transcript):
        try:
            oracle.judge(part, repeats, watched)
        except Violation as violation:
            finding = Finding.of(violation, check.requirements[0], check.name)
            return replace(finding, at=None if finding.at is None else finding.at + start)
    return None


def conversations(transcript: Transcript) -> Iterator[tuple[int, Transcript, bool]]:
    """The conversations of an exploration: where each begins, its events, and if it repeats."""
    events = transcript.events
    starts = [i for i, event in enumerate(events) if i == 0 or "begins" in event.info]
    for start, end in pairwise([*starts, len(events)]):
        repeats = mapping(events[start].info.get("begins")).get("repeats") is True
        yield start, Transcript(transcript.check, events=events[start:end]), repeats


def _exploration(check: Check, one: Recording, watched: bool) -> tuple[Verdict, str, list[Finding]]:
    verdict, reason, findings = explored(check, one, watched)
    if findings or verdict is not Verdict.PASS:
        return verdict, reason, findings
    if one.verdict is not None and one.verdict in _WITHOUT_FINDING:
        return one.verdict, one.reason, []
    reason = "nothing says that the search came to its end"
    if one.verdict is not None:
        reason = f"the run said {one.verdict}, and the recording does not show why"
    return Verdict.NOT_TESTED, reason, []


def judge(check: Check, one: Recording, subject: Subject) -> CheckFinished:
    """What a check finds in a recording of its conversation."""
    watched, defect = Watched([], {}), ""
    try:
        watched = Bench.watch(one.transcript)
    except KitError as error:
        defect = str(error)
    if check.explores:
        is_clean = not (watched.findings or defect)
        verdict, reason, findings = _exploration(check, one, is_clean)
    else:
        verdict, reason, findings = play_recorded(check, one.transcript, subject, one.deadline_s)
    findings += watched.findings
    if defect:
        verdict, reason = Verdict.KIT_ERROR, defect
    last = max((event.at for event in one.transcript.events), default=0)
    return CheckFinished(
        check.name,
        check.title,
        check.requirements,
        verdict,
        reason,
        tuple(findings),
        one.transcript,
        last / 1e9,
        seen=watched.seen,
    )


def settled(finished: CheckFinished, one: Recording) -> CheckFinished:
    """What is left of it once the conversation has been held again, as the run noted it."""
    if one.confirmed is None:
        return finished
    findings = tuple(f for f in finished.findings if f.requirement.id in one.confirmed)
    is_flaky = bool(findings) and one.verdict is Verdict.FLAKY
    verdict = Verdict.FLAKY if is_flaky else finished.verdict
    return replace(finished, findings=findings, verdict=verdict)


def judge_alone(one: Recording) -> tuple[Verdict, str, list[Finding]]:
    """What there is to say of one recording by itself: verdict, remark and findings."""
    transcript = one.transcript
    check = CHECKS.get(transcript.check)
    if check is not None and (one.subject is not None or check.explores):
        finished = judge(check, one, one.known())
        return finished.verdict, finished.reason, list(finished.findings)
    verdict, remark = Verdict.PASS, "judged by monitors only"
    if transcript.check == DISCOVERY:
        try:
            rediscover(one)
        except Diagnosis as diagnosis:
            verdict, remark = Verdict.NOT_TESTED, diagnosis.message
    elif check is None:
        remark += f": no check is called {transcript.check}"
    else:
        remark += ": the file does not say what the target declares"
    return verdict, remark, Bench.watch(transcript).findings


# A whole run


def rediscover(first: Recording) -> Subject:
    """What the first conversation of a run tells of the target; raises Diagnosis."""
    tape = Tape(first.transcript)

    def case(subject: Subject) -> Case:
        return _case(first.transcript, subject, tape, first.deadline_s)

    try:
        return discover(first.known(), case)
    except Diverged as error:
        name = f"{first.transcript.check}.jsonl"
        message = f"{name} does not hold the first conversation of a run: {error}"
        raise Diagnosis(Exit.USAGE, message) from None


def read_folder(folder: Path) -> dict[str, Recording]:
    """The recordings of a run by their checks; raises OSError or ValueError."""
    recordings: dict[str, Recording] = {}
    for path in sorted(folder.glob("*.jsonl")):
        one = Recording.read(path)
        if one.transcript.check != path.stem:
            raise ValueError(f"{path.name}, line 1: it is the transcript of {one.transcript.check}")
        recordings[path.stem] = one
    if DISCOVERY not in recordings:
        raise ValueError(
            f"{folder}: there is no {DISCOVERY}.jsonl, which `risp test --transcripts` writes first"
        )
    try:
        recordings[DISCOVERY].known()
    except ValueError as error:
        raise ValueError(f"{DISCOVERY}.jsonl, line 1: {error}") from None
    return recordings


def judge_run(recordings: dict[str, Recording], reporters: Sequence[Reporter]) -> RunFinished:
    """Judge the recordings of a run, and tell every reporter what the run would have told."""

    def tell(event: RunEvent) -> None:
        for reporter in reporters:
            reporter(event)

    started = time.monotonic()
    first = recordings[DISCOVERY]
    head, choice = first.transcript, first.choice or Selection()
    tell(RunStarted(head.target, head.seed, choice.slow, bool(choice.only or choice.skip)))
    bench = Bench(choice)
    diagnosis: Diagnosis | None = None
    try:
        subject = rediscover(first)
    except Diagnosis as error:
        diagnosis = error
        tell(DiscoveryFinished(head))
    else:
        tell(DiscoveryFinished(head))
        bench.found(subject, head)
        checks = choice.checks(subject.declares)
        tell(TargetFound(subject, len(checks)))
        for check in checks:
            tell(CheckStarted(check.name, check.title))
            if check.name not in recordings:
                bench.skip(check, "no transcript")
                continue
            one = recordings[check.name]
            finished = settled(judge(check, one, one.subject or subject), one)
            bench.take(finished)
            tell(finished)
    finished_run = bench.finish(diagnosis, time.monotonic() - started)
    tell(finished_run)
    return finished_run
