"""Sessions: created, polled, restarted, ended; what time does to them."""

import asyncio
import time

import pytest

from tests.live_client import client
from tests.live_server import serving

rule = pytest.mark.requirement


def kinds(messages):
    return [message["data"]["type"] for message in messages]


@rule("L-SESS-1")
@rule("L-SESS-2")
@rule("L-SESS-4")
@rule("L-SESS-5")
@rule("L-SESS-6")
@rule("L-SESS-9")
@rule("L-SESS-10")
@rule("L-SESS-18")
def test_a_session_is_created_and_polled_until_it_can_be_reached(probe):
    async def scene():
        async with client(probe.url) as own:
            first, second = await own.create(), await own.create()
            assert first["session_id"] != second["session_id"]
            assert len(first["session_id"]) >= 20
            assert first["state"] == "ACTIVE"
            assert first["selected_transport"] == {"protocol": "webrtc", "version": "1.0"}
            assert first["resume_window_s"] == 4
            assert first["expires_at"] > time.time() + 60
            assert first["capabilities"]["emission_fps"] == 30
            commands = {one["name"]: one["schema"] for one in first["capabilities"]["commands"]}
            assert commands["set_brightness"]["brightness"]["maximum"] == 2.0
            info = await own.http.get(f"/sessions/{first['session_id']}/info")
            assert set(info.json()) == {"session_id", "cluster", "state"}
            link = own.link(first)
            await link.open()
            await link.ask("set_seed", {"seed": 7})
            assert (await own.poll(first["session_id"]))["capabilities"] == first["capabilities"]
            for one in (first, second):
                gone = await own.http.delete(f"/sessions/{one['session_id']}")
                assert gone.status_code == 204

    asyncio.run(scene())


@rule("L-SESS-12")
def test_a_restart_resets_the_state_and_keeps_the_id_and_the_connections(probe):
    async def scene():
        async with client(probe.url) as own:
            session = await own.create()
            link = own.link(session)
            await link.open()
            await link.ask("set_prompt", {"prompt": "gone soon"})
            answer = await own.http.put(f"/sessions/{session['session_id']}")
            assert answer.status_code == 200
            assert answer.json()["session_id"] == session["session_id"]
            assert (await link.state())["prompt"] == "a sunny meadow"
            begin = link.frames
            await link.until(lambda: link.frames > begin + 3)
            await own.http.delete(f"/sessions/{session['session_id']}")

    asyncio.run(scene())


@rule("L-SESS-13")
@rule("L-SESS-14")
@rule("L-SESS-15")
@rule("L-SESS-16")
def test_a_session_that_is_deleted_ends_at_once_and_is_shown_as_closed(probe):
    async def scene():
        async with client(probe.url) as own:
            session = await own.create()
            path = f"/sessions/{session['session_id']}"
            link = own.link(session)
            await link.open()
            body = {"reason": "done with it"}
            assert (await own.http.request("DELETE", path, json=body)).status_code == 204
            await asyncio.wait_for(link.closed.wait(), 3)
            assert link.messages[-1]["data"]["data"] == {"reason": "done with it"}
            seen = await own.http.get(path)
            assert (seen.status_code, seen.json()["state"]) == (200, "CLOSED")
            assert "capabilities" not in seen.json()
            assert (await own.http.delete(path)).status_code in (204, 404)
            for method, after in (
                ("POST", "/transport/webrtc/connections"),
                ("GET", "/transport/webrtc/connections/4321/sdp_params"),
                ("PUT", ""),
            ):
                answer = await own.http.request(method, path + after)
                assert (answer.status_code, answer.json()["code"]) == (409, "session_closed")
            place = {"name": "a", "size": 1, "mime_type": "a/b"}
            answer = await own.http.post(f"{path}/uploads", json=place)
            assert (answer.status_code, answer.json()["code"]) == (409, "session_closed")

    asyncio.run(scene())


