"""The policy that serves where none is given: deterministic, and sound without a model."""

from __future__ import annotations

import time
from typing import Any

from .policy import Step

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow", "wrist_flex", "wrist_roll", "gripper")
ROWS = 10


class ToyPolicy:
    """Bring every joint home in a straight line."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        """How long an inference takes, in seconds: something to wait for in demonstrations."""

    def describe(self) -> dict[str, Any]:
        """Six joints, ten rows, no camera needed."""
        return {
            "model": "toy",
            "state_dim": len(JOINTS),
            "action_dim": len(JOINTS),
            "action_names": list(JOINTS),
            "chunk_size": ROWS,
            "hz": 30.0,
        }

    def infer(self, step: Step) -> list[list[float]]:
        """From where the joints are to zero, in equal steps."""
        if self.delay_s:
            time.sleep(self.delay_s)
        return [[joint * (1 - row / ROWS) for joint in step.state] for row in range(1, ROWS + 1)]
