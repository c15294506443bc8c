"""A run: discover the target, hold the checks, judge the requirements, and tell every reporter."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from .bench import Bench, Judgement, Watched
from .check import Case, Check
from .checks import action as action_checks
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
from .jobs import InOrder, is_clean, side_by_side, together
from .peers.address import Address
from .peers.link import LinkError
from .peers.live import LiveLink
from .peers.recorded import Diverged
from .peers.websocket import KitError, OutOfTime
from .selection import Selection
from .subject import Subject
from .transcript import Kind, Transcript, Way, redact_url
from .verdict import (
    DidNotInfer,
    Finding,
    Inconclusive,
    NotSeen,
    Verdict,
    Violation,
    Wavering,
    broken,
)

REGISTERED = action_checks.__all__
"""The files of checks; to import them is what registers them."""
CHECK_S = 60.0
"""Seconds that a check may take, beyond those that it declares to wait."""
SETTLE_S = 1.5
"""Seconds that the end of a conversation is waited for."""
HURRIED_S = 0.1
"""Seconds for the same, on a target that has not ended a connection before."""
INTERRUPTED = "interrupted"
"""What is said of a run that Ctrl-C or SIGTERM has ended."""
TRIES = 3
"""How often a check is held that meets with what may befall any observation."""
DISCOVERY = "discovery"
"""The name under which the first conversation is recorded."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for."""

    key: str | None = None
    open_members: dict[str, Any] = field(default_factory=dict[str, Any])
    observation_members: dict[str, Any] = field(default_factory=dict[str, Any])
    selection: Selection = field(default_factory=Selection)
    seed: int = 0
    budget_s: float = 300.0
    jobs: int = 1
    """How many checks to hold at a time."""


class Run:
    """One run against one URL."""

    def __init__(self, url: str, options: Options, reporters: Sequence[Reporter]) -> None:
        try:
            self._address = Address.parse(url)
        except ValueError as error:
            raise Diagnosis(Exit.USAGE, str(error)) from None
        self._options = options
        self._reporters = reporters
        self._started = time.monotonic()
        self._shown = redact_url(self._address.url)
        self._patience = SETTLE_S
        self._bench = Bench(options.selection)

    def _tell(self, event: RunEvent) -> None:
        for reporter in self._reporters:
            reporter(event)

    def _left(self) -> float:
        return self._started + self._options.budget_s - time.monotonic()

    def execute(self) -> RunFinished:
        """Hold the run; returns its end, which every reporter has been told too."""
        options = self._options
        chosen = options.selection
        is_partial = bool(chosen.only or chosen.skip)
        self._tell(RunStarted(self._shown, options.seed, chosen.slow, is_partial))
        bench = self._bench
        diagnosis: Diagnosis | None = None
        try:
            self._hold_all(bench)
        except Diagnosis as error:
            diagnosis = error
        except KeyboardInterrupt:
            diagnosis = Diagnosis(Exit.INCOMPLETE, INTERRUPTED)
        finished = self._finish(bench, diagnosis)
        self._tell(finished)
        return finished

    def _hold_all(self, bench: Bench) -> None:
        subject = self._discover(bench)
        checks = self._options.selection.checks(subject.declares)
        self._tell(TargetFound(subject, len(checks)))
        order = InOrder(checks, partial(self._enter, bench))
        try:
            beside = self._hold_together(checks, subject, order)
            for check in checks:
                if not order.has(check):
                    order.put(check, self._hold_alone(check, subject, beside.get(check.name)))
        except KeyboardInterrupt:
            order.end()
            raise

    def _enter(self, bench: Bench, check: Check, finished: CheckFinished | None) -> None:
        if finished is not None:
            bench.take(finished)
            self._tell(finished)
        elif self._left() <= 0:
            bench.skip(check, f"the budget of {self._options.budget_s:g} s was spent")
        else:
            bench.skip(check, "the run was interrupted")

    def _hold_together(
        self, checks: Sequence[Check], subject: Subject, order: InOrder
    ) -> dict[str, CheckFinished]:
        """Hold what may be held beside others; returns what has to be held again, alone."""
        jobs = self._options.jobs
        again: dict[str, CheckFinished] = {}
        for group in together(checks, jobs):
            for check, outcome, is_over in side_by_side(group, jobs, partial(self._go, subject)):
                if not is_over:
                    self._tell(CheckStarted(check.name, check.title))
                elif outcome is not None and is_clean(outcome):
                    order.put(check, outcome)
                elif outcome is not None:
                    again[check.name] = outcome
        return again

    def _go(self, subject: Subject, check: Check) -> CheckFinished | None:
        return self._hold_once(check, subject) if self._left() > 0 else None

    def _hold_alone(
        self, check: Check, subject: Subject, beside: CheckFinished | None
    ) -> CheckFinished | None:
        if self._left() <= 0:
            return None
        if beside is None:
            self._tell(CheckStarted(check.name, check.title))
        return self._hold(check, subject, beside)

    def _discover(self, bench: Bench) -> Subject:
        options = self._options
        transcript = Transcript(DISCOVERY, options.seed, self._shown)
        subject = Subject(
            self._address,
            options.key,
            open_members=options.open_members,
            observation_members=options.observation_members,
        )
        try:
            subject = discover(subject, lambda s: self._case(s, transcript, CHECK_S * 3))
        finally:
            self._tell(DiscoveryFinished(transcript))
        bench.found(subject, transcript)
        return subject

    def _case(self, subject: Subject, transcript: Transcript, seconds: float) -> Case:
        epoch = time.monotonic()
        deadline = min(seconds, max(self._left(), 1.0))
        transcript.facts |= {"subject": subject.to_json(), "deadline_s": deadline}
        return Case(
            subject,
            Random(f"{self._options.seed}:{transcript.check}"),
            transcript,
            lambda record, number: LiveLink(self._address, record, number, epoch),
            lambda: time.monotonic() - epoch,
            deadline,
            connections=len(transcript.channels),
            broken=self._bench.broken,
        )

    def _hold(
        self, check: Check, subject: Subject, beside: CheckFinished | None = None
    ) -> CheckFinished:
        first = self._hold_until_inferred(check, subject)
        if not first.findings or (check.explores and first.verdict is not Verdict.PASS):
            return first  # An exploration holds what it found again, and says what came of it.
        # Once is not enough to accuse: hold the same conversation again.
        if beside is not None and {f.key for f in first.findings} <= {
            f.key for f in beside.findings
        }:
            return Judgement(check, beside, first).settle()
        second = self._hold_until_inferred(check, subject)
        return Judgement(check, first, second).settle()

    def _hold_until_inferred(self, check: Check, subject: Subject) -> CheckFinished:
        """Hold a check, and again where a sound observation met with what may befall any."""
        finished = self._hold_once(check, subject)
        for _ in range(TRIES - 1):
            if not finished.did_not_infer or finished.findings or self._left() <= 0:
                break
            finished = self._hold_once(check, subject)
        return finished

    def _hold_once(self, check: Check, subject: Subject) -> CheckFinished:
        transcript = Transcript(check.name, self._options.seed, self._shown)
        case = self._case(subject, transcript, CHECK_S + check.waits_s)
        started = time.monotonic()
        verdict, reason, findings = play(check, case, self._patience)
        if case.had_to_leave:
            # It does not end its sessions: that is told once, and is no reason to wait every time.
            self._patience = HURRIED_S
        watched = Watched([], {})
        try:
            watched = Bench.watch(transcript)
        except KitError as error:
            verdict, reason = Verdict.KIT_ERROR, str(error)
        return CheckFinished(
            check.name,
            check.title,
            check.requirements,
            verdict,
            reason,
            (*findings, *watched.findings),
            transcript,
            time.monotonic() - started,
            seen=watched.seen,
            did_not_infer=case.did_not_infer,
        )

    def _finish(self, bench: Bench, diagnosis: Diagnosis | None) -> RunFinished:
        return bench.finish(diagnosis, time.monotonic() - self._started)


