"""Local mode on the wire: one session, and what is told of the server."""

import asyncio
import json

import pytest

from tests.live_client import client

rule = pytest.mark.requirement


def hold(probe, scene):
    async def run():
        async with client(probe.url) as own:
            try:
                await scene(own)
            finally:
                await own.stop()

    asyncio.run(run())


@rule("L-LOCAL-1")
@rule("L-LOCAL-2")
@rule("L-LOCAL-3")
@rule("L-LOCAL-4")
@rule("L-LOCAL-5")
@rule("L-LOCAL-6")
@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'{"unknown": [1], "session_id": "mine"}'])
def test_the_local_session_is_started_once_and_stopped_once(probe, body):
    async def scene(own):
        nobody = (await own.http.get("/session")).json()
        assert nobody["state"] == "ready"
        none = await own.http.post("/stop_session")
        assert (none.status_code, none.json()["code"]) == (409, "no_session")
        started = await own.http.post("/start_session", content=body)
        assert started.status_code == 200
        assert started.json()["state"] == "streaming"
        assert [one["name"] for one in started.json()["capabilities"]["tracks"]] == [
            "webcam",
            "main_video",
        ]
        assert (await own.http.get("/session")).json() == started.json()
        twice = await own.http.post("/start_session", content=body)
        assert (twice.status_code, twice.json()["code"]) == (409, "session_running")
        assert (await own.http.post("/stop_session", content=body)).status_code == 200
        again = await own.http.post("/start_session", content=body)
        assert again.json()["session_id"] not in (
            nobody["session_id"],
            started.json()["session_id"],
        )

    hold(probe, scene)


@rule("L-LOCAL-7")
def test_a_new_local_session_has_a_state_of_its_own(probe):
    async def scene(own):
        for _ in range(2):
            link = own.link(await own.start())
            await link.open()
            assert (await link.state())["seed"] == 42
            await link.ask("set_seed", {"seed": 7})
            await own.stop()

    hold(probe, scene)


@rule("L-LOCAL-9")
def test_health_says_how_the_server_is(probe):
    async def scene(own):
        assert (await own.http.get("/health")).json()["state"] == "available"
        await own.start()
        assert (await own.http.get("/health")).json()["state"] == "serving"

    hold(probe, scene)


@rule("L-LOCAL-11")
@rule("L-LOCAL-12")
def test_what_happens_is_told_to_those_who_watch_and_to_those_who_come_later(probe):
    async def read(own, count, **how):
        """So many events, as far as they are there."""
        events = []
        async with asyncio.timeout(5), own.http.stream("GET", "/events", **how) as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            known = ""
            async for line in stream.aiter_lines():
                if line.startswith("id:"):
                    known = line.removeprefix("id:").strip()
                if line.startswith("data:"):
                    events.append((known, json.loads(line.removeprefix("data:"))))
                if len(events) == count:
                    return events
        raise AssertionError("the stream has ended")

    async def scene(own):
        link = own.link(await own.start())
        await link.open()
        watching = asyncio.create_task(read(own, 2))
        await asyncio.sleep(0.3)
        await link.ask("set_seed", {"seed": 7})
        await link.ask("set_seed", {"seed": "x"})
        taken, refused = await watching
        assert taken[1]["event"] == "command"
        assert taken[1]["detail"]["name"] == "set_seed"
        assert taken[1]["detail"]["args"] == {"seed": 7}
        assert refused[1]["event"] == "error"
        assert "expected integer, got str" in refused[1]["detail"]["message"]
        for how in ({"headers": {"Last-Event-ID": taken[0]}}, {"params": {"since": taken[0]}}):
            (again,) = await read(own, 1, **how)
            assert again == refused

    hold(probe, scene)
