"""Odd but legal servers: nothing about them may be held against them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import Error, Observation, ServerFrame, SessionOpen, Tensor
from risp.protocol.action.session import State
from risp.protocol.errors import DecodeError
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.actions import Actions, Rows
from risp.reference_impl.action.serving.gate import Gate, Refusal
from risp.reference_impl.action.serving.jobs import Slot
from risp.reference_impl.action.serving.queueing import Chunk
from risp.reference_impl.action.toy import ToyPolicy

from .catalogue import PLAIN, Class, Served, served
from .closing import Retires
from .opening import LoadsForEach
from .policies import Noisy, Seeing
from .ready import IgnoresNames

KEY = "the-key-of-the-odd"


@dataclass(frozen=True)
class Odd:
    """A server that is unusual in one point, and what a run may say of it."""

    name: str
    server: type
    served: Served = PLAIN
    exit_code: int = 0
    reason: str = ""
    """Why a run of everything ends with another exit code than 0."""
    warns: frozenset[str] = frozenset()
    """Recommendations that it does not follow, and may be told of."""
    slow: bool = False
    """Whether a run of everything takes more than five seconds."""


ODD: list[Odd] = []
"""Every odd server."""


def odd(how: Served = PLAIN, **rest: Any) -> Callable[[Class], Class]:
    """Enter a class into the list."""

    def enter(server: Class) -> Class:
        ODD.append(Odd(server.__name__, server, how, **rest))
        return server

    return enter


@odd()
class WritesBackwards(ServerSession):
    """Writes the members of a frame in another order."""

    def write(self, frame: ServerFrame) -> str | bytes:
        tree = orjson.loads(super().write(frame))
        return json.dumps(dict(reversed(tree.items())))


@odd()
class SaysMore(ServerSession):
    """Adds members that nobody knows to every frame, and within its objects."""

    def write(self, frame: ServerFrame) -> str | bytes:
        tree = orjson.loads(super().write(frame)) | {"x_more": {"a": [None, 1]}, "trace": "77"}
        for value in tree.values():
            if isinstance(value, dict):
                value["x_inner"] = True
        return json.dumps(tree)


@odd()
class TellsItsStatistics(ServerSession):
    """Sends a frame of a type of its own after each frame of an open session."""

    def put(self, message: str | bytes) -> None:
        super().put(message)
        if self.books.state in (State.OPEN, State.CLOSING):
            super().put('{"type":"x_vendor.stats","load":0.5,"seq":0}')


@odd()
class WritesForPeople(ServerSession):
    """Writes indented JSON, ASCII only."""

    def write(self, frame: ServerFrame) -> str | bytes:
        return json.dumps(orjson.loads(super().write(frame)), indent=2)


@odd()
class SpeaksAnotherLanguage(ServerSession):
    """Writes messages that are not ASCII."""

    def make_error(self, code: str, message: str, **members: Any) -> Error:
        return super().make_error(code, "エラー: etwas fehlt — ⚠️", **members)


@odd()
class WritesNulls(ServerSession):
    """Writes null for optional members that it has no value for."""

    def write(self, frame: ServerFrame) -> str | bytes:
        nulls = dict.fromkeys(type(frame).model_fields)
        return json.dumps(nulls | orjson.loads(super().write(frame)))


@odd()
class ClosesAsAProtocolError(ServerSession):
    """Closes with 1002 after `not_open`."""

    def close_after(self, error: Error) -> int | None:
        return 1002 if error.code == "not_open" else super().close_after(error)


@odd()
class HasLongNames(ServerSession):
    """Gives session ids of 200 characters."""

    def new_session_id(self) -> str:
        return secrets.token_hex(100)


@odd()
class DescribesItselfAtLength(ServerSession):
    """Declares a capability of its own and notes beside every member."""

    def describe(self, frame: SessionOpen, now: float) -> dict[str, Any]:
        described = super().describe(frame, now)
        names = [f"joint {number}" for number in range(self.about.action_dim or 0)]
        more = [*described["capabilities"], "x_vendor.magic"]
        return described | {"action_names": names, "capabilities": more}


@odd()
class ErrsAtLength(ServerSession):
    """Adds to every error what helps its vendor, and when to come again."""

    def write(self, frame: ServerFrame) -> str | bytes:
        tree = orjson.loads(super().write(frame))
        if isinstance(frame, Error):
            tree |= {"x_request": "r-1", "x_help": ["https://vendor.example/e/1"]}
            tree["retry_after_ms"] = 0.5
        return json.dumps(tree)


@odd()
class CountsRefusals(ServerSession):
    """Lets refused observations advance its counter, which is its own choice."""

    def on_bad_observation(self, error: DecodeError, now: float) -> None:
        super().on_bad_observation(error, now)
        self.books.last_seq = max(self.books.last_seq, error.seq or 0)


@odd()
class CountsOnlyWhatItTakes(ServerSession):
    """Lets an observation that it refuses for its state or cameras leave its counter alone."""

    def check_observation(self, frame: Observation) -> None:
        before = max((s.seq or 0 for s in self.slots if s.seq != frame.seq), default=-1)
        try:
            super().check_observation(frame)
        except Exception:
            self.books.last_seq = max(before, -1)
            raise


@odd()
class RemembersEverything(ServerSession):
    """Remembers all requests of a session."""

    def remember(self, slot: Slot, chunk: Chunk) -> None:
        if slot.request_id is not None:
            self.chunks[slot.request_id] = chunk


@odd()
class MovesInWholeSteps(ServerSession):
    """Sends actions as integers."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        found = super().encode_actions(actions)
        if isinstance(found, Tensor):
            return found
        return [[int(number * 100) for number in row] for row in found]


