"""Calls from the policy's threads to the event loop."""

import asyncio
import threading

import pytest

from risp.reference_impl.action.serving.doorbell import Doorbell

NUMBERS = list(range(20_000))
"""So many that a bell is rung while it rings, and that no more fit into its sockets."""


def heard(calls=NUMBERS):
    """What arrives on the loop of what a thread has left there, and on which threads."""
    seen, threads = [], set()

    async def run():
        bell, is_all = Doorbell(), asyncio.Event()

        def hear(number):
            seen.append(number)
            threads.add(threading.current_thread())
            if number == calls[-1]:
                is_all.set()

        def ring():
            for number in calls:
                bell.call(hear, number)

        ringer = threading.Thread(target=ring)
        ringer.start()
        try:
            async with asyncio.timeout(10):
                await is_all.wait()
        finally:
            ringer.join()
            bell.close()

    asyncio.run(run())
    return seen, threads


def test_every_call_is_made_once_in_order_on_the_loop_s_thread():
    assert heard() == (NUMBERS, {threading.current_thread()})


def test_a_call_that_raises_keeps_no_other_from_its_turn():
    async def run():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        bell, done = Doorbell(), asyncio.Event()
        bell.call(lambda: 1 // 0)
        bell.call(done.set)
        async with asyncio.timeout(5):
            await done.wait()
        bell.close()

    asyncio.run(run())


def test_a_loop_that_watches_no_sockets_is_called_all_the_same(monkeypatch: pytest.MonkeyPatch):
    def refuse(*_):
        raise NotImplementedError

    for name in ("add_reader", "remove_reader"):
        monkeypatch.setattr(asyncio.SelectorEventLoop, name, refuse)
    assert heard() == (NUMBERS, {threading.current_thread()})


def test_after_the_end_of_the_loop_a_call_is_lost_in_silence():
    made = []

    async def run():
        bell = Doorbell()
        bell.close()
        return bell

    asyncio.run(run()).call(made.append, 1)
    assert made == []
