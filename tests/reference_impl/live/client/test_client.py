"""A client among servers that play their part; what is documented: `test_as_documented`."""

import asyncio
import time

import httpx
import numpy as np
import pytest

from risp.reference_impl.live.client import LiveClient, LiveError, Status, Timeouts, connection
from risp.reference_impl.live.client.handlers import EVENTS
from tests.live_server import KEY as REAL_KEY
from tests.live_server import serving
from tests.reference_impl.live.deployed import Green

from .scripted import TRACKS
from .test_client_wire import ready, scene, until

MODES = ("local", "hosted", "flat")


@pytest.fixture(scope="module")
def here():
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def there():
    with serving("--key", REAL_KEY) as server:
        yield server


@pytest.fixture
def made(here, there, monkeypatch):
    """A client of a real server, in a mode."""
    monkeypatch.setenv("RISP_LOCAL_URL", here.url)

    def make(mode, **more):
        if mode == "local":
            return LiveClient("probe", local=True, **more)
        return LiveClient("probe", REAL_KEY, there.url, flat=mode == "flat" or None, **more)

    return make


async def state_of(client, server):
    """How the server sees the client's session."""
    session = client.get_session_id()
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        if client._where.local:
            return (await http.get("/session")).json()["state"]
        token = await http.post("/tokens", headers={"Reactor-API-Key": REAL_KEY})
        bearer = {"Authorization": f"Bearer {token.json()['jwt']}"}
        return (await http.get(f"/sessions/{session}", headers=bearer)).json()["state"]


def test_events_come_in_this_order():
    """From `connect()` to the end of the block."""
    seen = []

    async def main():
        at = time.time() + 60

        def prepare(server):
            server.descriptor = {"expires_at": at}

        async with scene(prepare=prepare) as (client, server):
            for event in EVENTS:
                client.on(event, lambda *told, event=event: seen.append((event, *told)))
            peer = await ready(client, server)
            peer.tell("a", {}, "application")
            peer.tell("commandRejected", {"command": "b", "code": "no", "message": "because"})
            await until(lambda: seen[-1][0] == "error")
            capabilities = client.get_capabilities()
            error = client.get_last_error()
        told = {"type": "commandRejected"}
        told["data"] = {"command": "b", "code": "no", "message": "because"}
        return seen == [
            ("status_changed", Status.CONNECTING),
            ("session_id_changed", "sess-1"),
            ("status_changed", Status.WAITING),
            ("capabilities_received", capabilities),
            ("session_expiration_changed", at),
            ("status_changed", Status.READY),
            ("message", {"type": "a", "data": {}}),
            ("runtime_message", told),
            ("error", error),
            ("status_changed", Status.DISCONNECTED),
            ("session_id_changed", None),
            ("session_expiration_changed", None),
        ]

    assert asyncio.run(main()), seen


def test_a_coroutine_handler_gets_one_message_after_the_other():
    began, ended = [], []

    async def slow(message):
        assert len(began) == len(ended), "it runs once at a time"
        began.append(message["data"]["n"])
        await asyncio.sleep(0.002 if message["data"]["n"] % 2 else 0)
        ended.append(message["data"]["n"])

    async def main():
        async with scene() as (client, server):
            client.on_message(slow)
            peer = await ready(client, server)
            for n in range(30):
                peer.tell("a", {"n": n}, "application")
            await until(lambda: len(ended) == 30)

    asyncio.run(main())
    assert began == ended == list(range(30))


