"""Servers that answer observations wrongly: not once, late, or under a wrong name."""

from typing import Any

from risp.protocol.action.frames import (
    ActionChunk,
    Error,
    ServerFrame,
)
from risp.protocol.action.requirements import observation as rule
from risp.protocol.errors import DecodeError, RemoteProtocolError
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.jobs import Slot

from .catalogue import fault, served
from .policies import Late
from .tamper import written_as

HASTY = served(answer_timeout_ms=600)
CHUNK = "action.chunk"


@fault(rule.ONE_ANSWER, "answers.one_answer", "one answer.*another", during=CHUNK)
class AnswersTwice(ServerSession):
    """Sends each chunk twice."""

    def send(self, frame: ServerFrame) -> None:
        super().send(frame)
        if isinstance(frame, ActionChunk):
            self.put(self.write(frame))


@fault(
    rule.ONE_ANSWER,
    "answers.one_answer",
    "an answer to observation.*none, and one to a later",
    during="error.lives_on",
    served=HASTY,
)
class PassesOverBadObservations(ServerSession):
    """Says nothing to an observation that it cannot read."""

    def on_bad_observation(self, error: DecodeError, now: float) -> None:
        pass


@fault(
    rule.IN_TIME,
    "answers.in_time",
    "an answer within 0.4 s.*saw none",
    during="observation.step_prompt",
    served=served(Late, answer_timeout_ms=400),
)
class AnswersWhenItIsDone(ServerSession):
    """Has no deadline for its answers."""

    def answer_due(self, slot: Slot) -> float:
        return slot.received + 3600


@fault(
    rule.CARRY_SEQ,
    ("observation.refusals_carry_both", "answers.carry_seq"),
    "seq 0.*(None|error)",
)
class RefusesWithoutSeq(ServerSession):
    """Leaves `seq` out of refusals."""

    def refusal(self, error: RemoteProtocolError, **members: Any) -> Error:
        return super().refusal(error, **{**members, "seq": None})


@fault(rule.CARRY_SEQ, "answers.carry_seq", "seq 0.*action_chunk.*/seq", during=CHUNK)
class ChunksWithoutSeq(ServerSession):
    """Leaves `seq` out of chunks."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return written_as(text, seq=None) if isinstance(frame, ActionChunk) else text


@fault(
    rule.CARRY_REQUEST_ID,
    ("observation.refusals_carry_both", "answers.carry_request_id"),
    "request_id 'refused-state'.*(None|error)",
)
class RefusesWithoutRequestId(ServerSession):
    """Leaves `request_id` out of refusals."""

    def refusal(self, error: RemoteProtocolError, **members: Any) -> Error:
        return super().refusal(error, **{**members, "request_id": None})


@fault(
    rule.CARRY_REQUEST_ID,
    "answers.carry_request_id",
    "request_id 'again'.*action_chunk",
    during="retries.same_request",
)
class ChunksWithoutRequestId(ServerSession):
    """Leaves `request_id` out of chunks."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return written_as(text, request_id=None) if isinstance(frame, ActionChunk) else text


@fault(
    rule.CARRY_NOTHING,
    ("observation.frame_errors_carry_nothing", "answers.carry_nothing"),
    "(no|neither) `seq`.*/seq",
)
class CountsUnknownFrames(ServerSession):
    """Takes the `seq` of a frame of an unknown type for an observation's."""

    def on_unknown_type(self, error: DecodeError) -> None:
        self.send(self.refusal(error, seq=0))


@fault(
    rule.TIME_UNALTERED,
    "answers.time_unaltered",
    r"1737830400000000001.*1\.7.*/capture_time_ns|0 | saw 0\.0",
    during="observation.time_type",
)
class RoundsTimes(ServerSession):
    """Repeats a capture time as a float."""

    def echo_time(self, slot: Slot) -> Any:
        time = super().echo_time(slot)
        return float(time) if isinstance(time, int) else time


@fault(
    rule.TIME_UNALTERED,
    "answers.time_unaltered",
    '"1737830400000000001".*saw 1737830400000000001',
    during="observation.time_type",
)
class ReadsTimes(ServerSession):
    """Repeats a capture time that came in a string as a number."""

    def echo_time(self, slot: Slot) -> Any:
        time = super().echo_time(slot)
        return int(time) if isinstance(time, str) else time


@fault(rule.TIME_REPEATED, "observation.time_repeated", "capture_time_ns.*saw none")
class ForgetsTimes(ServerSession):
    """Does not repeat capture times."""

    def echo_time(self, slot: Slot) -> Any:
        return None
