"""Plans that cover the state table: every pair of acts on one session, and across two."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from risp.protocol.action.session import TABLE, State
from risp.protocol.machine import Sender

from .plan import SPOILT, Act, End, Observe, Open, Plan, Spoilt, Step, is_sound, move_of

ENDS = (End("session.close"), End("close"), End("reset"))


def acts(state: State, seen: int = 0) -> list[Act]:
    """What a client can do in a state: each legal move of the table, each illegal, each fault.

    `seen` is the state of the robot in its observations.
    """
    moves = {*TABLE.legal(state, Sender.CLIENT), *TABLE.illegal(state, Sender.CLIENT)}
    plain: list[Act] = [Open(), Observe(seen), *ENDS]
    found = [act for act in plain if (move := move_of(act)) is None or move in moves]
    if state is State.OPEN:
        found += [Observe(seen, "r"), Observe(seen, prompt="p"), Observe(seen, seq="same")]
    # After a frame that is no `session.open`, an unopened connection is over: one kind will do.
    kinds = SPOILT if state is State.OPEN else ("bad_frame", "unknown_type")
    return [*found, *(Spoilt(code) for code in kinds)]


def pairs() -> Iterator[Plan]:
    """Every pair of acts: in a row, at once, before an opening, and on two sessions."""
    yield from repeats()
    # What comes first is about another state, so that a result of it is known by its actions.
    both = list(product(acts(State.OPEN, 1), acts(State.OPEN)))
    for first, second in both:
        at_once = (Step(1, first, waits=False), Step(1, second))
        in_a_row = (Step(1, first), Step(1, second))
        if is_sound((Step(1, Open()), *at_once, *in_a_row)):
            yield (Step(1, Open()), *at_once, *in_a_row)
        else:
            yield from _sound((Step(1, Open()), *at_once))
            yield from _sound((Step(1, Open()), *in_a_row))
    for first, second in product(acts(State.NEW), acts(State.NEW)):
        yield from _sound((Step(1, first), Step(1, second)))
    for number, (first, second) in enumerate(both):
        # One after another, and one beside another, with openings that differ.
        end = ENDS[number % len(ENDS)]
        tensors, short = bool(number % 3), bool(number % 5)
        one = (Step(1, Open(("a", "bb")[number % 2], tensors, short=short)), Step(1, first))
        two = (Step(2, Open()), Step(2, second), Step(2, Observe()))
        yield from _sound((*one, *(() if isinstance(first, End) else (Step(1, end),)), *two))
        if not isinstance(first, End):
            yield from _sound((one[0], two[0], Step(1, first, waits=False), two[1], one[1]))


def repeats() -> Iterator[Plan]:
    """A request that was answered comes again, in each place among others that wait."""
    asked = Step(1, Observe(1, "r"))
    for place in range(4):
        burst = [Observe(), Observe(1), Observe(), Observe(1)]
        burst[place:place] = [Observe(1, "r")]
        steps = [Step(1, act, waits=act is burst[-1]) for act in burst]
        yield (Step(1, Open()), asked, *steps)


def _sound(plan: Plan) -> Iterator[Plan]:
    # Who says something after a connection has ended says nothing.
    if is_sound(plan):
        yield plan