@pytest.mark.parametrize("mode", MODES)
def test_a_session_is_left_for_a_while_and_come_back_to(made, mode):
    frames, messages = [], []

    async def main():
        client = made(mode)
        client.on("message", messages.append)
        client.set_frame_callback(frames.append)
        async with client:
            await client.connect()
            await client.send_command("set_prompt", {"prompt": "kept"})
            await client.publish_track("webcam", Green())
            await until(lambda: frames and frames[-1][120, 160, 1] > 150)
            session = client.get_session_id()
            await client.disconnect(recoverable=True)
            assert client.get_status() == "disconnected"
            assert client.get_remote_tracks() == {}
            assert client.get_session_id() == session
            assert client.get_capabilities() is not None
            frames.clear()
            await client.reconnect()
            assert client.get_session_id() == session
            await client.send_command("get_state")
            await until(lambda: messages[-1]["type"] == "snapshot")
            assert messages[-1]["data"]["prompt"] == "kept"
            # What was published is published again.
            await until(lambda: frames and frames[-1][120, 160, 1] > 150)

    asyncio.run(main())


def test_a_track_that_ended_meanwhile_is_not_published_again():
    async def main():
        async with scene() as (client, server):
            await ready(client, server)
            track = Green()
            await client.publish_track(track)
            await client.disconnect(recoverable=True)
            track.stop()
            await client.reconnect()
            peer = server.peers[-1]
            await until(lambda: peer.said("resume_track"))
            assert not peer.said("publish_track")

    asyncio.run(main())


def test_a_track_that_is_refused_on_coming_back_is_published_as_soon_as_it_can_be():
    async def main():
        told = []
        async with scene() as (client, server):
            client.on_error(told.append)
            await ready(client, server)
            await client.publish_track(Green())
            await client.disconnect(recoverable=True)
            server.on_publish = {"error": {"code": "publish_refused", "message": "taken"}}
            await client.reconnect()
            assert client.get_status() == "ready"
            server.on_publish = {"data": {}}
            await until(lambda: client._connection._granted == {"webcam"})
            assert told == []

    asyncio.run(main())


def test_a_track_that_stays_refused_is_told_and_not_tried_for_ever(monkeypatch):
    monkeypatch.setattr(connection, "REFUSED_TICKS", 1)

    async def main():
        told = []
        async with scene() as (client, server):
            client.on_error(told.append)
            await ready(client, server)
            await client.publish_track(Green())
            await client.disconnect(recoverable=True)
            server.on_publish = {"error": {"code": "publish_refused", "message": "taken"}}
            await client.reconnect()
            assert client.get_status() == "ready"
            await until(lambda: told)
            assert (told[0].code, told[0].recoverable) == ("publish_refused", False)
            await client.disconnect(recoverable=True)
            await client.reconnect()
            assert len(told) == 1, "it is not tried for ever"

    asyncio.run(main())


@pytest.mark.parametrize(("directions", "works"), [(1, True), (2, False), (0, False)])
def test_the_name_of_an_input_is_left_out_only_where_there_is_one(directions, works):
    inputs = [{**TRACKS[1], "name": f"in{n}"} for n in range(directions)]
    capabilities = {"protocol_version": "v0", "tracks": [TRACKS[0], *inputs], "commands": []}

    async def main():
        def prepare(server):
            server.descriptor = {"capabilities": capabilities}

        async with scene(prepare=prepare) as (client, server):
            with pytest.raises((ValueError, LiveError)):
                await client.publish_track(Green())
            peer = await ready(client, server)
            if works:
                await client.publish_track(Green())
                await client.unpublish_track()
                await until(lambda: peer.said("unpublish_track"))
                assert [one for _, one in peer.said("publish_track")] == [{"name": "in0"}]
            else:
                with pytest.raises(ValueError, match="name is due"):
                    await client.publish_track(Green())
                with pytest.raises(ValueError, match="name is due"):
                    await client.unpublish_track()

    asyncio.run(main())


