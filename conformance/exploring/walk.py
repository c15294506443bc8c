"""Plans drawn at random: a Hypothesis state machine whose rules are the moves of the state table.

The machine only draws; the plan is held when the walk is over. So what is drawn depends on the
table and on earlier draws, and a target that wavers cannot lead the search astray.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from risp.protocol.action.session import TABLE, State

from .cover import ENDS
from .drawing import bounded
from .plan import SPOILT, Act, End, Observe, Open, Plan, Spoilt, Step, after

AT_ONCE = 3
"""Connections that a plan holds at a time, at most."""
STEPS = 14
"""Draws of one plan, at most."""

# Few values, so that they meet: equal requests, equal states and equal prompts are what counts.
opens = st.builds(
    Open,
    st.sampled_from(["", "", "a", "bb"]),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
    st.sampled_from([False, False, True]),
)
observations = st.builds(
    Observe,
    st.integers(0, 1),
    st.sampled_from([None, None, "r", "s"]),
    st.sampled_from([None, None, "p"]),
    st.sampled_from(["next", "next", "next", "next", "same", "lower"]),
)
spoilt = st.sampled_from(sorted(SPOILT)).map(Spoilt)
ends = st.sampled_from(ENDS)


class Walk(RuleBasedStateMachine):
    """Draws one plan and hands it to `hold` at its end."""

    hold: Callable[[Plan], None]

    def __init__(self) -> None:
        super().__init__()
        self.plan: list[Step] = []
        self.lines: dict[int, State] = {}

    def _alive(self, *where: State) -> list[int]:
        return [number for number, state in self.lines.items() if state in where]

    def _add(self, data: st.DataObject, act: Act, *where: State) -> None:
        number = data.draw(st.sampled_from(self._alive(*where)), label="connection")
        waits = data.draw(st.sampled_from([True, True, False]), label="waits")
        self._append(Step(number, act, waits))

    def _append(self, step: Step) -> None:
        before = self.lines.get(step.channel, TABLE.initial)
        self.plan.append(step)
        self.lines[step.channel] = after(before, step.act)

    @precondition(lambda self: len(self._alive(State.NEW, State.OPEN)) < AT_ONCE)
    @rule(act=opens)
    def begin(self, act: Open) -> None:
        """Connect, and open a session."""
        self._append(Step(len(self.lines) + 1, act))

    @precondition(lambda self: len(self._alive(State.NEW, State.OPEN)) < AT_ONCE)
    @rule(act=st.one_of(observations, spoilt, ends))
    def begin_otherwise(self, act: Act) -> None:
        """Connect, and say something else than `session.open` first."""
        if isinstance(act, End) and act.how == "reset":
            act = End("close")
        self._append(Step(len(self.lines) + 1, act))

    @precondition(lambda self: self._alive(State.NEW))
    @rule(data=st.data(), act=st.one_of(opens, spoilt))
    def go_on(self, data: st.DataObject, act: Act) -> None:
        """Open a session, or err again, on a connection that was not opened yet."""
        self._add(data, act, State.NEW)

    @precondition(lambda self: self._alive(State.OPEN))
    @rule(data=st.data(), act=observations)
    def observe(self, data: st.DataObject, act: Observe) -> None:
        """Send an observation."""
        self._add(data, act, State.OPEN)

    @precondition(lambda self: self._alive(State.OPEN))
    @rule(data=st.data(), act=observations)
    def observe_again(self, data: st.DataObject, act: Observe) -> None:
        """Send an observation: it is what sessions are made of."""
        self._add(data, act, State.OPEN)

    @precondition(lambda self: self._alive(State.OPEN))
    @rule(data=st.data(), act=st.one_of(spoilt, opens))
    def err(self, data: st.DataObject, act: Act) -> None:
        """Send what is refused: a frame with a fault, or a second `session.open`."""
        self._add(data, act, State.OPEN)

    @precondition(lambda self: self._alive(State.OPEN))
    @rule(data=st.data(), act=ends, owed=st.none() | observations)
    def end(self, data: st.DataObject, act: End, owed: Observe | None) -> None:
        """End a session in one of the ways there are, at times with an answer owed."""
        number = data.draw(st.sampled_from(self._alive(State.OPEN)), label="connection")
        if owed is not None:
            self._append(Step(number, owed, waits=False))
        self._append(Step(number, act))

    def teardown(self) -> None:
        """Hold what was drawn."""
        if self.plan:
            self.hold(tuple(self.plan))


def walk(hold: Callable[[Plan], None], count: int, number: int) -> None:
    """Draw so many plans and hand each over; what `hold` raises ends the search at once.

    The plans are the same for the same number.
    """
    machine: Any = type("Walk", (Walk,), {"hold": staticmethod(hold)})
    run_state_machine_as_test(
        seed(number)(machine),
        # Shortening is done on plans, by `shrink`: it knows connections, and a target that
        # remembers other conversations cannot mislead it.
        settings=settings(bounded(count), stateful_step_count=STEPS),
    )
