"""What a session keeps when its clients are gone."""

import asyncio
import multiprocessing
import os
import signal
import time

import pytest

from tests.live_client import client
from tests.live_server import serving

rule = pytest.mark.requirement


async def local_state(own):
    return (await own.http.get("/session")).json()["state"]


async def until_state(own, state, within=5.0):
    async with asyncio.timeout(within):
        while await local_state(own) != state:
            await asyncio.sleep(0.05)


@rule("L-RESUME-2")
@rule("L-RESUME-3")
@rule("L-RESUME-4")
def test_a_client_that_comes_back_finds_the_state_as_it_was(meet):
    async def scene(own, link):
        await link.ask("set_prompt", {"prompt": "kept"})
        await link.close()
        await until_state(own, "orphaned")
        again = own.link((await own.http.get("/session")).json())
        await again.open(resume=False)
        assert await local_state(own) == "streaming"
        assert (await again.state())["prompt"] == "kept"
        await asyncio.sleep(0.5)
        assert again.frames == 0, "its outputs start paused, as any connection's"

    meet(scene)


@rule("L-RESUME-1")
@rule("L-RESUME-5")
def test_an_orphan_is_kept_for_its_window_and_then_freed(meet):
    async def scene(own, link):
        window = (await own.http.get("/session")).json()["resume_window_s"]
        await link.close()
        await until_state(own, "orphaned")
        left = time.monotonic()
        await asyncio.sleep(window - 1)
        assert await local_state(own) == "orphaned"
        await until_state(own, "ready", within=3)
        assert time.monotonic() - left >= window - 0.5
        gone = await own.http.post(f"{link.base}/connections")
        assert gone.status_code in (404, 409)

    meet(scene)


@rule("L-RESUME-9")
def test_the_same_id_may_come_back(meet):
    async def scene(own, link):
        number = link.id
        await link.ask("set_seed", {"seed": 7})
        await link.close()
        await until_state(own, "orphaned")
        again = own.link((await own.http.get("/session")).json())
        await again.open(connection=number, method="PUT")
        assert (await again.state())["seed"] == 7

    meet(scene)


@rule("L-RESUME-10")
def test_the_others_stay_when_one_is_gone(meet):
    async def scene(own, link):
        other = own.link((await own.http.get("/session")).json())
        await other.open()
        await link.close()
        await asyncio.sleep(0.2)
        assert await local_state(own) == "streaming"
        begin = other.frames
        await other.until(lambda: other.frames > begin + 3)

    meet(scene)


def _stay_connected(url, told):
    async def run():
        async with client(url) as own:
            link = own.link(await own.start())
            await link.open()
            await link.ask("set_prompt", {"prompt": "mine"})
            told.put("ready")
            while True:
                link.say("runtime", "ping")
                await asyncio.sleep(1)

    asyncio.run(run())


@pytest.mark.slow
@rule("L-RESUME-6")
@rule("L-RESUME-7")
@rule("L-RESUME-8")
def test_a_killed_client_is_noticed_its_state_kept_for_the_window_and_then_freed():
    """SIGKILL: no word is said, no packet comes any more."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    with serving("--resume-window-s", "4") as server:
        victim = context.Process(target=_stay_connected, args=(server.url, told))
        victim.start()
        try:
            assert told.get(timeout=20) == "ready"
        finally:
            assert victim.pid is not None
            os.kill(victim.pid, signal.SIGKILL)
            victim.join()
        killed = time.monotonic()

        async def scene():
            async with client(server.url) as own:
                await asyncio.sleep(18)
                assert await local_state(own) == "streaming", "silence is borne for 20 s"
                await until_state(own, "orphaned", within=10)
                assert 19 <= time.monotonic() - killed <= 25
                again = own.link((await own.http.get("/session")).json())
                await again.open()
                assert (await again.state())["prompt"] == "mine"
                await again.close()
                await until_state(own, "orphaned")
                await until_state(own, "ready", within=7)

        asyncio.run(scene())
    told.close()
    told.join_thread()


@rule("L-SESS-22")
@rule("L-SESS-19")
def test_a_server_that_is_stopped_tells_its_sessions_and_ends():
    async def scene(server):
        async with client(server.url) as own:
            links = [own.link(await own.start())]
            links += [own.link(await own.create()) for _ in range(2)]
            for link in links:
                await link.open()
            server.process.send_signal(signal.SIGINT)
            started = time.monotonic()
            for link in links:
                await asyncio.wait_for(link.closed.wait(), 5)
                assert link.messages[-1] == {
                    "scope": "runtime",
                    "data": {"type": "sessionEnded", "data": {"reason": "shutting_down"}},
                }
            code = await asyncio.to_thread(server.process.wait, 5)
            assert code == 0
            assert time.monotonic() - started <= 5

    with serving() as server:
        asyncio.run(scene(server))