@rule("L-SESS-20")
@rule("L-UP-13")
def test_what_happens_on_one_session_does_not_show_on_another(probe):
    async def scene():
        async with client(probe.url) as own:
            links = [own.link(await own.create()) for _ in range(2)]
            for link in links:
                await link.open()
            one, two = links
            place = {"name": "a", "size": 3, "mime_type": "a/b"}
            file = (await own.http.post(f"/sessions/{one.session}/uploads", json=place)).json()
            await own.http.put(file["presigned_url"], content=b"abc")
            await one.ask("set_prompt", {"prompt": "mine"})
            await one.ask("broadcast", {"text": "for one"})
            assert (await two.state())["prompt"] == "a sunny meadow"
            reference = {
                "upload_id": file["presigned_id"],
                "name": "a",
                "mime_type": "a/b",
                "size": 3,
            }
            two.say("application", "set_image", {}, uploads={"image": reference})
            await two.until(lambda: "commandRejected" in kinds(two.messages))
            refusal = two.messages[-1]["data"]["data"]
            assert (refusal["code"], refusal["param"]) == ("unresolved_upload", "image")
            assert "lifecycle" not in kinds(two.messages)
            one.say("application", "set_image", {}, uploads={"image": reference})
            await one.until(lambda: "got" in kinds(one.messages))
            for link in links:
                await own.http.delete(f"/sessions/{link.session}")

    asyncio.run(scene())


@rule("L-SESS-7")
@rule("L-SESS-21")
@rule("L-SESS-23")
def test_a_session_waits_for_a_place_and_gets_the_next_one():
    async def scene(url):
        async with client(url) as own:
            first = await own.create()
            body = {"model": {"name": "probe"}}
            waiting = (await own.http.post("/sessions", json=body)).json()
            assert waiting["state"] in ("PENDING", "WAITING")
            path = f"/sessions/{waiting['session_id']}"
            seen = (await own.http.get(path)).json()
            assert "capabilities" not in seen
            assert "selected_transport" not in seen
            early = await own.http.post(f"{path}/transport/webrtc/connections")
            assert (early.status_code, early.json()["code"]) == (503, "no_capacity")
            assert int(early.headers["Retry-After"]) > 0
            local = await own.http.post("/start_session")
            assert (local.status_code, local.json()["code"]) == (503, "no_capacity")
            await own.http.delete(f"/sessions/{first['session_id']}")
            active = await own.poll(waiting["session_id"], within=2)
            link = own.link(active)
            await link.open()
            assert kinds(await link.ask("get_state")) == ["snapshot"]

    with serving("--places", "1") as server:
        asyncio.run(scene(server.url))


@rule("L-SESS-19")
@rule("L-TOKEN-13")
def test_a_session_that_expires_is_told_so():
    async def scene(url):
        async with client(url) as own:
            session = await own.create()
            link = own.link(session)
            await link.open()
            await asyncio.wait_for(link.closed.wait(), 6)
            assert time.time() >= session["expires_at"] - 0.5
            assert kinds(link.messages)[-1] == "sessionEnded"
            assert link.messages[-1]["data"]["data"] == {"reason": "expired"}
            seen = await own.http.get(f"/sessions/{session['session_id']}")
            assert seen.json()["state"] == "CLOSED"

    with serving("--session-s", "2") as server:
        asyncio.run(scene(server.url))


@rule("L-CMD-18")
def test_a_model_that_ends_ends_its_session(probe):
    async def scene():
        async with client(probe.url) as own:
            link = own.link(await own.create())
            await link.open()
            link.say("application", "finish")
            await asyncio.wait_for(link.closed.wait(), 3)
            assert link.messages[-1]["data"]["data"] == {"reason": "finished"}
            for path in ("ice_servers", "connections/4321/sdp_params"):
                late = await own.http.get(f"{link.base}/{path}")
                assert late.json()["detail"] == "the session has ended: finished"
            again = own.link(await own.create())
            await again.open()
            assert kinds(await again.ask("crash")) == ["commandRejected"]
            assert kinds(await again.ask("get_state")) == ["snapshot"]
            await own.http.delete(f"/sessions/{again.session}")

    asyncio.run(scene())


@rule("L-LOCAL-8")
def test_while_the_model_loads_local_sessions_are_told_to_wait_and_hosted_ones_do():
    async def scene(url):
        async with client(url) as own:
            early = await own.http.post("/start_session")
            assert (early.status_code, early.json()["code"]) == (503, "loading")
            assert early.headers["Retry-After"] == "1"
            assert (await own.http.get("/health")).json()["state"] == "loading"
            body = {"model": {"name": "slow-to-load"}}
            made = (await own.http.post("/sessions", json=body)).json()
            assert made["state"] in ("CREATED", "PENDING", "WAITING")
            link = own.link(await own.poll(made["session_id"]))
            await link.open()
            assert kinds(await link.ask("get_state")) == ["snapshot"]

    with serving(model="tests.live_models:SlowToLoad") as server:
        asyncio.run(scene(server.url))


def test_a_model_that_cannot_be_loaded_ends_the_server_with_what_is_wrong(capfd):
    with serving(model="tests.live_models:NeverLoads") as server:
        assert server.process.wait(10) != 0
    assert "no weights" in capfd.readouterr().err
