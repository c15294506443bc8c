"""What the court knows of a target, and frames that the target accepts."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from risp.protocol.action.declares import Capability, Declares
from risp.protocol.action.limits import (
    DEFAULT_ANSWER_TIMEOUT_MS,
    DEFAULT_MAX_FRAME_BYTES,
    DEFAULT_MAX_IN_FLIGHT,
)

from .json_values import integer, mapping, strings
from .peers.address import Address
from .peers.link import Request
from .pictures import JPEG
from .transcript import REDACTED

STATE_WIDTHS = (6, 7, 14, 8, 1, 16, 32)
"""Widths of `state` that are tried, commonest first, on a target that declares none."""


MUTE_S = 1.0
"""Seconds that a target is waited for which has not answered when it had all its time."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A target as it described itself."""

    address: Address
    key: str | None = None
    """The key at hand, if any."""
    key_required: bool = False
    """Whether a handshake without a key was refused and the key at hand opened."""
    ready: dict[str, Any] = field(default_factory=dict[str, Any])
    """`session.ready` as answered to a client that listed every capability."""
    open_members: dict[str, Any] = field(default_factory=dict[str, Any])
    """Members to merge into every `session.open`, from the user."""
    observation_members: dict[str, Any] = field(default_factory=dict[str, Any])
    """Members to merge into every observation, from the user."""
    state_width: int = STATE_WIDTHS[0]
    """The width of `state` that the target accepts."""
    mute: bool = False
    """Whether it let the first observation go without an answer, for as long as it may take."""

    def to_json(self) -> dict[str, Any]:
        """What a transcript says of a target; of the key, whether there was one."""
        return {
            "key": self.key is not None,
            "key_required": self.key_required,
            "ready": self.ready,
            "open": self.open_members,
            "observation": self.observation_members,
            "state_width": self.state_width,
            "mute": self.mute,
        }

    @classmethod
    def from_json(cls, url: str, tree: dict[str, Any]) -> Subject:
        """A target as a transcript tells of it; raises ValueError."""
        due = {
            "key": bool,
            "key_required": bool,
            "ready": dict,
            "open": dict,
            "observation": dict,
            "state_width": int,
            "mute": bool,
        }
        wrong = [name for name, kind in due.items() if not isinstance(tree.get(name), kind)]
        if wrong:
            raise ValueError(f"`subject` has no sound {', '.join(wrong)}")
        return cls(
            Address.parse(url),
            REDACTED if tree["key"] else None,
            tree["key_required"],
            mapping(tree["ready"]),
            mapping(tree["open"]),
            mapping(tree["observation"]),
            tree["state_width"],
            tree["mute"],
        )

    def limit(self, name: str) -> int | None:
        """A declared limit, or None."""
        value = integer(mapping(self.ready.get("limits")).get(name))
        return value if value is not None and value > 0 else None

    @property
    def answer_s(self) -> float:
        """Seconds within which an observation is answered."""
        if self.mute:
            return MUTE_S  # Told once; to wait as long in every check would help nobody.
        return (self.limit("answer_timeout_ms") or DEFAULT_ANSWER_TIMEOUT_MS) / 1000

    @property
    def max_in_flight(self) -> int:
        """Observations that may be unanswered in `fifo`."""
        return self.limit("max_in_flight") or DEFAULT_MAX_IN_FLIGHT

    @property
    def max_frame_bytes(self) -> int:
        """Bytes that a message may have."""
        return self.limit("max_frame_bytes") or DEFAULT_MAX_FRAME_BYTES

    @property
    def cameras(self) -> list[str]:
        """Cameras that every observation has to carry."""
        return strings(self.ready.get("cameras"))

    @property
    def capabilities(self) -> list[str]:
        """Extensions that hold for a client that lists every one."""
        return strings(self.ready.get("capabilities"))

    @property
    def declares(self) -> frozenset[str]:
        """The facts that requirements of class `declared` hang on."""
        ready = self.ready
        facts: dict[Declares, bool] = {
            Declares.AUTH: self.key_required,
            Declares.KEYLESS: not self.key_required,
            Declares.STATE_DIM: ready.get("state_dim") is not None,
            Declares.ACTION_DIM: ready.get("action_dim") is not None,
            Declares.CHUNK_SIZE: ready.get("chunk_size") is not None,
            Declares.CAMERAS: bool(self.cameras),
            Declares.NO_CAMERAS: not self.cameras,
            Declares.MAX_FRAME_BYTES: self.limit("max_frame_bytes") is not None,
            Declares.MAX_IN_FLIGHT: self.limit("max_in_flight") is not None,
            Declares.IDLE_TIMEOUT: self.limit("idle_timeout_ms") is not None,
            Declares.TENSOR_B64: Capability.TENSOR_B64 in self.capabilities,
            Declares.MAX_AGE: Capability.MAX_AGE in self.capabilities,
            Declares.QUEUE_LATEST: Capability.QUEUE_LATEST in self.capabilities,
            Declares.ONLY_FIFO: Capability.QUEUE_LATEST not in self.capabilities,
            Declares.GPU_BUDGET: Capability.GPU_BUDGET in self.capabilities,
        }
        return frozenset(fact for fact, holds in facts.items() if holds)

    def handshake(
        self, target: str | None, key: str | None, headers: tuple[tuple[str, str], ...] = ()
    ) -> Request:
        """The opening handshake to send; without a key for None."""
        auth = () if key is None else (("Authorization", f"Bearer {key}"),)
        return Request(target or self.address.target, (*auth, *headers))

    def open_frame(self, **members: Any) -> dict[str, Any]:
        """A `session.open` that the target accepts, with some members set; None takes one out."""
        frame: dict[str, Any] = {
            "type": "session.open",
            "session_id": "",
            "prompt": "pick up the cup",
            "cameras": [],
        }
        return _without_none(frame | self.open_members | members)

    def observation(self, seq: int, rng: Random, **members: Any) -> dict[str, Any]:
        """An observation that the target accepts, with some members set; None takes one out."""
        frame: dict[str, Any] = {
            "type": "observation",
            "seq": seq,
            "state": [round(rng.uniform(-1, 1), 3) for _ in range(self.state_width)],
            "images": {name: {"encoding": "jpeg_base64", "data": JPEG} for name in self.cameras},
        }
        return _without_none(frame | self.observation_members | members)


def _without_none(frame: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in frame.items() if value is not None}
