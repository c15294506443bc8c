"""Look for a conversation that shows a fault: cover the table, walk at random, shorten, confirm."""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random
from typing import Any

from risp.protocol.action.requirements import closing

from ..check import Case
from ..conversation import Conversation
from ..transcript import Event, Transcript
from ..verdict import Inconclusive, NotSeen, Violation, Wavering
from .cover import pairs
from .oracle import judge, told
from .plan import Observe, Open, Plan, Step, joined
from .player import Player
from .shrink import shrink

WALKS = 80
"""Random conversations of a default run."""
ATTEMPTS = 300
"""Conversations that are held to shorten one, at most."""
SHORTENING_S = 90.0
"""Seconds for the same, at most."""
BEFORE = 5
"""Conversations before a failing one that may have led to it."""
CONFIRMED = 2
"""How often the shortest has to fail again."""
LAST_TRIED = 4
"""So many of the shortest are held again until one fails each time."""
SHARES = ((0.01, 1), (0.03, 3), (0.1, 10), (0.3, 30), (1.0, 100))
"""Up to so many seconds that a target's fastest answer takes, one conversation in so many is held.

So it takes half a minute at most. The steps are coarse, and the fastest of six answers decides: a
busy machine does not change what is held."""
LEAST_SHARE = 200
"""For the slowest targets."""
CALIBRATION = (Step(1, Open()), Step(1, Observe()), Step(1, Observe(1)))


@dataclass(frozen=True, slots=True)
class Failure:
    """A conversation that shows a fault."""

    plan: Plan
    violation: Violation
    transcript: Transcript


