"""Policies under which faults show: cameras, noise, slowness, loading."""

import random
import time
from typing import Any

from risp.reference_impl.action.policy import Step
from risp.reference_impl.action.toy import ToyPolicy

CAMERAS = ["front", "left_wrist", "right_wrist"]


class Slow(ToyPolicy):
    """Takes 20 ms."""

    def __init__(self) -> None:
        super().__init__(0.02)


class VerySlow(ToyPolicy):
    """Takes 100 ms."""

    def __init__(self) -> None:
        super().__init__(0.1)


class Leisurely(ToyPolicy):
    """Takes 0.7 s."""

    def __init__(self) -> None:
        super().__init__(0.7)


class Late(ToyPolicy):
    """Takes 1.2 s, but for the first observation, by which a target is found to be sound."""

    def infer(self, step: Step) -> list[list[float]]:
        actions = super().infer(step)
        self.delay_s = 1.2
        return actions


class Noisy(ToyPolicy):
    """Samples: equal observations get other actions."""

    def infer(self, step: Step) -> list[list[float]]:
        return [[number + random.gauss(0, 0.01) for number in row] for row in super().infer(step)]


class NoisyPair(Noisy):
    """Samples, two at a time, for 50 ms."""

    max_concurrency = 2

    def __init__(self) -> None:
        super().__init__(0.05)


class Seeing(ToyPolicy):
    """Needs three cameras and has 14 joints."""

    def describe(self) -> dict[str, Any]:
        about = {"state_dim": 14, "action_dim": 14, "action_names": None, "cameras": CAMERAS}
        return super().describe() | about


class LoadsSlowly(ToyPolicy):
    """Is there after 6.5 s."""

    def load(self) -> None:
        time.sleep(6.5)