@pytest.mark.parametrize(("outputs", "only"), [(1, True), (2, False), (0, False)])
def test_the_remote_track_is_there_if_it_is_the_only_one(outputs, only):
    tracks = [{**TRACKS[0], "name": f"out{n}"} for n in range(outputs)]
    capabilities = {"protocol_version": "v0", "tracks": tracks, "commands": []}

    async def main():
        def prepare(server):
            server.descriptor = {"capabilities": capabilities}
            server.sends = [Green() for _ in range(outputs)]

        async with scene(prepare=prepare) as (client, server):
            received = []
            client.on("track_received", lambda name, track: received.append((name, track)))
            await ready(client, server)
            assert dict(received) == client.get_remote_tracks()
            assert [name for name, _ in received] == [one["name"] for one in tracks]
            assert client.get_remote_track() is (received[0][1] if only else None)
            for _, track in received:
                frame = await asyncio.wait_for(track.recv(), 5)
                assert (frame.width, frame.height) == (160, 120)

    asyncio.run(main())


def test_frames_are_rgb_and_come_by_track_and_the_newest_to_the_slow():
    every, named, slow, times = [], [], [], []

    async def main():
        def prepare(server):
            server.sends = [Green()]

        async with scene(prepare=prepare) as (client, server):
            client.on_frame(every.append)
            client.on_frame("main_video")(named.append)

            @client.on_frame("nothing")
            def never(frame):
                raise AssertionError("no such track")

            await ready(client, server)
            await until(lambda: len(every) > 2 and len(named) > 2)
            frame = every[-1]
            assert (frame.shape, frame.dtype) == ((120, 160, 3), np.uint8)
            red, green, blue = frame.mean(axis=(0, 1))
            assert green > 180
            assert max(red, blue) < 30
            client.set_frame_callback(None)
            count = len(every), len(named)
            await asyncio.sleep(0.15)
            assert (len(every), len(named)) == count

            @client.on_frame
            async def late(frame):
                slow.append(frame)
                times.append(time.monotonic())
                await asyncio.sleep(0.25)

            await until(lambda: len(slow) == 4)
            assert times[-1] - times[0] < 4 * 0.25, "no frame of before waits for it"
            assert client._connection._peer.remote["main_video"].readyState == "live"

    asyncio.run(main())


@pytest.mark.parametrize("mode", MODES)
def test_the_end_of_a_block_is_the_end_of_its_session(made, here, there, mode):
    server = here if mode == "local" else there

    async def main():
        client = made(mode)
        async with client:
            await client.connect()
            assert await state_of(client, server) in ("ACTIVE", "streaming")
            session = client.get_session_id()
        client._session_id = session
        assert await state_of(client, server) in ("CLOSED", "ready")
        client._session_id = None

        async def fail():
            nonlocal session
            async with client:
                await client.connect()
                session = client.get_session_id()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        client._session_id = session
        assert await state_of(client, server) in ("CLOSED", "ready")
        client._session_id = None

    asyncio.run(main())


def test_two_clients_of_one_server_do_not_touch_each_other(made):
    async def main():
        async with made("hosted") as one, made("hosted") as two:
            heard = {one: [], two: []}
            for client, into in heard.items():
                client.on("message", into.append)
                await client.connect()
            assert one.get_session_id() != two.get_session_id()
            await one.send_command("add", {"a": 1})
            await until(lambda: heard[one])
            await one.disconnect()
            assert two.get_status() == "ready"
            await two.send_command("add", {"a": 2})
            await until(lambda: heard[two])
            assert heard[two] == [{"type": "sum", "data": {"total": 3}}]

    asyncio.run(main())


def test_a_local_session_of_somebody_else_is_not_ended(made, here):
    """Ours was over, and another client has begun one meanwhile."""

    async def main():
        async with made("local") as ours, made("local", timeouts=Timeouts(busy_s=0.3)) as theirs:
            await ours.connect()
            with pytest.raises(LiveError, match="session_running"):
                await theirs.connect()
            await ours.disconnect(recoverable=True)
            async with httpx.AsyncClient(base_url=here.url, trust_env=False) as http:
                await http.post("/stop_session")
            await theirs.connect()
            await ours.disconnect()
            await theirs.send_command("add", {"a": 1})
            assert await state_of(theirs, here) == "streaming"
            with pytest.raises(LiveError, match="nothing_to_resume"):
                await ours.reconnect()

    asyncio.run(main())