@odd(served(keys=(KEY,)))
class NamesItsRealm(Gate):
    """Adds a realm to its challenge."""

    def unauthorized(self, detail: str) -> Refusal:
        challenge = 'Bearer realm="robots", error="invalid_token"'
        return Refusal(401, "x_who_are_you", detail, {"WWW-Authenticate": challenge})


@odd()
class PingsOften(Gate):
    """Pings its clients twenty times a second."""

    pings_every_s = 0.05


odd()(IgnoresNames)
odd(exit_code=3, reason="its sessions end before all can be asked")(Retires)
odd(exit_code=3, reason="it loads anew for each session, and the kit does not wait")(LoadsForEach)


def without(*names: Capability) -> Served:
    """A server that leaves capabilities out."""
    return served(capabilities=frozenset(Capability) - set(names))


class TakesItsTime(ToyPolicy):
    """Takes 150 ms."""

    def __init__(self) -> None:
        super().__init__(0.15)


class OneRow(ToyPolicy):
    """Makes chunks of one row, and gives it without its brackets."""

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"chunk_size": 1}

    def infer(self, step: Any) -> Any:
        return list(step.state)


ODD += [
    Odd("terse", ServerSession, served(terse=True), warns=frozenset({"A-OPEN-21"})),
    Odd("in-no-hurry", ServerSession, served(TakesItsTime, max_in_flight=8), slow=True),
    Odd("two-at-a-time", ServerSession, served(max_sessions=2)),
    Odd("one-at-a-time", ServerSession, served(max_sessions=1), exit_code=3,
        reason="it has no room for the second session that A-OPEN-20 asks for"),
    Odd("noisy", ServerSession, served(Noisy)),
    Odd("three-cameras", ServerSession, served(Seeing)),
    Odd("one-row", ServerSession, served(OneRow)),
    Odd("all-left-out", ServerSession, without(*Capability)),
    Odd("narrow", ServerSession, served(max_frame_bytes=16_384, max_in_flight=8)),
    Odd("elsewhere", ServerSession, served(path="/robots/7/actions")),
    Odd("keyed-and-terse", ServerSession, served(terse=True, keys=(KEY,)),
        warns=frozenset({"A-OPEN-21"})),
    *(Odd(f"without-{one}", ServerSession, without(one)) for one in Capability),
]  # fmt: skip
