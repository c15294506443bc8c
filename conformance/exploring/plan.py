"""A plan: what the kit will say, on which connections, and when it waits for an answer.

A plan is data. It depends on the state table and on what was drawn, never on what a target answers,
so that it can be held again, shortened and written down.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import Observation, SessionClose, SessionOpen
from risp.protocol.action.requirements import error, observation
from risp.protocol.action.session import TABLE, State
from risp.protocol.machine import Move
from risp.protocol.requirement import Requirement

from ..subject import Subject

SeqChoice = Literal["next", "same", "lower"]


@dataclass(frozen=True, slots=True)
class Open:
    """Send `session.open`."""

    prompt: str = ""
    tensors: bool = False
    """Whether it lists the capability `tensor_b64`."""
    latest: bool = False
    """Whether it asks for `queue: latest`, where that is declared."""
    short: bool = False
    """Whether it asks for chunks of one row."""


@dataclass(frozen=True, slots=True)
class Observe:
    """Send a sound observation, but for its `seq` perhaps."""

    state: int = 0
    """Which of a few states; equal numbers are equal states."""
    request: str | None = None
    """Its `request_id`."""
    prompt: str | None = None
    seq: SeqChoice = "next"


@dataclass(frozen=True, slots=True)
class Spoilt:
    """Send a frame that earns an error, one of a few: see `SPOILT`."""

    earns: str = "bad_frame"


@dataclass(frozen=True, slots=True)
class End:
    """End the connection: by `session.close`, by a Close frame, or by a reset."""

    how: Literal["session.close", "close", "reset"] = "session.close"


Act = Open | Observe | Spoilt | End


@dataclass(frozen=True, slots=True)
class Step:
    """One message on one connection. The first one on a connection connects it."""

    channel: int
    act: Act
    waits: bool = True
    """Whether the answer is waited for before the next step."""


Plan = tuple[Step, ...]

# A frame that earns an error, of each kind that a session may go on after.
SPOILT: dict[str, tuple[Requirement, Callable[[dict[str, Any]], str]]] = {
    "bad_frame": (error.NOT_JSON, lambda sound: "{"),
    "unknown_type": (error.UNKNOWN_TYPE, lambda sound: '{"type":"risp-no-such-type"}'),
    "invalid_observation": (
        observation.STATE_TYPE,
        lambda sound: json.dumps(sound | {"state": "x"}, separators=(",", ":")),
    ),
    "invalid_image": (
        observation.IMAGE_TYPE,
        lambda sound: json.dumps(sound | {"images": {"x": 7}}, separators=(",", ":")),
    ),
}
"""By the code that it earns: the sentence that says so, and how to spoil a sound observation."""

_MOVES: dict[type[Any], Move] = {
    Open: SessionOpen.as_move(),
    Observe: Observation.as_move(),
    End: SessionClose.as_move(),
}


def move_of(act: Act) -> Move | None:
    """The move of the table that an act makes; None for what is no frame of the table."""
    if isinstance(act, End) and act.how != "session.close":
        return None
    return _MOVES.get(type(act))


def after(state: State, act: Act) -> State:
    """The state of a connection once an act is answered as it has to be."""
    if isinstance(act, Spoilt):
        # A-OPEN-5, A-OPEN-6: only what cannot be decoded leaves a connection to be opened.
        fatal = state is State.NEW and act.earns != "bad_frame"
        return State.CLOSED if fatal else state
    move = move_of(act)
    if move is None:
        return State.CLOSED
    row = TABLE.find(state, move)
    if row is None:
        return State.CLOSED if state is State.NEW else state
    return State.OPEN if row.target is State.OPENING else row.target


def states(plan: Iterable[Step]) -> Iterator[tuple[Step, State]]:
    """Each step with the state in which it finds its connection."""
    known: dict[int, State] = {}
    for step in plan:
        state = known.get(step.channel, TABLE.initial)
        yield step, state
        known[step.channel] = after(state, step.act)


def is_sound(plan: Plan) -> bool:
    """Whether it says nothing on a connection that is over."""
    return all(state is not State.CLOSED for _, state in states(plan))


def open_frame(act: Open, subject: Subject) -> dict[str, Any]:
    """The `session.open` of an act, on this target."""
    members: dict[str, Any] = {"prompt": act.prompt}
    if act.tensors and Capability.TENSOR_B64 in subject.capabilities:
        members["capabilities"] = [Capability.TENSOR_B64]
    if act.latest and Capability.QUEUE_LATEST in subject.capabilities:
        members["queue"] = "latest"
    if act.short:
        members["chunk_size"] = 1
    return subject.open_frame(**members)


def joined(plans: Sequence[Plan]) -> Plan:
    """Several plans one after another, as one with connections of their own."""
    whole: list[Step] = []
    for number, plan in enumerate(plans, 1):
        offset = max((step.channel for step in whole), default=0)
        steps = plan if number == len(plans) else (*plan, *_ends(plan))
        whole += [replace(step, channel=step.channel + offset) for step in steps]
    return tuple(whole)


def _ends(plan: Plan) -> Iterator[Step]:
    """What the player does at the end of a plan, as steps: a fence, and the end of the session."""
    known = {step.channel: after(state, step.act) for step, state in states(plan)}
    for channel, state in known.items():
        if state is State.OPEN:
            yield from (Step(channel, Observe()), Step(channel, End()))
        elif state is State.NEW:
            yield Step(channel, End("close"))


def renumbered(plan: Plan) -> Plan:
    """The same plan with its connections counted from 1."""
    order = {number: i for i, number in enumerate(dict.fromkeys(s.channel for s in plan), 1)}
    return tuple(replace(step, channel=order[step.channel]) for step in plan)
