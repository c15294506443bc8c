"""Servers that are wrong only after something else: no single frame shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from risp.conformance.exploring.plan import End, Observe, Open, Plan, Spoilt, Step
from risp.protocol.action.frames import (
    ActionChunk,
    Error,
    Observation,
    ServerFrame,
    SessionOpen,
)
from risp.protocol.action.requirements import action, closing, error, observation
from risp.protocol.errors import LocalProtocolError, RemoteProtocolError
from risp.protocol.requirement import Requirement
from risp.reference_impl.action.policy import Step as Given
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.jobs import Job, Outcome, Slot
from risp.reference_impl.action.serving.queueing import Chunk
from risp.reference_impl.action.toy import ToyPolicy

from .catalogue import PLAIN, Class, Served, served
from .policies import Slow


class Told(ToyPolicy):
    """Moves according to its prompt too."""

    def infer(self, step: Given) -> list[list[float]]:
        return [[joint + len(step.prompt) for joint in row] for row in super().infer(step)]


@dataclass(frozen=True)
class Planted:
    """A server that is wrong in some order of events, and the shortest that shows it."""

    server: type
    breaks: tuple[Requirement, ...]
    """What it may be said to break."""
    shortest: Plan
    """Written down, not searched for. The player ends every session with a sound observation."""
    served: Served

    @property
    def name(self) -> str:
        return self.server.__name__


PLANTED: list[Planted] = []
"""Every such server."""


def planted(
    *breaks: Requirement, shortest: Plan, served: Served = PLAIN
) -> Callable[[Class], Class]:
    """Enter a class into the list."""

    def enter(server: Class) -> Class:
        PLANTED.append(Planted(server, breaks, shortest, served))
        return server

    return enter


@planted(
    observation.CARRY_SEQ,
    observation.ONE_ANSWER,
    shortest=(
        Step(1, Open()),
        Step(1, Observe(request="r")),
        Step(2, Open()),
        Step(2, Observe(request="r")),
    ),
)
class CrossesAnswers(ServerSession):
    """Answers a request as the one of that name which another session that lives has sent."""

    owners: ClassVar[dict[str, tuple[ServerSession, int | None]]] = {}

    def echo(self, slot: Slot) -> dict[str, Any]:
        seq = slot.seq
        if slot.request_id is not None:
            owner, first = self.owners.setdefault(slot.request_id, (self, seq))
            seq = seq if owner is self or owner.over else first
        return {"seq": seq, "request_id": slot.request_id}


@planted(
    error.LIVES_ON,
    shortest=(
        Step(1, Open()),
        Step(1, Observe()),
        Step(1, Observe(seq="same")),
    ),
)
class CountsTheRefused(ServerSession):
    """Counts its `seq` one further for each observation that came out of order."""

    def check_seq(self, frame: Observation) -> None:
        try:
            super().check_seq(frame)
        except (RemoteProtocolError, LocalProtocolError):
            self.books.last_seq += 1
            raise


@planted(
    observation.ONE_ANSWER,
    shortest=(
        Step(1, Open()),
        Step(1, Spoilt("bad_frame")),
        Step(1, Spoilt("bad_frame")),
    ),
)
class LosesTheReplyAfterTwoErrors(ServerSession):
    """Loses the chunk that follows two errors in a row."""

    def send(self, frame: ServerFrame) -> None:
        errors = getattr(self, "errors", 0)
        self.errors = errors + 1 if isinstance(frame, Error) and not frame.fatal else 0
        if errors < 2 or not isinstance(frame, ActionChunk):
            super().send(frame)


@planted(
    closing.ISOLATED,
    shortest=(
        Step(1, Open()),
        Step(2, Open(prompt="a")),
        Step(3, Open()),
    ),
    served=served(Told),
)
class KeepsThePrompt(ServerSession):
    """Opens a session without a prompt with that of the session before."""

    last: ClassVar[str] = ""

    def on_open(self, frame: SessionOpen, now: float) -> None:
        kept = frame.prompt or type(self).last
        type(self).last = kept
        super().on_open(frame.model_copy(update={"prompt": kept}), now)


@planted(
    observation.ONE_ANSWER,
    shortest=(
        Step(1, Open()),
        Step(1, Observe(), waits=False),
        Step(1, Observe(seq="same")),
    ),
    served=served(Slow),
)
class AnswersTwiceWhatWaited(ServerSession):
    """Answers twice an observation whose answer had to wait for another's."""

    def flush(self, now: float) -> None:
        leaving = self.leaving()
        super().flush(now)
        if len(leaving) > 1 and leaving[-1].answer is not None:
            self.send(leaving[-1].answer)


@planted(
    observation.REQUEST_SCOPE,
    observation.SAME_REQUEST,  # its own chunk is no longer what it remembers
    action.TENSOR,  # and a chunk made for one client is no chunk for another
    action.CHUNK_SIZE,
    shortest=(
        Step(1, Open()),
        Step(1, Observe(request="r")),
        Step(2, Open()),
        Step(2, Observe(1, request="r")),
    ),
)
class RemembersRequestsOfOthers(ServerSession):
    """Remembers a request for every session, as long as the one that sent it first lives."""

    owners: ClassVar[dict[str | None, ServerSession]] = {}

    def recall(self, slot: Slot) -> Chunk | None:
        if slot.request_id is None:
            return None
        return self.owners.setdefault(slot.request_id, self).chunks.get(slot.request_id)


@planted(
    closing.ISOLATED,
    shortest=(
        Step(1, Open()),
        Step(2, Open()),
        Step(2, Observe(1), waits=False),
        Step(2, End("reset")),
        Step(3, Open()),
    ),
    served=served(Slow),
)
class HandsOnALateResult(ServerSession):
    """Gives the result that came too late for a client that is gone to the next one."""

    late: ClassVar[list[Outcome]] = []

    def finished(self, job: Job, outcome: Outcome, now: float) -> None:
        if self.over:
            self.late[:] = [outcome]
        elif self.late:
            outcome = self.late.pop()
        super().finished(job, outcome, now)
