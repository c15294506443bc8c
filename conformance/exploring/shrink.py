"""Make a failing plan shorter: whole connections, single steps and pairs of them, simpler acts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations

from .plan import Act, End, Observe, Open, Plan, Spoilt, Step, is_sound, renumbered

Fails = Callable[[Plan], bool]
Cuts = Callable[[Plan], Iterator[Plan]]


class _Spent(Exception):
    """No attempts are left."""


class Shrinker:
    """Looks for a shorter plan that still fails, within so many attempts."""

    def __init__(self, plan: Plan, fails: Fails, attempts: int) -> None:
        self.best = plan
        self._fails = fails
        self._left = attempts
        self._tried: set[Plan] = {plan}

    def run(self) -> Plan:
        """The shortest plan found."""
        with contextlib.suppress(_Spent):
            while True:
                before = self.best
                # The bold cuts first; the many pairs only where nothing else helps.
                for cuts in (_without_a_connection, _halved, _without_a_step, _simplified):
                    self._go_on(cuts)
                if self.best == before and not self._go_on(_without_two):
                    break
        return self.best

    def _go_on(self, cuts: Cuts) -> bool:
        """Try cuts as long as one helps; after one that does, go on behind it."""
        improved, skip, again = False, 0, True
        while again:
            again = False
            for number, smaller in enumerate(cuts(self.best)):
                if number >= skip and self._try(renumbered(smaller)):
                    improved = again = True
                    skip = number
                    break
            else:
                if skip:
                    # To the end: what was kept before may go now.
                    skip, again = 0, True
        return improved

    def _try(self, plan: Plan) -> bool:
        if plan in self._tried or not plan or not is_sound(plan):
            return False
        if self._left <= 0:
            raise _Spent
        self._tried.add(plan)
        self._left -= 1
        if self._fails(plan):
            self.best = plan
            return True
        return False


def shrink(plan: Plan, fails: Fails, attempts: int) -> Plan:
    """The shortest plan found that still fails, within so many attempts."""
    return Shrinker(plan, fails, attempts).run()


def _without_a_connection(plan: Plan) -> Iterator[Plan]:
    for channel in dict.fromkeys(step.channel for step in plan):
        yield tuple(step for step in plan if step.channel != channel)


def _halved(plan: Plan) -> Iterator[Plan]:
    size = len(plan) // 2
    while size > 1:
        for start in range(0, len(plan), size):
            yield plan[:start] + plan[start + size :]
        size //= 2


def _without_a_step(plan: Plan) -> Iterator[Plan]:
    for place in range(len(plan)):
        yield plan[:place] + plan[place + 1 :]


def _without_two(plan: Plan) -> Iterator[Plan]:
    for one, two in combinations(range(len(plan)), 2):
        yield tuple(step for place, step in enumerate(plan) if place not in (one, two))


def _simplified(plan: Plan) -> Iterator[Plan]:
    channels = list(dict.fromkeys(step.channel for step in plan))
    for one, two in combinations(channels, 2):
        # What two sessions show, one may show as well.
        yield tuple(replace(s, channel=one) if s.channel == two else s for s in plan)
    for place, step in enumerate(plan):
        for simpler in _simpler(step):
            yield (*plan[:place], simpler, *plan[place + 1 :])


def _simpler(step: Step) -> Iterator[Step]:
    if not step.waits:
        yield replace(step, waits=True)
    for act in _simpler_acts(step.act):
        yield replace(step, act=act)


def _simpler_acts(act: Act) -> Iterator[Act]:
    match act:
        case Open():
            if act.prompt:
                yield replace(act, prompt="")
            if act.prompt > "a":
                yield replace(act, prompt="a")
            if act.tensors:
                yield replace(act, tensors=False)
            if act.latest:
                yield replace(act, latest=False)
            if act.short:
                yield replace(act, short=False)
        case Observe():
            if act.seq != "next":
                yield replace(act, seq="next")
            if act.request is not None:
                yield replace(act, request=None)
            if act.request == "s":
                yield replace(act, request="r")
            if act.prompt is not None:
                yield replace(act, prompt=None)
            if act.state:
                yield replace(act, state=0)
        case Spoilt():
            if act.earns != "bad_frame":
                yield Spoilt("bad_frame")
        case End():
            if act.how != "session.close":
                yield End("session.close")
