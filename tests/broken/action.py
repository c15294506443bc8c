"""Servers whose chunks are wrong."""

from typing import Any

from risp.protocol.action.frames import ActionChunk, Metadata, ServerFrame, SessionReady, Tensor
from risp.protocol.action.requirements import action as rule
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.actions import Actions, Rows
from risp.reference_impl.action.serving.jobs import Slot

from .catalogue import fault
from .tamper import written_as

CHUNK = "action.chunk"


def unchecked(dtype: Any, shape: list[int], data: str) -> Tensor:
    """A tensor that need not add up."""
    return Tensor.model_construct(dtype=dtype, shape=shape, data=data)


@fault(rule.NOT_EMPTY, (CHUNK, "action.not_empty"), "at least one row.*saw none.*/actions")
class DoesNothing(ServerSession):
    """Sends no rows."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        return []


@fault(rule.NOT_EMPTY, "action.not_empty", "at least one row.*saw none", during=CHUNK)
class MovesNothing(ServerSession):
    """Sends rows without numbers."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        return [[]]


@fault(rule.EQUAL_ROWS, (CHUNK, "action.equal_rows"), "rows of equal length.*lengths 5, 6")
class LosesANumber(ServerSession):
    """Sends a last row that is one short."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        rows = actions.lists(self.chunk_size)
        return [*rows[:-1], rows[-1][:-1]]


@fault(rule.FINITE, (CHUNK, "action.finite"), "finite numbers.*(absent|null|None).*/actions/0")
class SendsNull(ServerSession):
    """Sends null for a number, as encoders do for NaN."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        nothing: Any = None
        first, *rest = actions.lists(self.chunk_size)
        return [[nothing, *first[1:]], *rest]


@fault(rule.FINITE, "action.finite", "finite numbers.*saw NaN", during=CHUNK)
class SendsNan(ServerSession):
    """Writes NaN, as Python does."""

    def write(self, frame: ServerFrame) -> str | bytes:
        return str(super().write(frame)).replace('"actions":[[', '"actions":[[NaN,')


@fault(
    rule.ACTION_DIM,
    ("action.action_dim", "action.declared_width"),
    "rows of 6 numbers.*of 7",
)
class MovesOneJointMore(ServerSession):
    """Sends rows that are one longer than declared."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        return [[*row, 0.0] for row in actions.lists(self.chunk_size)]


@fault(rule.CHUNK_SIZE, ("action.chunk_size", "action.declared_rows"), "at most 1 rows.*10")
class SendsAllItHas(ServerSession):
    """Declares the chunk size that was asked for, and sends its own."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        declared, self.chunk_size = self.chunk_size, None
        try:
            return super().encode_actions(actions)
        finally:
            self.chunk_size = declared


@fault(rule.METADATA, (CHUNK, "action.metadata"), "/metadata.*nothing there")
class SaysNotHow(ServerSession):
    """Sends chunks without `metadata`."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return written_as(text, metadata=None) if isinstance(frame, ActionChunk) else text


@fault(rule.METADATA, "action.metadata", "/metadata/queue_ms.*nothing there", during=CHUNK)
class SaysNotHowLong(ServerSession):
    """Leaves `queue_ms` out of `metadata`."""

    def make_chunk(self, slot: Slot, actions: Rows | Tensor, metadata: Metadata) -> ActionChunk:
        return super().make_chunk(slot, actions, metadata.model_copy(update={"queue_ms": None}))


@fault(rule.LISTS, (CHUNK, "action.lists"), "an array of rows.*a dict")
class SendsTensorsToAll(ServerSession):
    """Sends tensors to who cannot read them."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        return actions.tensor(self.chunk_size)


@fault(rule.TENSOR, ("action.tensor", "action.tensors"), "a tensor object.*an array")
class SendsListsToAll(ServerSession):
    """Declares tensors and sends lists."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        return actions.lists(self.chunk_size)


@fault(rule.TENSOR, "action.tensors", "a sound tensor.*bytes of data", during="action.tensor")
class CutsTensorsShort(ServerSession):
    """Sends a tensor whose data is shorter than its shape."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        whole = super().encode_actions(actions)
        if isinstance(whole, Tensor):
            return unchecked(whole.dtype, whole.shape, whole.data[:-8])
        return whole


@fault(rule.TENSOR, "action.tensors", "a sound tensor.*/actions.*/shape", during="action.tensor")
class FlattensTensors(ServerSession):
    """Sends a tensor of rank 1."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        whole = super().encode_actions(actions)
        if isinstance(whole, Tensor):
            return unchecked(whole.dtype, [whole.shape[0] * whole.shape[1]], whole.data)
        return whole


@fault(rule.DTYPE, ("action.tensor", "action.dtype"), "one of float32.*<f8.*/actions/dtype")
class SpeaksNumpy(ServerSession):
    """Names the dtype as numpy does."""

    def encode_actions(self, actions: Actions) -> Rows | Tensor:
        whole = super().encode_actions(actions)
        if isinstance(whole, Tensor):
            return unchecked("<f8", whole.shape, whole.data)
        return whole


@fault(
    rule.INTEGERS,
    ("action.integers", "action.integers_stay_integers"),
    "an integer.*6.0.*/state_dim",
)
class WritesIntegersAsFloats(ServerSession):
    """Declares a width of 6.0."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return written_as(text, state_dim=6.0) if isinstance(frame, SessionReady) else text
