"""Answers: one to each observation, in order, with what its observation brought along.

1. Every observation that comes gets a slot, the refused ones too.
2. A slot is answered once; in `fifo` the answers leave in the order of the slots.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import (
    ActionChunk,
    Metadata,
    ObservationDropped,
    ServerFrame,
    SessionOpen,
    Tensor,
)

from ..policy import Description
from .actions import Actions, Rows
from .jobs import Slot
from .settings import Settings
from .speaking import Speaker


class Answering(Speaker):
    """The slots of one session, and the frames that answer them."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.about = Description()
        """What the policy says about itself."""
        self.opening = SessionOpen(prompt="")
        """What the session was opened with."""
        self.capabilities: frozenset[Capability] = frozenset()
        """What holds for this client."""
        self.chunk_size: int | None = None
        """The most rows of a chunk, as declared."""
        self.latest = False
        """Whether the newest observation wins, in place of `fifo`."""
        self.slots: deque[Slot] = deque()
        """Observations whose answer has not left, in order of receipt."""
        self.ends: float | None = None
        """When an announced end comes, in seconds."""
        self.last_sign = 0.0
        """When the client last sent something, or was last owed something, in seconds."""

    @property
    def model(self) -> str:
        """The model that serves this session."""
        asked = self.opening.model
        served = self.about.served_models()
        return asked if asked is not None and asked in served else self.about.model or ""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        """Actions as this client takes them: no more rows than declared, as lists or a tensor."""
        if Capability.TENSOR_B64 in self.capabilities:
            return actions.tensor(self.chunk_size)
        return actions.lists(self.chunk_size)

    def make_chunk(self, slot: Slot, actions: Rows | Tensor, metadata: Metadata) -> ActionChunk:
        """The chunk that answers a slot; its parts are checked before, so not again here."""
        return ActionChunk.model_construct(
            type="action_chunk",
            **self.echo(slot),
            capture_time_ns=self.echo_time(slot),
            actions=actions,
            metadata=metadata,
        )

    def echo(self, slot: Slot) -> dict[str, Any]:
        """Those of `seq` and `request_id` that arrived valid, for the answer to carry."""
        return {"seq": slot.seq, "request_id": slot.request_id}

    def echo_time(self, slot: Slot) -> Any:
        """The capture time as it came (A-OBS-30)."""
        return None if slot.observation is None else slot.observation.capture_time_ns

    def over_budget(self, slot: Slot) -> ServerFrame:
        """The answer to an observation whose inference took too long (A-OBS-44)."""
        message = "the inference took more time than max_gpu_seconds allows"
        return self.make_error("budget_exceeded", message, **self.echo(slot))

    def drop(self, slot: Slot, reason: Any) -> None:
        """Answer an observation that will not be used."""
        slot.answer = ObservationDropped(reason=reason, **self.echo(slot))

    def flush(self, now: float) -> None:
        """Send the answers that may leave now."""
        leaving = self.leaving()
        for slot in leaving:
            assert slot.answer is not None, "that is why it leaves"
            self.slots.remove(slot)
            self.send(slot.answer)
        if leaving:
            self.last_sign = now
            self.after_answers(now)

    def leaving(self) -> list[Slot]:
        """The slots whose answers may leave: in `fifo` those before the first unanswered one."""
        leaving: list[Slot] = []
        held: set[int | None] = set()
        for slot in self.slots:
            if slot.answer is None:
                if not self.latest:
                    break
                held.add(slot.seq)
            elif slot.seq is None or slot.seq not in held:
                # In `latest`, too, two answers with one `seq` leave in the order of receipt.
                leaving.append(slot)
        return leaving

    def after_answers(self, now: float) -> None:
        """What follows when answers have left."""