@dataclass
class Search:
    """One search on one target."""

    case: Case
    walks: int = WALKS
    cover: bool = True
    """Whether to cover the table before walking at random."""
    repeats: bool = False
    """Whether equal sessions are answered with equal actions: found out at the beginning."""

    def __post_init__(self) -> None:
        self.player = Player(self.case)
        self.before: deque[Plan] = deque(maxlen=BEFORE)
        self.failure: Failure | None = None
        self.wavering: Wavering | None = None
        """What failed once and could not be shown again."""
        self.wavered: Transcript | None = None
        self.known: dict[str, tuple[Any, Plan]] = {}
        """What sessions were told, with the actions that answered it first, and where."""
        self.tried = 0
        """Conversations until the failure."""
        self.share = 1
        """One in so many conversations is held: fewer on a target that takes its time."""

    def run(self) -> Failure | None:
        """Search, shorten, confirm; None if nothing was found. Raises Wavering, NotSeen."""
        self._calibrate()
        if not (self.cover and self._cover()):
            self._walk()
        if self.failure is None:
            if self.wavering is not None:
                raise self.wavering
            return None
        return self._confirmed(self._shorten(self.failure))

    def hold(self, plan: Plan) -> Failure | None:
        """Hold one conversation and judge it."""
        transcript = self.player.hold(plan)
        transcript.begin(self.repeats)
        try:
            judge(transcript, self.repeats)
        except Violation as violation:
            return Failure(plan, violation, transcript)
        self.case.enter(transcript)
        return None

    def _calibrate(self) -> None:
        """Find out whether equal sessions are answered with equal actions, and how fast."""
        transcript = self.player.hold(joined([CALIBRATION] * 3))
        self.share = next((s for bound, s in SHARES if self.player.fastest_s < bound), LEAST_SHARE)
        try:
            judge(transcript, repeats=True)
        except Violation as violation:
            self._leave_what_is_known(violation)
            return
        self.repeats = True
        transcript.begin(repeats=True)
        self.case.enter(transcript)

    def _try(self, plan: Plan) -> bool:
        """Whether a plan fails, and again when it is held again; the first to do so is kept."""
        start = len(self.case.transcript.events)
        failure = self.hold(plan)
        if failure is not None:
            self._leave_what_is_known(failure.violation)
            self.tried = self.player.held
            self.failure = self._alone(failure)
        elif self.repeats:
            self.tried = self.player.held
            self.failure = self._compare(plan, self.case.transcript.events[start:])
        if self.failure is None:
            self.before.append(plan)
        return self.failure is not None

    def _leave_what_is_known(self, violation: Violation) -> None:
        rule = violation.requirement
        if rule is not None and rule.id in self.case.broken:
            raise NotSeen(f"{rule.id} is broken, and sessions cannot be judged until it is not")

    def _compare(self, plan: Plan, events: list[Event]) -> Failure | None:
        """Look for a session that an equal one, in an earlier conversation, was answered unlike."""
        for talk in Conversation.all(Transcript("", events=events)):
            for history, actions, _ in told(talk):
                first, earlier = self.known.setdefault(history, (actions, plan))
                if first != actions:
                    self.known[history] = (actions, plan)  # what is not shown now is past
                    failure = self._together(earlier, plan)
                    if failure is not None:
                        return failure
        return None

    def _together(self, earlier: Plan, plan: Plan) -> Failure | None:
        """One conversation that shows both sessions, and with what went before if it takes that."""
        for count in range(len(self.before) + 1):
            between = list(self.before)[len(self.before) - count :]
            failure = self.hold(joined([earlier, *between, plan]))
            if failure is not None:
                return failure
        return None

    def _cover(self) -> bool:
        plans = list(pairs())
        if self.share > 1:
            # Some of everything, rather than the first acts with each other.
            plans = Random("cover").sample(plans, len(plans) // self.share)
        return any(self._try(plan) for plan in plans)

    def _walk(self) -> None:
        from .drawing import Found, hold_each
        from .walk import walk

        def hold(plan: Plan) -> None:
            # Hypothesis runs its example once more: that is no second opinion, ours comes later.
            if self.failure is not None or self._try(plan):
                raise Found

        count, number = -(-self.walks // self.share), self.case.rng.getrandbits(64)
        hold_each(lambda take: walk(take, count, number), hold)

    def _alone(self, failure: Failure) -> Failure | None:
        """The failing plan, with those before it that it takes to fail again; None if none do."""
        for count in range(len(self.before) + 1):
            earlier = list(self.before)[len(self.before) - count :]
            again = self.hold(joined([*earlier, failure.plan]))
            if again is not None:
                return again
        # What only a clock decided, and not again, was the machine's doing.
        if self.wavering is None and not failure.violation.timed:
            self.wavering = _wavering(failure, "none of it when the conversation was held again")
            self.wavered = failure.transcript
        return None

    def _shorten(self, failure: Failure) -> list[Failure]:
        """Shorter and shorter conversations that fail in the same way, the first one among them."""
        found, until = [failure], time.monotonic() + SHORTENING_S
        rule = failure.violation.requirement

        def fails(plan: Plan) -> bool:
            if time.monotonic() > until or self.case.clock() > self.case.deadline:
                return False
            # Twice: the first may owe its failure to what the conversation before it left behind.
            shorter: list[Failure] = []
            for _ in range(2):
                try:
                    again = self.hold(plan)
                except (NotSeen, Inconclusive):
                    return False
                if again is None or again.violation.requirement is not rule:
                    return False
                shorter.append(again)
            found.append(shorter[-1])
            return True

        shrink(failure.plan, fails, ATTEMPTS)
        return found + self._steadied(found[-1].plan)

    def _steadied(self, plan: Plan) -> list[Failure]:
        """The same without a race between connections, if that breaks any rule, three times.

        Which of two sockets is read first is nobody's to say, least of all of whoever replays it.
        """
        races = any(
            not step.waits and following.channel != step.channel
            for step, following in pairwise(plan)
        )
        if not races:
            return []
        steady = tuple(replace(step, waits=True) for step in plan)
        with suppress(NotSeen, Inconclusive):
            again = [failure for _ in range(3) if (failure := self.hold(steady)) is not None]
            return again[-1:] if len(again) == 3 else []
        return []

    def _confirmed(self, found: list[Failure]) -> Failure:
        """The shortest that fails each time; raises Wavering, Inconclusive if a policy samples."""
        shortest = found[-1]
        if shortest.violation.requirement is closing.ISOLATED:
            self.player.hold(CALIBRATION)  # takes up what the failing one has left behind
            try:
                judge(self.player.hold(joined([CALIBRATION] * 6)), repeats=True)
            except Violation:
                raise Inconclusive("the policy answers equal sessions with other actions") from None
        # Where a race decides, a cut may have made it closer than the one before did.
        for failure in found[-LAST_TRIED:][::-1]:
            if all(self.hold(failure.plan) is not None for _ in range(CONFIRMED)):
                return failure
        self.wavered = shortest.transcript
        raise _wavering(shortest, "none of it when it was held once more")


def _wavering(failure: Failure, seen: str) -> Wavering:
    violation = failure.violation
    return Wavering(
        violation.expected,
        f"{violation.seen}, and {seen}",
        at=violation.at,
        pointer=violation.pointer,
        requirement=violation.requirement,
    )


def explore(case: Case) -> None:
    """Raise Violation with the shortest conversation that shows a fault, if one is found."""
    search = Search(case)
    try:
        failure = search.run()
    except Wavering:
        if search.wavered is not None:
            case.leave(search.wavered)
        raise
    if failure is not None:
        case.leave(failure.transcript)
        raise failure.violation
