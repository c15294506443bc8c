"""Make a failing plan shorter: whole connections, single steps and pairs of them, simpler acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations

from .plan import Act, End, Observe, Open, Plan, Spoilt, Step, is_sound, renumbered

Fails = Callable[[Plan], bool]


def shrink(plan: Plan, fails: Fails, attempts: int) -> Plan:
    """The shortest plan found that still fails, within so many attempts."""
    left = attempts
    tried: set[Plan] = {plan}
    best = plan
    while True:
        for smaller in _smaller(best):
            smaller = renumbered(smaller)
            if smaller in tried or not smaller or not is_sound(smaller):
                continue
            if left <= 0:
                return best
            tried.add(smaller)
            left -= 1
            if fails(smaller):
                best = smaller
                break
        else:
            return best


def _smaller(plan: Plan) -> Iterator[Plan]:
    """Plans that are simpler, the boldest cuts first."""
    channels = list(dict.fromkeys(step.channel for step in plan))
    for channel in channels:
        yield tuple(step for step in plan if step.channel != channel)
    size = len(plan) // 2
    while size > 1:
        for start in range(0, len(plan), size):
            yield plan[:start] + plan[start + size :]
        size //= 2
    for place in range(len(plan)):
        yield plan[:place] + plan[place + 1 :]
    for one, two in combinations(range(len(plan)), 2):
        yield tuple(step for place, step in enumerate(plan) if place not in (one, two))
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
