"""Signaling, by what a client sees of it on the wire."""

import asyncio
import re

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from tests.live_client import POLL_S

rule = pytest.mark.requirement


def kinds(messages):
    return [message["data"]["type"] for message in messages]


async def offer(*directions):
    """An offer, and the connection that made it."""
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    pc.createDataChannel("data")
    for direction in directions:
        pc.addTransceiver("video", direction=direction)
    await pc.setLocalDescription(await pc.createOffer())
    return pc, str(pc.localDescription.sdp)


async def answered(http, path):
    async with asyncio.timeout(10):
        while (answer := await http.get(path)).status_code == 202:
            assert answer.content in (b"", b"null")
            await asyncio.sleep(POLL_S)
    return answer


@rule("L-SIGNAL-1")
@rule("L-SIGNAL-2")
@rule("L-SIGNAL-3")
def test_connections_are_registered_with_any_body_and_ice_servers_told_often(meet):
    async def scene(own, link):
        ids = set()
        for body in (b"", b"{}", b"null", b"garbage"):
            answer = await own.http.post(f"{link.base}/connections", content=body)
            assert answer.status_code == 201
            ids.add(answer.json()["connection_id"])
            assert answer.json()["track_map"]["main_video"]["direction"] == "out"
            servers = await own.http.get(f"{link.base}/ice_servers")
            assert (servers.status_code, servers.json()) == (200, {"ice_servers": []})
        assert len(ids) == 4
        assert all(1002 <= one <= 9999 for one in ids)

    meet(scene)


@rule("L-SIGNAL-4")
@rule("L-SIGNAL-5")
@rule("L-SIGNAL-7")
@rule("L-SIGNAL-8")
@rule("L-SIGNAL-14")
@rule("L-SIGNAL-15")
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_offer_to_an_id_that_was_never_registered_is_answered_as_often_as_it_is_asked(
    meet, method
):
    async def scene(own, link):
        path = f"{link.base}/connections/4321/sdp_params"
        assert (await own.http.get(path)).status_code == 202
        pc, sdp = await offer("sendonly", "recvonly")
        taken = await own.http.request(method, path, json={"sdp_offer": sdp})
        assert (taken.status_code, taken.json()) == (202, {"connection_id": 4321})
        first = await answered(own.http, path)
        assert (await answered(own.http, path)).json() == first.json()
        assert first.json()["connection_id"] == 4321
        answer = first.json()["sdp_answer"]
        assert re.findall(r"a=mid:(\w+)", answer) == re.findall(r"a=mid:(\w+)", sdp)
        ways = [line for line in answer.split("\r\n") if line in ("a=sendonly", "a=recvonly")]
        assert ways == ["a=recvonly", "a=sendonly"]
        await pc.close()

    meet(scene)


@rule("L-SIGNAL-6")
@rule("L-SIGNAL-9")
@rule("L-SIGNAL-13")
def test_a_newer_offer_takes_the_older_answer_away(meet):
    async def scene(own, link):
        path = f"{link.base}/connections/4321/sdp_params"
        made = [await offer("sendonly", "recvonly") for _ in range(2)]
        seen = []
        for _, sdp in made:
            assert (await own.http.put(path, json={"sdp_offer": sdp})).status_code == 202
            seen.append((await answered(own.http, path)).json()["sdp_answer"])
        assert re.findall("a=ice-ufrag:.*", seen[0]) != re.findall("a=ice-ufrag:.*", seen[1])
        # In one go: whatever comes first is the answer to the second one.
        for _, sdp in made:
            await own.http.put(path, json={"sdp_offer": sdp})
        answer = (await answered(own.http, path)).json()["sdp_answer"]
        await made[1][0].setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(5):
            while made[1][0].connectionState != "connected":
                await asyncio.sleep(0.01)
        for pc, _ in made:
            await pc.close()

    meet(scene)


@rule("L-SIGNAL-10")
def test_after_an_offer_that_was_refused_the_same_id_is_served(meet):
    async def scene(own, link):
        path = f"{link.base}/connections/4321/sdp_params"
        pc, sdp = await offer("recvonly")
        await pc.close()
        spoilt = sdp.replace("a=setup:actpass", "a=setup:holdconn")
        refused = await own.http.post(path, json={"sdp_offer": spoilt})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_offer")
        again = own.link((await own.http.get("/session")).json())
        await again.open(connection=4321)
        assert kinds(await again.ask("get_state")) == ["snapshot"]

    meet(scene)


@rule("L-SIGNAL-16")
def test_sections_are_mapped_by_mid_and_not_by_order(meet):
    async def scene(own, link):
        await link.until(lambda: link.frames > 2)
        assert link.pixel()[0] > 80
        granted = await link.publish("webcam")
        assert "error" not in granted

    meet(scene, reorder=lambda tracks: tracks[::-1])


