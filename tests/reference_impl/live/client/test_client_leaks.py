"""After any fault a client holds nothing: tasks, descriptors, threads and peers are as before."""

import asyncio
import gc
import logging
import os
import threading
import time
import weakref
from dataclasses import dataclass

import pytest
from aiortc import RTCPeerConnection

from .faults import ROWS
from .playing import check, play

SETTLED_S = 8.0
AT_ONCE = 5
OTHERS = ("asyncio", "policy-")
"""Threads of the loop, which waits for processes and reads files with them, and of a server's."""


@dataclass(frozen=True)
class Held:
    """What this process holds."""

    tasks: frozenset[str]
    descriptors: int
    threads: frozenset[str]
    peers: int

    @classmethod
    def now(cls, peers):
        tasks = {repr(one) for one in asyncio.all_tasks() if one is not asyncio.current_task()}
        threads = {one.name for one in threading.enumerate() if not one.name.startswith(OTHERS)}
        living = sum(one.connectionState != "closed" for one in peers)
        return cls(frozenset(tasks), len(os.listdir("/proc/self/fd")), frozenset(threads), living)


@pytest.fixture(scope="module", autouse=True)
def quick_collections():
    """What is there before is not looked at each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def peers(monkeypatch):
    """Every peer connection that is made from now on, and is not yet collected."""
    made = weakref.WeakSet()
    init = RTCPeerConnection.__init__

    def counted(self, *args, **kwargs):
        init(self, *args, **kwargs)
        made.add(self)

    monkeypatch.setattr(RTCPeerConnection, "__init__", counted)
    return made


async def settled(peers, are):
    until = time.monotonic() + SETTLED_S
    while not are(held := Held.now(peers)) and time.monotonic() < until:
        await asyncio.sleep(0.02)
        gc.collect()
    return held


async def leaves_nothing(row, times, peers):
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: complaints.append(about))
    check(row, await play(row))  # threads and descriptors that are there for good
    before = await settled(peers, lambda held: not held.tasks and not held.peers)
    at_once = AT_ONCE if row.serve is None else 1
    for first in range(0, times, at_once):
        several = min(at_once, times - first)
        await asyncio.gather(*(play(row) for _ in range(several)))
    assert await settled(peers, lambda held: held == before) == before
    gc.collect()
    assert complaints == []


def run(row, times, peers, caplog):
    asyncio.run(leaves_nothing(row, times, peers), debug=False)
    gc.collect()
    wrong = [one for one in caplog.records if one.name == "asyncio" and one.levelno > logging.INFO]
    assert wrong == []


SHORT = [row for row in ROWS if row.serve is None]
"""Servers of another kind take seconds to be there; their rows are only for the long run."""


@pytest.mark.parametrize("row", SHORT, ids=lambda row: row.name)
def test_a_fault_met_three_times_leaves_nothing_behind(row, peers, caplog):
    run(row, 3, peers, caplog)


@pytest.mark.soak
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_fault_met_twenty_times_leaves_nothing_behind(row, peers, caplog):
    run(row, 20, peers, caplog)


@pytest.mark.parametrize("what", ["task", "descriptor", "thread", "peer"])
def test_what_is_left_behind_is_seen(what, peers):
    async def leave():
        before = Held.now(peers)
        over = threading.Event()
        thread = threading.Thread(target=over.wait, name="left")
        match what:
            case "task":
                left = asyncio.create_task(asyncio.sleep(60))
            case "descriptor":
                left = os.open(os.devnull, os.O_RDONLY)
            case "thread":
                thread.start()
            case "peer":
                left = RTCPeerConnection()
        try:
            assert Held.now(peers) != before
        finally:
            over.set()
            match what:
                case "task":
                    left.cancel()
                case "descriptor":
                    os.close(left)
                case "thread":
                    thread.join()
                case "peer":
                    await left.close()

    asyncio.run(leave())