def play(
    check: Check, case: Case, patience: float = SETTLE_S
) -> tuple[Verdict, str, list[Finding]]:
    """Hold one script's conversation; returns its verdict, the reason, and what it found."""
    try:
        try:
            check.script(case)
        finally:
            settle(case, patience)
    except Violation as violation:
        requirement = violation.requirement or check.requirements[0]
        finding = Finding.of(violation, requirement, check.name)
        verdict = Verdict.FLAKY if isinstance(violation, Wavering) else broken(requirement)
        return verdict, "", [finding]
    except (NotSeen, LinkError, Diverged) as cause:
        case.did_not_infer = isinstance(cause, DidNotInfer)
        return Verdict.NOT_TESTED, str(cause), []
    except OutOfTime:
        return Verdict.NOT_TESTED, "the time for it was used up", []
    except Inconclusive as cause:
        return Verdict.INCONCLUSIVE, str(cause), []
    except Exception as error:  # noqa: BLE001  # law 9: whatever else goes wrong is the kit's own
        where = traceback.extract_tb(error.__traceback__)[-1]
        return Verdict.KIT_ERROR, f"{type(error).__name__}: {error} ({where.name})", []
    finally:
        case.release()
    return Verdict.PASS, "", []


def settle(case: Case, patience: float) -> None:
    """End what the script left open, and read on to the end: what comes late is seen too."""
    for peer in case.peers:
        try:
            if peer.ending and not peer.is_gone:
                peer.send_observation()  # A-CLOSE-9: what is new is refused until the end
            elif not peer.over:
                if peer.ready:
                    peer.close_session(peer.ready.get("session_id", ""))
                else:
                    peer.send_close()
            until = peer.now() + patience
            while (event := peer.event(max(until - peer.now(), 0.0))) is not None:
                if event.kind in (Kind.CLOSE, Kind.END) and event.way is Way.IN:
                    break
            else:
                case.had_to_leave |= not peer.is_gone
                patience = HURRIED_S
        except (OutOfTime, OSError, Diverged):
            continue
