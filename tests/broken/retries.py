"""Servers that are wrong about requests that come again."""

from typing import Any

from risp.protocol.action.frames import (
    ClientFrame,
    Metadata,
    Observation,
)
from risp.protocol.action.requirements import observation as rule
from risp.protocol.errors import DecodeError
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.jobs import Slot
from risp.reference_impl.action.serving.queueing import Chunk

from .catalogue import fault, served
from .policies import Noisy, NoisyPair
from .tamper import Tree, parsed, read_as

TAKEN = "invalid_observation.*action_chunk"


@fault(rule.REQUEST_ID_BOUNDS, "retries.request_id_bounds", TAKEN)
class CutsLongIds(ServerSession):
    """Cuts off request ids that are too long."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            if isinstance(name := tree.get("request_id"), str):
                tree["request_id"] = name[:128]

        return super().decode(read_as(text, "observation", change))


@fault(rule.SAME_REQUEST, "retries.same_request", "the first answer.*other actions",
       served=served(Noisy))  # fmt: skip
class InfersAgain(ServerSession):
    """Remembers no request."""

    def remember(self, slot: Slot, chunk: Chunk) -> None:
        pass


@fault(rule.PENDING_REQUEST, "retries.pending_request", "the pending request.*other actions",
       served=served(NoisyPair))  # fmt: skip
class InfersBoth(ServerSession):
    """Does not see that a request is still being worked on."""

    def pending(self, slot: Slot) -> bool:
        return False


@fault(rule.OTHER_CONTENT, "retries.other_content", "duplicate_request.*action_chunk")
class LooksAtTheIdAlone(ServerSession):
    """Takes any content under a known id for the same."""

    def content(self, slot: Slot) -> bytes:
        return b""


@fault(rule.NOT_CONTENT, "retries.not_content", "action_chunk.*duplicate_request")
class ComparesAllMembers(ServerSession):
    """Takes members that it does not know for a part of the content."""

    def decode(self, text: str) -> ClientFrame:
        frame = super().decode(text)
        unknown = [v for k, v in (parsed(text) or {}).items() if k.startswith("x_")]
        return frame.model_copy(update={"prompt": f"{unknown}"}) if unknown else frame


@fault(rule.NOT_CONTENT, "retries.not_content", "action_chunk.*duplicate_request")
class ComparesTimes(ServerSession):
    """Takes the capture time for a part of the content."""

    def content(self, slot: Slot) -> bytes:
        assert slot.observation is not None
        return super().content(slot) + str(slot.observation.capture_time_ns).encode()


@fault(rule.NOT_CONTENT, "retries.not_content", "action_chunk.*duplicate_request")
class ComparesAges(ServerSession):
    """Takes `max_age_ms` for a part of the content."""

    def content(self, slot: Slot) -> bytes:
        assert slot.observation is not None
        return super().content(slot) + str(slot.observation.max_age_ms).encode()


@fault(rule.SEQ_BEFORE_REQUEST, "retries.seq_before_request", "out_of_order.*action_chunk")
class LooksAtTheIdFirst(ServerSession):
    """Answers a known request under an old `seq`."""

    def check_seq(self, frame: Observation) -> None:
        if frame.request_id not in self.chunks:
            super().check_seq(frame)


@fault(rule.REMEMBER, "retries.remember", "64 chunks ago.*other actions", served=served(Noisy))
class ForgetsEarly(ServerSession):
    """Remembers 63 requests."""

    def remember(self, slot: Slot, chunk: Chunk) -> None:
        super().remember(slot, chunk)
        while len(self.chunks) > 63:
            self.chunks.popitem(last=False)


@fault(rule.ONLY_CHUNKS, "retries.only_chunks", "action_chunk.*duplicate_request")
class RemembersRefusals(ServerSession):
    """Remembers the id of a request that it has refused."""

    def on_bad_observation(self, error: DecodeError, now: float) -> None:
        super().on_bad_observation(error, now)
        if error.request_id is not None:
            self.chunks[error.request_id] = Chunk(None, [], Metadata())


SHARED: Any = type("Shared", (dict,), {"clear": lambda self: None, "popitem": dict.popitem})()


@fault(rule.REQUEST_SCOPE, "retries.request_scope", "action_chunk.*duplicate_request")
class RemembersForAll(ServerSession):
    """Remembers the requests of all sessions together."""

    def connected(self, now: float) -> None:
        self.chunks = SHARED
