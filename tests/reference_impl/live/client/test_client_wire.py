"""What a client keeps on the wire, as a server sees it (L-CLIENT)."""

import asyncio
import contextlib
import json
import time
from itertools import pairwise

import pytest

from risp.protocol.live.limits import MAX_MESSAGE_BYTES, PING_EVERY_S
from risp.reference_impl.live.client import LiveClient, LiveError, Timeouts
from tests.reference_impl.live.deployed import Green

from .misdeeds import hangs, refuses, says
from .playing import SLOW_S
from .scripted import KEY, TRACKS, Scripted

rule = pytest.mark.requirement


@contextlib.asynccontextmanager
async def scene(*, local=False, monkeypatch=None, faults=None, prepare=lambda _: None, **more):
    """A client, its server, and the server's end of the connection once there is one."""
    async with Scripted(faults) as server:
        prepare(server)
        if local:
            monkeypatch.setenv("RISP_LOCAL_URL", server.url)
        client = LiveClient("probe", KEY, server.url, local, **more)
        async with client:
            yield client, server


async def ready(client, server):
    await client.connect()
    peer = server.peers[-1]
    await asyncio.wait_for(peer.here.wait(), SLOW_S)
    return peer


async def until(what, within=SLOW_S):
    async with asyncio.timeout(within):
        while not what():
            await asyncio.sleep(0.002)


def control_events(peer, name):
    return [one["data"]["name"] for _, label, one in peer.messages if one.get("event") == name]


@rule("L-CLIENT-1")
def test_it_pings_at_least_every_five_seconds():
    async def main():
        async with scene() as (client, server):
            peer = await ready(client, server)
            opened = time.monotonic()
            await until(lambda: len(peer.said("ping")) == 3, 3 * PING_EVERY_S)
            times = [opened, *(at for at, _ in peer.said("ping"))]
            waits = [later - sooner for sooner, later in pairwise(times)]
            assert max(waits) < PING_EVERY_S, waits

    asyncio.run(main())


@rule("L-CLIENT-2")
def test_it_opens_two_ordered_and_reliable_channels():
    async def main():
        async with scene() as (client, server):
            peer = await ready(client, server)
            assert peer.ordered == {"control": (True, None, None), "data": (True, None, None)}

    asyncio.run(main())


@rule("L-CLIENT-3")
def test_it_resumes_every_output_as_soon_as_it_is_ready_and_again_when_it_comes_back():
    async def main():
        outputs = [{**TRACKS[0], "name": name} for name in ("one", "two")]
        capabilities = {"protocol_version": "v0", "tracks": [*outputs, TRACKS[1]], "commands": []}

        def prepare(server):
            server.descriptor = {"capabilities": capabilities}

        async with scene(prepare=prepare) as (client, server):
            peer = await ready(client, server)
            await until(lambda: control_events(peer, "resume_track") == ["one", "two"])
            await client.disconnect(recoverable=True)
            await client.reconnect()
            again = server.peers[-1]
            assert again is not peer
            await until(lambda: control_events(again, "resume_track") == ["one", "two"])

    asyncio.run(main())


@rule("L-CLIENT-4")
def test_it_bears_states_members_and_messages_that_it_does_not_know():
    async def main():
        heard = []

        def prepare(server):
            server.descriptor = {"state": "DANCING", "news": [{"a": None}]}

        async with scene(prepare=prepare) as (client, server):
            client.on("runtime_message", heard.append)
            client.on("message", heard.append)
            peer = await ready(client, server)
            peer.tell("mediaStats", {"video": {"aggregateQos": 7}})
            peer.say({"scope": "application", "data": {"type": "a", "data": {}, "b": 1}, "c": 2})
            await until(lambda: len(heard) == 2)
            assert heard[0] == {"type": "mediaStats", "data": {"video": {"aggregateQos": 7}}}
            assert heard[1]["type"] == "a"
            assert client.get_status() == "ready"

    asyncio.run(main())


