"""Observations: taken or refused, queued, given their turn, and inferred once per request.

1. Nothing is inferred here: `take` hands out the next job when the policy has a turn to give, and
   `finished` takes what came of it. A result that comes after its slot was answered is dropped.
2. Repeats of a request wait in the queue like others. Their turn comes as soon as the first one
   has become a chunk, and then they need no inference; if it has failed, they are inferred.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from typing import NamedTuple

import orjson

from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import Metadata, Observation, ServerFrame, Tensor
from risp.protocol.action.limits import REMEMBERED_CHUNKS
from risp.protocol.action.session import State
from risp.protocol.errors import DecodeError, RemoteProtocolError

from ..policy import Step
from .actions import Rows
from .answering import Answering
from .jobs import Done, Failed, Job, Outcome, Slot
from .settings import Settings
from .speaking import Refused


class Chunk(NamedTuple):
    """What is remembered of a request that became a chunk."""

    content: bytes | None
    actions: Rows | Tensor
    metadata: Metadata


class Queueing(Answering):
    """What happens to an observation between its receipt and its answer."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.waiting: deque[Slot] = deque()
        """Those that wait for their turn."""
        self.running: set[Slot] = set()
        """Those that the policy is busy with, even if they are answered already."""
        self.chunks: OrderedDict[str, Chunk] = OrderedDict()
        """The last chunks by `request_id`."""
        self.reset_due = False
        """Whether the policy is to be reset before the session's first inference."""
        self.resetting = False
        """Whether it is being reset."""

    # Receipt

    def on_observation(self, frame: Observation, now: float) -> None:
        """Take an observation, or refuse it in its turn."""
        slot = Slot(now, frame.seq, frame.request_id, frame)
        room = len(self.slots)
        self.slots.append(slot)
        try:
            self.check_seq(frame)
            self.check_observation(frame)
            self.check_closing()
            self.admit(room)
        except RemoteProtocolError as error:
            slot.answer = self.refusal(error, **self.echo(slot))
            slot.observation = None  # its pictures need not wait until its answer may leave
            self.flush(now)
        else:
            self.accept(slot, now)

    def on_bad_observation(self, error: DecodeError, now: float) -> None:
        """Refuse what was meant as an observation, in its turn, with what arrived valid of it."""
        slot = Slot(now, error.seq, error.request_id)
        slot.answer = self.refusal(error, **self.echo(slot))
        self.slots.append(slot)
        self.flush(now)

    def check_seq(self, frame: Observation) -> None:
        """Refuse a `seq` that does not rise (A-OBS-6), before anything else (A-OBS-38)."""
        self.books.advance(frame)

    def check_closing(self) -> None:
        """Refuse new observations once the end is announced (A-CLOSE-9)."""
        if self.books.state is State.CLOSING:
            raise Refused("shutting_down", "the server is about to end")

    def check_observation(self, frame: Observation) -> None:
        """Refuse what this policy cannot take."""
        self.check_state(frame)
        self.check_cameras(frame)

    def check_state(self, frame: Observation) -> None:
        """Refuse a `state` of another width than the policy's (A-OBS-11)."""
        due = self.about.state_dim
        if due is not None and len(frame.state) != due:
            message = f"{len(frame.state)} numbers where {due} are due"
            raise Refused("invalid_observation", message, pointer="/state")

    def check_cameras(self, frame: Observation) -> None:
        """Refuse an observation without a camera that the policy needs (A-OBS-20)."""
        for name in self.about.cameras:
            if name not in (frame.images or {}):
                message = f"the camera {name!r} is missing"
                raise Refused("invalid_observation", message, pointer="/images")

    def admit(self, unanswered: int) -> None:
        """Refuse more than may be unanswered (A-QUEUE-5); in `latest` none piles up."""
        if not self.latest and unanswered >= self.settings.max_in_flight:
            message = f"{self.settings.max_in_flight} observations are unanswered"
            raise Refused("too_many_in_flight", message)

    def accept(self, slot: Slot, now: float) -> None:
        """Queue an observation; in `latest` it overtakes the one that waits."""
        if slot.request_id is not None:
            slot.content = self.content(slot)
        if self.latest and self.recall(slot) is None:
            self.supersede(now)  # but what is answered from memory needs no place in the queue
        self.waiting.append(slot)
        if slot.request_id is not None:
            self.settle_repeats(now)

    def supersede(self, now: float) -> None:
        """Answer those that wait and are overtaken by a newer one (A-QUEUE-8)."""
        while self.waiting:
            self.drop(self.waiting.popleft(), "superseded")
        self.flush(now)

    # Requests

    def content(self, slot: Slot) -> bytes:
        """What two requests have to share to be the same (A-OBS-37)."""
        frame = slot.observation
        assert frame is not None, "only accepted observations have content"
        images = {
            name: image if isinstance(image, str) else [image.encoding, image.data]
            for name, image in (frame.images or {}).items()
        }
        tree = [frame.state, images, frame.prompt, frame.max_gpu_seconds]
        return hashlib.blake2b(orjson.dumps(tree, option=orjson.OPT_SORT_KEYS)).digest()

    def remember(self, slot: Slot, chunk: Chunk) -> None:
        """Keep a chunk for the repeats of its request (A-OBS-33); only chunks are kept."""
        if slot.request_id is None:
            return
        self.chunks[slot.request_id] = chunk
        while len(self.chunks) > REMEMBERED_CHUNKS:
            self.chunks.popitem(last=False)

    def recall(self, slot: Slot) -> Chunk | None:
        """The chunk that a request has become, if it has been one before."""
        return None if slot.request_id is None else self.chunks.get(slot.request_id)

    def pending(self, slot: Slot) -> bool:
        """Whether an earlier observation with the same `request_id` is still unanswered."""
        if slot.request_id is None:
            return False
        for other in self.slots:
            if other is slot:
                return False
            if other.request_id == slot.request_id and other.answer is None:
                return True
        return False

    def settle_repeats(self, now: float) -> None:
        """Answer those in the queue whose request has become a chunk, without inference."""
        for slot in [slot for slot in self.waiting if slot.request_id is not None]:
            chunk = self.recall(slot)
            if chunk is None:
                continue
            self.waiting.remove(slot)
            if self.expired(slot, now):
                self.drop(slot, "expired")
            elif chunk.content == slot.content:
                queue_ms = (now - slot.received) * 1000
                slot.answer = self.make_chunk(
                    slot, chunk.actions, chunk.metadata.model_copy(update={"queue_ms": queue_ms})
                )
            else:
                slot.answer = self.make_error(
                    "duplicate_request",
                    "the request_id was answered before, for another content",
                    param="/request_id",
                    **self.echo(slot),
                )
        self.flush(now)

    # Turns

    @property
    def has_work(self) -> bool:
        """Whether the session would take a turn of the policy."""
        if self.over or self.resetting or (self.latest and self.running):
            return False
        return self.reset_due or bool(self.waiting)

    def take(self, now: float) -> Job | None:
        """The job for a turn of the policy that begins now, or None if nothing is to be done."""
        if not self.has_work:
            return None
        if self.reset_due:
            self.reset_due, self.resetting = False, True
            return Job(None, None)
        for slot in list(self.waiting):
            if self.pending(slot):
                continue
            self.waiting.remove(slot)
            if not self.expired(slot, now):
                return self.start(slot, now)
            self.drop(slot, "expired")
            self.flush(now)
        return None

    def start(self, slot: Slot, now: float) -> Job:
        """Begin the inference for a slot, and the clock of its budget."""
        assert slot.observation is not None, "only accepted observations wait"
        slot.started = now
        budget = self.budget(slot.observation)
        if budget is not None:
            slot.budget_ends = now + budget
        self.running.add(slot)
        step = Step(slot.observation, self.opening, self.model)
        return Job(slot, step, self.about.action_dim)

    def expired(self, slot: Slot, now: float) -> bool:
        """Whether an observation is too old when its turn comes (A-OBS-42)."""
        if Capability.MAX_AGE not in self.capabilities or slot.observation is None:
            return False
        bound = slot.observation.max_age_ms
        return bound is not None and (now - slot.received) * 1000 >= bound

    def budget(self, frame: Observation) -> float | None:
        """GPU seconds that an inference may take; the step's replace the session's (A-OBS-45)."""
        if Capability.GPU_BUDGET not in self.settings.capabilities:
            return None
        own = frame.max_gpu_seconds
        return self.opening.max_gpu_seconds if own is None else own

    def finished(self, job: Job, outcome: Outcome, now: float) -> None:
        """Take what came of a job; too late for its slot, it is dropped."""
        slot = job.slot
        if slot is None:
            self.resetting = False
            if isinstance(outcome, Failed) and not self.over:
                self.send(self.make_error("internal", "the policy could not be reset"))
            return
        self.running.discard(slot)
        if slot.answer is None and not self.over:
            slot.answer = self.answer(slot, outcome)
            self.settle_repeats(now)

    def answer(self, slot: Slot, outcome: Outcome) -> ServerFrame:
        """The answer that an outcome makes."""
        assert slot.observation is not None, "it was started"
        assert slot.started is not None, "it was started"
        budget = self.budget(slot.observation)
        if budget is not None and outcome.seconds > budget:
            return self.over_budget(slot)
        if not isinstance(outcome, Done) or outcome.actions is None:
            reason = outcome.reason if isinstance(outcome, Failed) else "the policy gave nothing"
            return self.make_error("inference_failed", reason, **self.echo(slot))
        metadata = Metadata(
            model=self.model,
            inference_ms=outcome.seconds * 1000,
            queue_ms=(slot.started - slot.received) * 1000,
        )
        chunk = Chunk(slot.content, self.encode_actions(outcome.actions), metadata)
        self.remember(slot, chunk)
        return self.make_chunk(slot, chunk.actions, metadata)

    # Clocks

    def expire_answers(self, now: float) -> None:
        """Answer what has waited as long as it may (A-OBS-2), or has used up its budget."""
        overdue = [slot for slot in self.slots if slot.answer is None]
        for slot in overdue:
            if self.answer_due(slot) <= now:
                message = "the policy did not answer in time"
                slot.answer = self.make_error("inference_failed", message, **self.echo(slot))
            elif slot.budget_ends is not None and slot.budget_ends <= now:
                slot.answer = self.over_budget(slot)
            if slot.answer is not None and slot in self.waiting:
                self.waiting.remove(slot)
        self.flush(now)

    def answer_due(self, slot: Slot) -> float:
        """When a slot is answered at the latest: a little before it, or the end, is due."""
        bound = self.settings.answer_timeout_ms / 1000
        due = slot.received + bound - min(0.25, bound / 20)
        # A-CLOSE-8: what was accepted is answered before the announced end, one way or the other.
        return due if self.ends is None else min(due, self.ends - 0.05)

    def next_answer_due(self) -> float | None:
        """When `expire_answers` has something to do, if nothing else happens."""
        dues = [self.answer_due(slot) for slot in self.slots if slot.answer is None]
        dues += [
            slot.budget_ends
            for slot in self.running
            if slot.budget_ends is not None and slot.answer is None
        ]
        return min(dues, default=None)
