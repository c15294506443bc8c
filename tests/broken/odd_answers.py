"""Odd but legal servers: what they answer, and in which order."""

from typing import Any

import pybase64

from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import ITEM_SIZES, Observation, SessionOpen, SessionStatus, Tensor
from risp.protocol.errors import DecodeError, RemoteProtocolError
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.actions import Actions, Rows
from risp.reference_impl.action.serving.jobs import Slot
from risp.reference_impl.action.serving.queueing import Chunk
from risp.reference_impl.action.serving.speaking import Refused

from . import asking, forbid
from .catalogue import served
from .forbid import answers, chunks, errors, frames, openings
from .oddity import odd
from .opening import LoadsForEach
from .policies import Slow
from .ready import IgnoresNames

WAITING = served(Slow)


# Counting


@odd(forbid.malformed_ones_count_for_nothing, asks=(asking.reuses_seq,))
class CountsRefusals(ServerSession):
    """Lets refused observations advance its counter, which is its own choice."""

    def on_bad_observation(self, error: DecodeError, now: float) -> None:
        super().on_bad_observation(error, now)
        self.books.last_seq = max(self.books.last_seq, error.seq or 0)


@odd(forbid.well_formed_ones_count, asks=(asking.reuses_seq,))
class CountsOnlyWhatItTakes(ServerSession):
    """Lets an observation that it refuses for its state or cameras leave its counter alone."""

    before = -1

    def check_seq(self, frame: Observation) -> None:
        self.before = self.books.last_seq
        super().check_seq(frame)

    def check_observation(self, frame: Observation) -> None:
        try:
            super().check_observation(frame)
        except RemoteProtocolError:
            self.books.last_seq = self.before
            raise


def _points_at_the_array(one: Any, tree: dict[str, Any], ready: dict[str, Any]) -> bool:
    is_width = not forbid.is_malformed(one, ready) and forbid.is_too_wide(one, ready)
    is_refused = tree.get("code") == "invalid_observation"
    return not (is_width and is_refused) or tree.get("param") in (None, "/state")


@odd(answers("/state for a wrong width", _points_at_the_array))
class PointsIntoTheArray(ServerSession):
    """Points at the number that is missing, or too many."""

    def check_state(self, frame: Observation) -> None:
        due = self.about.state_dim or 0
        if len(frame.state) != due:
            place = f"/state/{min(len(frame.state), due)}"
            raise Refused("invalid_observation", "not the width", pointer=place)


# Requests


@odd(forbid.long_ago_is_forgotten, asks=(asking.asks_for_many,))
class RemembersEverything(ServerSession):
    """Remembers all requests of a session."""

    def remember(self, slot: Slot, chunk: Chunk) -> None:
        if slot.request_id is not None:
            self.chunks[slot.request_id] = chunk


@odd(forbid.repeats_cost_the_same)
class AnswersRepeatsForFree(ServerSession):
    """Says of a repeat that it took no time in the model."""

    def remember(self, slot: Slot, chunk: Chunk) -> None:
        free = chunk.metadata.model_copy(update={"inference_ms": 0.0})
        super().remember(slot, chunk._replace(metadata=free))


# Chunks


def _has_its_time(one: Any, tree: dict[str, Any], ready: dict[str, Any]) -> bool:
    asked = one.tree.get("capture_time_ns")
    return asked is None or tree.get("capture_time_ns") is not None


@odd(chunks("the time of capture repeated", _has_its_time))
class RepeatsSafeTimes(ServerSession):
    """Leaves out times that a double does not hold, as a language of doubles has to."""

    def echo_time(self, slot: Slot) -> Any:
        time = super().echo_time(slot)
        return None if isinstance(time, int) and time > 2**53 else time


@odd(
    openings(
        "chunks no longer than was asked for",
        lambda opening, ready: (ready.get("chunk_size") or 0) <= (opening.get("chunk_size") or 1e9),
    )
)
class IgnoresWishes(ServerSession):
    """Makes its own chunks, whatever size was asked for."""

    def choose_chunk_size(self, frame: SessionOpen) -> int | None:
        return self.about.chunk_size


def _is_double(tree: dict[str, Any]) -> bool:
    actions = tree["actions"]
    return not isinstance(actions, dict) or actions["dtype"] == "float64"


@odd(frames("tensors of doubles", _is_double, "action_chunk"), asks=(asking.wants_tensors,))
class UsesEveryType(ServerSession):
    """Sends each tensor in another type."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        found = super().encode_actions(actions)
        if not isinstance(found, Tensor):
            return found
        names = list(ITEM_SIZES)
        dtype: Any = names[self.books.last_seq % len(names)]
        size = found.shape[0] * found.shape[1] * ITEM_SIZES[dtype]
        data = pybase64.b64encode_as_string(bytes(size))
        return Tensor(dtype=dtype, shape=found.shape, data=data)


# Order


@odd(forbid.overtaken_ones_do_not_wait, served=WAITING, beside=WAITING)
class KeepsItsOrder(ServerSession):
    """Answers in the order of receipt in `latest`, too, where the order is free."""

    def leaving(self) -> list[Slot]:
        asked, self.latest = self.latest, False
        try:
            return super().leaving()
        finally:
            self.latest = asked


@odd(forbid.overtaken_ones_hear_first, served=WAITING, beside=WAITING)
class TellsTheOvertakenLast(ServerSession):
    """Says in `latest` what was dropped when nothing waits any more."""

    def leaving(self) -> list[Slot]:
        found = super().leaving()
        if not self.latest:
            return found
        dropped = [slot for slot in found if slot.answer and slot.answer.tag() != "action_chunk"]
        chunked = [slot for slot in found if slot not in dropped]
        is_done = all(slot.answer for slot in self.slots)
        return chunked + dropped if is_done else chunked


# Openings


def _was_not_asked_for(opening: dict[str, Any], ready: dict[str, Any]) -> bool:
    asked = [opening.get(name) for name in ("model", "lora", "action_adapter")]
    return "risp-no-such-name" not in asked


odd(openings("what is not served refused", _was_not_asked_for))(IgnoresNames)
odd(
    errors("room for a client that cannot wait", lambda tree: tree["code"] != "unavailable"),
    exit_code=3,
    reason="it loads anew for each session, and the kit does not wait",
)(LoadsForEach)


@odd(
    frames("no status", lambda tree: tree["type"] != "session.status"),
    asks=(asking.lists_everything,),
)
class TellsItsState(ServerSession):
    """Sends those who can read it a status before it is ready, though it is."""

    def answer_open(self, frame: SessionOpen, now: float) -> None:
        if Capability.STATUS in self.choose_capabilities(frame):
            self.send(SessionStatus(state="warming"))
        super().answer_open(frame, now)


@odd(
    forbid.within("session.ready", 0.5, forbid.opening_times),
    slow=True,
)
class ThinksBeforeItOpens(ServerSession):
    """Takes a second for each thirtieth opening, of the ten that it has."""

    opened = 0

    def on_open(self, frame: SessionOpen, now: float) -> None:
        type(self).opened += 1
        if self.opened % 30 != 20:
            super().on_open(frame, now)
            return
        self.books.advance(frame)
        self.opening, self.status_due = frame, now + 1.0

    def send_status(self, now: float) -> None:
        self.answer_open(self.opening, now)
