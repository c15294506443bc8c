"""What a server can declare, and what the requirements of class `declared` hang on."""

from __future__ import annotations

from enum import StrEnum


class Capability(StrEnum):
    """What stands in `capabilities` of `session.open` and `session.ready`."""

    STATUS = "status"
    """While the model loads, the server says so in `session.status`, and the client waits on."""
    TENSOR_B64 = "tensor_b64"
    """Actions travel as one base64 tensor in place of nested lists."""
    MAX_AGE = "max_age"
    """Observations older than their `max_age_ms` are dropped when their turn comes."""
    QUEUE_LATEST = "queue_latest"
    """The server can serve `queue: latest`."""
    GPU_BUDGET = "gpu_budget"
    """The server enforces `max_gpu_seconds`."""


ON_REQUEST = frozenset({Capability.STATUS, Capability.TENSOR_B64, Capability.MAX_AGE})
"""Capabilities that change what the client receives: declared only to a client that listed them."""


class Declares(StrEnum):
    """The facts about a target, known after one opening, that make a requirement applicable."""

    AUTH = "auth"
    """A handshake without a key is refused, and the key at hand opens."""
    KEYLESS = "keyless"
    """A handshake without a key is accepted."""
    STATE_DIM = "state_dim"
    """`session.ready` declares the width of `state`."""
    ACTION_DIM = "action_dim"
    """`session.ready` declares the width of an action row."""
    CHUNK_SIZE = "chunk_size"
    """`session.ready` declares the most rows of a chunk."""
    CAMERAS = "cameras"
    """`session.ready` declares at least one required camera."""
    NO_CAMERAS = "no cameras"
    """`session.ready` declares no required camera."""
    MAX_FRAME_BYTES = "max_frame_bytes"
    """`session.ready` declares the largest message."""
    MAX_IN_FLIGHT = "max_in_flight"
    """`session.ready` declares how many observations may be unanswered."""
    IDLE_TIMEOUT = "idle_timeout_ms"
    """`session.ready` declares when a silent session ends."""
    TENSOR_B64 = "tensor_b64"
    """`session.ready` declares the capability."""
    MAX_AGE = "max_age"
    """`session.ready` declares the capability."""
    QUEUE_LATEST = "queue_latest"
    """`session.ready` declares the capability."""
    ONLY_FIFO = "only_fifo"
    """`session.ready` does not declare `queue_latest`."""
    GPU_BUDGET = "gpu_budget"
    """`session.ready` declares the capability."""