@rule("L-SIGNAL-16")
def test_without_a_mapping_the_order_of_the_capabilities_counts(meet):
    async def scene(own, link):
        await link.until(lambda: link.frames > 2)

    meet(scene, mapping=False)


@rule("L-SIGNAL-17")
def test_a_section_that_is_no_track_becomes_inactive(meet):
    async def scene(own, link):
        path = f"{link.base}/connections/4321/sdp_params"
        pc, sdp = await offer("recvonly", "recvonly", "sendonly")
        await own.http.post(path, json={"sdp_offer": sdp, "track_mapping": []})
        answer = (await answered(own.http, path)).json()["sdp_answer"]
        assert answer.count("a=inactive") == 3
        await pc.close()

    meet(scene)


@rule("L-SIGNAL-19")
@rule("L-SIGNAL-21")
@rule("L-SIGNAL-22")
def test_candidates_before_the_offer_and_after_is_final_are_used(meet):
    async def scene(own, link):
        base = f"{link.base}/connections/4321"
        pc, sdp = await offer("recvonly")
        lines = re.findall("a=(candidate:.*)\r\n", sdp)
        bare = re.sub("a=candidate:.*\r\n", "", sdp)
        odd = [
            {"candidate": "", "sdp_mid": "0", "sdp_mline_index": 0},
            {"candidate": lines[0].replace(" udp ", " tcp "), "sdp_mid": "0"},
            {"candidate": re.sub(r"\d+\.\d+\.\d+\.\d+", "6f2a.local", lines[0]), "sdp_mid": "0"},
        ]
        batches = [
            ([{"candidate": lines[0], "sdp_mid": "0", "sdp_mline_index": 0}], False),
            (odd, False),
            ([], True),
        ]
        for candidates, is_final in batches:
            body = {"candidates": candidates, "is_final": is_final}
            taken = await own.http.post(f"{base}/ice_candidates", json=body)
            assert taken.status_code == 202, taken.text
        await own.http.post(f"{base}/sdp_params", json={"sdp_offer": bare})
        answer = (await answered(own.http, f"{base}/sdp_params")).json()["sdp_answer"]
        body = {"candidates": [{"candidate": c, "sdp_mid": "0"} for c in lines], "is_final": False}
        assert (await own.http.post(f"{base}/ice_candidates", json=body)).status_code == 202
        # The server alone knows where the client is: it has none of the server's candidates.
        hidden = re.sub("a=(candidate:.*|end-of-candidates)\r\n", "", answer)
        await pc.setRemoteDescription(RTCSessionDescription(hidden, "answer"))
        async with asyncio.timeout(5):
            while pc.connectionState != "connected":
                await asyncio.sleep(0.01)
        await pc.close()

    meet(scene)


@rule("L-SIGNAL-23")
@pytest.mark.parametrize("labels", [("data",), ("data", "control"), ("control", "data")])
def test_serving_begins_with_data_whatever_becomes_of_control(meet, labels):
    async def scene(own, link):
        assert kinds(await link.ask("get_state")) == ["snapshot"]

    meet(scene, labels=labels)


@rule("L-SIGNAL-23")
def test_a_control_channel_that_comes_late_is_served(meet):
    async def scene(own, link):
        assert kinds(await link.ask("get_state")) == ["snapshot"]
        link._watch("control", link.pc.createDataChannel("control"))
        await link.until(lambda: link.channels["control"].readyState == "open")
        link.notify("resume_track", "main_video")
        await link.until(lambda: link.frames > 2)

    meet(scene, labels=("data",))


@rule("L-SIGNAL-24")
def test_several_connections_share_one_state(meet):
    async def scene(own, link):
        others = [own.link((await own.http.get("/session")).json()) for _ in range(2)]
        for one in others:
            await one.open()
        link.say("application", "set_seed", {"seed": 7})
        await link.fenced()
        assert [(await one.state())["seed"] for one in others] == [7, 7]
        await others[0].close()
        assert (await others[1].state())["seed"] == 7

    meet(scene)


@rule("L-SIGNAL-25")
@rule("L-SIGNAL-26")
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_the_flat_routes_are_connection_1001_with_outputs_running(meet, method):
    async def scene(own, link):
        await link.until(lambda: link.frames > 2)
        path = f"{link.base}/connections/1001/sdp_params"
        flat = await own.http.get(f"{link.base}/sdp_params")
        assert flat.json() == (await own.http.get(path)).json()
        assert flat.json()["connection_id"] == 1001
        assert kinds(await link.ask("get_state")) == ["snapshot"]

    meet(scene, labels=("data",), flat=True, method=method)


@rule("L-SIGNAL-27")
def test_video_is_vp8(meet):
    async def scene(own, link):
        await link.until(lambda: link.frames > 0)
        assert "VP8/90000" in link.pc.remoteDescription.sdp

    meet(scene)
