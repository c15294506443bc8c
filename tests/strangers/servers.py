"""Servers that are wrong in one rare point each, chosen from the published sentences alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import ActionChunk, Error, SessionClose, Tensor
from risp.protocol.errors import RemoteProtocolError
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.actions import Actions, Rows
from risp.reference_impl.action.serving.jobs import Slot


@dataclass(frozen=True)
class Stranger:
    """A broken server, the sentence that it breaks, and how one sees it."""

    server_class: type[ServerSession]
    breaks: str
    shows: str


class StampsRepeatsWithTheFirstTime(ServerSession):
    """Answers the repeat of a request with the capture time of the first one."""

    def echo_time(self, slot: Slot) -> Any:
        """The time that is kept with the request's chunk."""
        time = super().echo_time(slot)
        if slot.request_id is None:
            return time
        return self.__dict__.setdefault("times", {}).setdefault(slot.request_id, time)


class AnswersRepeatsAheadOfTheQueue(ServerSession):
    """Sends a chunk from memory at once in `fifo`, before the answers that are still owed."""

    def leaving(self) -> list[Slot]:
        """Whatever may leave in its order, and the chunks that nothing was inferred for."""
        leaving = super().leaving()
        return leaving + [
            slot
            for slot in self.slots
            if slot not in leaving and slot.started is None and isinstance(slot.answer, ActionChunk)
        ]


class SendsTensorsInFull(ServerSession):
    """Keeps the rows of a tensor that the client's smaller `chunk_size` cuts off a list."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        """Lists by the declared number of rows, tensors as the policy made them."""
        if Capability.TENSOR_B64 in self.capabilities:
            return actions.tensor()
        return super().encode_actions(actions)


class WritesNamesIntoPointersAsTheyAre(ServerSession):
    """Leaves `~` and `/` unescaped where a camera's name stands in `param`."""

    def refusal(self, error: RemoteProtocolError, **members: Any) -> Error:
        """The error, with the member's path joined by slashes."""
        made = super().refusal(error, **members)
        if made.param is None:
            return made
        param = made.param.replace("~1", "/").replace("~0", "~")
        return made.model_copy(update={"param": param})


class LooksUpTheSessionToClose(ServerSession):
    """Looks up the `session_id` of `session.close` in a table, and fails on one with no hash."""

    def on_session_close(self, frame: SessionClose) -> None:
        """Take the session out of the table, if it is there, and end it."""
        table: dict[Any, ServerSession] = {self.opening.session_id: self}
        table.pop(frame.session_id, None)
        super().on_session_close(frame)


STRANGERS = [
    Stranger(
        StampsRepeatsWithTheFirstTime,
        breaks="A-OBS-30",
        shows="Seq 0 with request_id r1 and capture_time_ns 1 becomes a chunk; the same under seq 1"
        " with capture_time_ns 2 is answered with capture_time_ns 1.",
    ),
    Stranger(
        AnswersRepeatsAheadOfTheQueue,
        breaks="A-QUEUE-1",
        shows="Seq 0 with request_id r1 becomes a chunk; seq 1 without an id and seq 2 with r1 are"
        " sent together, and the chunk of 2 comes before that of 1.",
    ),
    Stranger(
        SendsTensorsInFull,
        breaks="A-ACT-5",
        shows="A session.open with tensor_b64 and a chunk_size of 1 is told chunk_size 1, and gets"
        " a tensor with as many rows as the policy makes.",
    ),
    Stranger(
        WritesNamesIntoPointersAsTheyAre,
        breaks="A-ERR-8",
        shows="An observation whose camera `a~b` is null earns invalid_image with the param"
        " `/images/a~b`, which is no JSON pointer.",
    ),
    Stranger(
        LooksUpTheSessionToClose,
        breaks="A-CLOSE-2",
        shows="A session.close whose session_id is an array or an object earns the error internal"
        " and Close 1011 in place of Close 1000.",
    ),
]
