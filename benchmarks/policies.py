"""Policies that think of nothing, wait, or compute: `--policy benchmarks.policies:NAME`."""

from __future__ import annotations

import random
import time
from array import array
from typing import Any

from .rounds import JOINTS, ROWS, SEED


def numbers() -> array[float]:
    """The numbers of one chunk, float32, drawn once."""
    draw = random.Random(SEED)
    return array("f", (draw.gauss(0, 0.5) for _ in range(ROWS * JOINTS)))


class Null:
    """Returns one prebuilt float32 block of 50 x 14, as a model does.

    It is a `memoryview` with that shape. A numpy array of float32 comes to the server in the same
    way, by the buffer protocol; so numpy is not needed here.
    """

    def __init__(self) -> None:
        self.actions = memoryview(numbers()).cast("B").cast("f", (ROWS, JOINTS))

    def infer(self, step: Any) -> Any:
        return self.actions


class NullLists(Null):
    """Returns the same chunk as prebuilt lists of Python floats."""

    def __init__(self) -> None:
        super().__init__()
        flat = numbers().tolist()
        self.rows = [flat[at : at + JOINTS] for at in range(0, len(flat), JOINTS)]

    def infer(self, step: Any) -> Any:
        return self.rows


class NullCoroutine(Null):
    """Returns the block from a coroutine, which the server awaits where it is: no thread."""

    async def infer(self, step: Any) -> Any:
        return self.actions


class Waiting(Null):
    """Takes 100 ms, in which the processor is free: a model on an accelerator."""

    def infer(self, step: Any) -> Any:
        time.sleep(0.1)
        return self.actions


class Busy(Null):
    """Computes in pure Python, and gives the interpreter to nobody, for as long as `state[0]`."""

    def infer(self, step: Any) -> Any:
        ends = time.monotonic() + step.state[0]
        total = 0
        while time.monotonic() < ends:
            for number in range(1000):
                total += number * number
        return self.actions
