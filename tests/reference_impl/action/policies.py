"""Policies that a spawned server serves in the tests."""

import asyncio
import threading
import time


class Held:
    """Infers for as many seconds as `state` says, without holding the interpreter."""

    def describe(self):
        return {"model": "held", "state_dim": 1, "action_dim": 1, "chunk_size": 1}

    def infer(self, step):
        time.sleep(step.state[0])
        return [[step.state[0]]]


class Several(Held):
    """Four at a time."""

    max_concurrency = 4


class Coroutine(Held):
    """Waits on the loop."""

    async def infer(self, step):
        await asyncio.sleep(step.state[0])
        return [[step.state[0]]]


class Busy(Held):
    """Pure Python that never lets go by itself."""

    def infer(self, step):
        end = time.perf_counter() + step.state[0]
        count = 0
        while time.perf_counter() < end:
            count += 1
        return [[float(count)]]


class Loads(Held):
    """Is there after a second; tells in which threads it was called."""

    def __init__(self):
        self.threads = []

    def load(self):
        self.threads.append(threading.current_thread().name)
        time.sleep(1)

    def reset(self):
        self.threads.append(threading.current_thread().name)

    def infer(self, step):
        self.threads.append(threading.current_thread().name)
        return [[float(len(set(self.threads)))]]


class NeverLoads(Held):
    """Has lost its weights."""

    def load(self):
        raise FileNotFoundError("no weights")


class Raises(Held):
    """Fails with what a client must not read."""

    def infer(self, step):
        raise RuntimeError("secret detail")


class Misdescribed(Held):
    """Says what cannot be declared."""

    def describe(self):
        return {"state_dims": 3}


HELD = Held()
NOTHING = object()