@rule("L-CLIENT-5")
def test_every_offer_says_which_section_is_which_track():
    async def main():
        async with scene() as (client, server):
            await ready(client, server)
            await client.disconnect(recoverable=True)
            await client.reconnect()
            first, again = server.of("offer")
            assert (first.method, again.method) == ("POST", "PUT")
            for offer in (first.json(), again.json()):
                told = [
                    (one["mid"], one["name"], one["direction"]) for one in offer["track_mapping"]
                ]
                assert told == [("0", "main_video", "recvonly"), ("1", "webcam", "sendonly")]
                sections = offer["sdp_offer"].split("m=")[1:]
                for one, section in zip(offer["track_mapping"], sections, strict=False):
                    assert f"a=mid:{one['mid']}\r\n" in section
                    assert f"a={one['direction']}\r\n" in section
                    assert section.startswith(one["kind"])

    asyncio.run(main())


@rule("L-CLIENT-6")
def test_a_message_of_exactly_the_limit_is_sent_and_one_byte_more_is_not():
    async def main():
        async with scene() as (client, server):
            peer = await ready(client, server)
            frame = {"scope": "application", "data": {"type": "a", "data": {"text": ""}}}
            room = MAX_MESSAGE_BYTES - len(json.dumps(frame, separators=(",", ":")))
            await client.send_command("a", {"text": "x" * room})
            await until(lambda: peer.said("a"))
            with pytest.raises(LiveError, match="message_too_large"):
                await client.send_command("a", {"text": "x" * (room + 1)})
            with pytest.raises(LiveError, match="message_too_large"):
                await client.send_command("a", {"text": "ü" * (room // 2 + 1)})
            await client.send_command("b")
            await until(lambda: peer.said("b"))
            assert len(peer.said("a")) == 1

    asyncio.run(main())


@rule("L-CLIENT-7")
@pytest.mark.parametrize("step", ["poll", "answer"])
def test_it_waits_between_polls_and_longer_each_time(step):
    busy = says(
        {"session_id": "sess-1", "state": "WAITING"} if step == "poll" else None, 202, times=4
    )

    async def main():
        async with scene(faults={step: busy}) as (client, server):
            await ready(client, server)
            times = [one.at for one in server.of(step)]
            waits = [later - sooner for sooner, later in pairwise(times)]
            assert len(waits) == 4
            assert waits[0] >= 0.1
            assert all(later > 1.5 * sooner for sooner, later in pairwise(waits))
            assert waits[-1] < 5.0

    asyncio.run(main())


@rule("L-CLIENT-8")
@pytest.mark.parametrize("local", [False, True])
def test_it_ends_a_session_that_it_does_not_mean_to_resume(local, monkeypatch):
    async def main():
        async with scene(local=local, monkeypatch=monkeypatch) as (client, server):
            await ready(client, server)
            await client.disconnect(recoverable=True)
            assert server.ended == 0
            await client.connect()
            assert server.ended == 1, "the session that was kept is given up by connect()"
            await client.disconnect()
            assert server.ended == 2
            await client.disconnect()
            await client.connect()
        assert server.ended == 3
        paths = {one.path for one in server.of("end")}
        assert paths == ({"/stop_session"} if local else {"/sessions/sess-1"})

    asyncio.run(main())


@rule("L-CLIENT-9")
@pytest.mark.parametrize("step", ["create", "poll", "ice_servers", "register", "offer", "answer"])
def test_what_was_refused_with_retry_after_is_not_repeated(step):
    async def main():
        busy = refuses(503, "no_capacity", Retry_After="1")
        async with scene(faults={step: busy}) as (client, server):
            with pytest.raises(LiveError) as caught:
                await client.connect()
            assert (caught.value.retry_after, caught.value.recoverable) == (1.0, True)
            await asyncio.sleep(0.3)
            assert len(server.of(step)) == 1

    asyncio.run(main())


@rule("L-CLIENT-9")
@pytest.mark.parametrize(("seconds", "requests"), [("1", 2), ("7", 1)])
def test_a_local_session_that_is_just_ending_is_asked_for_no_sooner(seconds, requests, monkeypatch):
    busy = says({"code": "session_running"}, 409, {"Retry-After": seconds}, times=1)

    async def main():
        faults = {"start": busy}
        async with scene(local=True, monkeypatch=monkeypatch, faults=faults) as (client, server):
            with contextlib.suppress(LiveError):
                await client.connect()
            times = [one.at for one in server.of("start")]
            assert len(times) == requests
            assert times[-1] - times[0] >= 1.0 or requests == 1

    asyncio.run(main())


def test_a_token_that_is_refused_is_exchanged_anew_once():
    async def main():
        refused = refuses(401, "unauthorized")
        async with scene() as (client, server):
            once = says({"code": "unauthorized"}, 401, times=1)
            server.faults["offer"] = once
            await ready(client, server)
            assert server.tokens == 2
            bearers = [one.headers["Authorization"] for one in server.of("offer")]
            assert bearers == ["Bearer token-1", "Bearer token-2"]
            server.faults["reserve"] = refused
            with pytest.raises(LiveError, match="unauthorized"):
                await client.upload_file(b"a")
            assert len(server.of("reserve")) == 2, "tried with a new token, and then no more"

    asyncio.run(main())


def test_a_token_that_ends_is_exchanged_before_it_does():
    async def main():
        async with scene(
            faults={"token": says({"jwt": "short", "expires_at": time.time() + 5})}
        ) as (
            client,
            server,
        ):
            await ready(client, server)
            assert len(server.of("token")) > 1

    asyncio.run(main())


async def _connects_and_uploads(client):
    await client.connect()
    await client.upload_file(b"abc")


@pytest.mark.parametrize(
    "step", ["token", "create", "poll", "ice_servers", "offer", "reserve", "put"]
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_neither_key_nor_token_follows_to_another_server(step, status):
    async def main():
        async with Scripted() as other:
            away = says({}, status, {"Location": f"{other.url}/elsewhere"})
            async with scene(faults={step: away}) as (client, server):
                with pytest.raises(LiveError) as caught:
                    await _connects_and_uploads(client)
                assert caught.value.code == f"http_{status}"
                assert not caught.value.recoverable
            assert other.asked == []
            assert server.of(step)

    asyncio.run(main())


def test_the_key_goes_to_the_exchange_alone_and_the_token_not_with_a_file():
    async def main():
        async with scene() as (client, server):
            peer = await ready(client, server)
            ref = await client.upload_file(b"abc", name="a.png")
            await client.send_command("set_image", {"image": ref, "caption": "c"})
            await until(lambda: peer.said("set_image"))
        for one in server.asked:
            assert (one.headers.get("Reactor-API-Key") == KEY) == (one.step == "token"), one
            has_token = one.headers.get("Authorization", "").startswith("Bearer token-")
            assert has_token == (one.step not in ("token", "put")), one
        (put,) = server.of("put")
        assert (put.body, put.headers["Content-Type"]) == (b"abc", "image/png")
        assert [one["data"]["type"] for _, _, one in peer.messages if "scope" in one][-2:] == [
            "fileUploaded",
            "set_image",
        ]
        sent = next(one for _, _, one in peer.messages if one["data"].get("type") == "set_image")
        wire = {"upload_id": "up-1", "name": "a.png", "mime_type": "image/png", "size": 3}
        assert sent["data"] == {
            "type": "set_image",
            "data": {"caption": "c"},
            "uploads": {"image": wire},
        }

    asyncio.run(main())


def test_local_routes_are_asked_without_a_token(monkeypatch):
    async def main():
        async with scene(local=True, monkeypatch=monkeypatch) as (client, server):
            await ready(client, server)
        assert not any("Authorization" in one.headers for one in server.asked)
        assert not server.of("token")

    asyncio.run(main())


def test_a_server_that_knows_no_connections_is_met_on_the_flat_routes():
    async def main():
        gone = refuses(404, "not_found")

        def prepare(server):
            server.labels = {"data"}

        async with scene(faults={"register": gone}, prepare=prepare) as (client, server):
            peer = await ready(client, server)
            assert peer.channels.keys() == {"data"}
            assert server.of("offer")[0].path.endswith("/transport/webrtc/sdp_params")
            with pytest.raises(LiveError, match="unsupported"):
                await client.pause_track("main_video")
            await client.publish_track("webcam", Green())
            await client.unpublish_track("webcam")

    asyncio.run(main())


def test_a_slow_request_is_bounded_by_the_clients_clock_also_beyond_five_minutes():
    """A large file may take longer than any clock of the HTTP library."""

    async def main():
        async with scene(faults={"put": hangs}, timeouts=Timeouts(request_s=0.3)) as (
            client,
            server,
        ):
            await ready(client, server)
            connection = client._connection
            assert connection._api._http.timeout.total is None
            with pytest.raises(LiveError, match="timed_out"):
                await client.upload_file(b"abc")

    asyncio.run(main())
