"""The data channels: envelopes, order, what cannot be read."""

import asyncio
import json

import pytest

from risp.protocol.live.limits import MAX_MESSAGE_BYTES

GET = json.dumps({"scope": "application", "data": {"type": "get_state", "data": {}}})
rule = pytest.mark.requirement


def asked(method, data):
    return json.dumps({"type": "request", "method": method, "request_id": "r", "data": data})


def kinds(messages):
    return [message["data"]["type"] for message in messages]


@rule("L-CHAN-1")
@rule("L-CHAN-2")
def test_json_is_read_alike_as_text_and_as_bytes(meet):
    async def scene(own, link):
        link.raw(GET)
        (as_text,) = await link.fenced()
        link.raw(GET.encode())
        (as_bytes,) = await link.fenced()
        assert as_text == as_bytes
        assert (as_text["scope"], set(as_text["data"])) == ("application", {"type", "data"})

    meet(scene)


@rule("L-CHAN-3")
@rule("L-CHAN-4")
@rule("L-CHAN-13")
def test_answers_come_in_the_order_of_the_questions_and_with_their_ids(meet):
    async def scene(own, link):
        link.say("application", "get_state", request_id="a")
        link.say("application", "set_brightness", {"brightness": 9}, request_id="b")
        link.raw("not JSON")
        link.say("runtime", "requestState", request_id="c")
        link.say("application", "add", {"a": 1})
        link.say("runtime", "requestCapabilities", request_id="d")
        link.say("runtime", "requestSchema", request_id="e")
        await link.until(lambda: kinds(link.messages)[-1:] == ["modelSchema"])
        assert kinds(link.messages) == [
            "snapshot",
            "commandRejected",
            "commandRejected",
            "modelState",
            "sum",
            "modelCapabilities",
            "modelSchema",
        ]
        ids = [
            message["data"].get("request_id", message["data"]["data"].get("request_id"))
            for message in link.messages
        ]
        assert ids == ["a", "b", None, "c", None, "d", "e"]

    meet(scene)


@rule("L-CHAN-5")
@rule("L-CHAN-6")
@rule("L-CHAN-7")
def test_a_reply_goes_to_its_sender_and_what_is_for_all_goes_to_all_and_first(meet):
    async def scene(own, link):
        other = own.link({"session_id": link.session, "capabilities": {"tracks": link.declared}})
        await other.open()
        link.say("application", "announce", request_id="mine")
        assert kinds(await link.fenced()) == ["lifecycle", "sum"]
        await other.fenced()
        assert kinds(other.messages) == ["lifecycle", "modelSchema"]
        assert "request_id" not in link.messages[0]["data"]

    meet(scene)


@rule("L-CHAN-8")
@rule("L-CHAN-9")
@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("not JSON", None),
        ("[]", None),
        ("{}", "/scope"),
        ('{"scope":"other","data":{"type":"x","data":{}}}', "/scope"),
        ('{"scope":"application"}', "/data"),
        ('{"scope":"application","data":[]}', "/data"),
        ('{"scope":"application","data":{"data":{}}}', "/data/type"),
        ('{"scope":"application","data":{"type":7,"data":{}}}', "/data/type"),
        ('{"scope":"application","data":{"type":"add","data":[]}}', "/data/data"),
        ('{"scope":"application","data":{"type":"add","uploads":{"a":7}}}', "/data/uploads/a"),
        ('{"scope":"application","data":{"type":"add","type":"add","data":{}}}', None),
        ('{"scope":"application","data":{"type":"add","data":{"a":NaN}}}', None),
        ('{"scope":"runtime","data":{"type":"nothingKnown","data":{}}}', "/data/type"),
        ('{"scope":"runtime","data":{"type":"fileUploaded","data":{}}}', "/data/data/upload_id"),
        ('{"scope":"application","data":{"type":"a","data":' + "[" * 99 + "]" * 99 + "}}", None),
        (b'{"scope": \xff}', None),
    ],
)
def test_what_cannot_be_read_is_refused_and_the_next_is_served(meet, message, param):
    async def scene(own, link):
        before = await link.state()
        link.raw(message)
        (refusal,) = await link.fenced()
        assert refusal["data"]["type"] == "commandRejected"
        said = refusal["data"]["data"]
        assert (said["command"], said["code"], said.get("param")) == (None, "invalid_frame", param)
        assert said["message"]
        assert await link.state() == before
        assert kinds(await link.ask("get_state")) == ["snapshot"]

    meet(scene)


@rule("L-CHAN-10")
def test_a_client_of_another_generation_is_sent_away_at_once(meet):
    async def scene(own, link):
        link.raw(bytes.fromhex("0a06646174615f311001"))
        await asyncio.wait_for(link.closed.wait(), 2)
        descriptor = (await own.http.get("/session")).json()
        again = own.link(descriptor)
        await again.open()
        assert kinds(await again.ask("get_state")) == ["snapshot"]

    meet(scene, resume=False)


def test_bytes_that_are_not_the_first_message_are_only_refused(meet):
    async def scene(own, link):
        assert kinds(await link.ask("get_state")) == ["snapshot"]
        link.raw(bytes.fromhex("0a06646174615f311001"))
        assert kinds(await link.fenced()) == ["commandRejected"]

    meet(scene)


@rule("L-CHAN-11")
@rule("L-CHAN-12")
def test_what_nobody_asked_for_is_borne_and_a_ping_is_not_answered(meet):
    async def scene(own, link):
        for _ in range(3):
            link.say("runtime", "ping")
        link.say("runtime", "ping", {"at": 1, "more": [2]})
        assert await link.fenced() == []

    meet(scene)


@rule("L-CHAN-14")
@rule("L-SIGNAL-18")
def test_a_message_of_the_size_that_is_declared_is_taken(meet):
    async def scene(own, link):
        assert f"a=max-message-size:{MAX_MESSAGE_BYTES}" in link.pc.remoteDescription.sdp
        frame = '{"scope":"application","data":{"type":"get_state","data":{},"x":""}}'
        padded = frame.replace('""', '"' + "x" * (MAX_MESSAGE_BYTES - len(frame)) + '"')
        assert len(padded) == MAX_MESSAGE_BYTES
        link.raw(padded)
        assert kinds(await link.fenced()) == ["snapshot"]

    meet(scene)


@rule("L-CHAN-15")
def test_the_state_is_told_as_every_command_before_has_left_it(meet):
    async def scene(own, link):
        link.say("application", "set_seed", {"seed": 7})
        assert (await link.state())["seed"] == 7
        link.say("application", "set_seed", {})
        assert (await link.state()) == {
            "prompt": "a sunny meadow",
            "action": "idle",
            "brightness": 1.0,
            "seed": 42,
        }

    meet(scene)


@rule("L-CHAN-16")
def test_capabilities_are_those_of_the_descriptor(meet):
    async def scene(own, link):
        link.say("runtime", "requestCapabilities")
        (answer,) = await link.fenced()
        descriptor = (await own.http.get("/session")).json()
        assert answer["data"]["data"] == descriptor["capabilities"]

    meet(scene)


@rule("L-CHAN-17")
@pytest.mark.parametrize("question", ["requestClip", "requestRecording"])
def test_recordings_are_refused(meet, question):
    async def scene(own, link):
        link.say("runtime", question, {"duration_seconds": 1.0})
        assert kinds(await link.fenced()) == ["clipFailed"]

    meet(scene)


@rule("L-MEDIA-7")
@rule("L-MEDIA-12")
@rule("L-MEDIA-14")
@pytest.mark.parametrize(
    ("message", "code"),
    [
        (asked("publish_track", {"name": "no"}), "unknown_track"),
        (asked("publish_track", {"name": "main_video"}), "unknown_track"),
        (asked("dance", {}), "unknown_method"),
        (asked("publish_track", {}), "invalid_frame"),
        ('{"type":"request","method":"publish_track","data":{"name":"webcam"}}', None),
        ('{"type":"notification","event":"pause_track","data":{"name":"no"}}', None),
        ('{"type":"notification","event":"dance","data":{"name":"main_video"}}', None),
        ('{"type":"other"}', None),
        ("not JSON", None),
        ("[]", None),
    ],
)
def test_control_answers_requests_only_and_lives_on(meet, message, code):
    async def scene(own, link):
        link.raw(message, "control")
        granted = await link.publish("webcam", "after")
        assert granted == {
            "type": "response",
            "method": "publish_track",
            "request_id": "after",
            "data": {},
        }
        others = link.controls[:-1]
        assert [one["error"]["code"] for one in others] == ([code] if code else [])
        assert all(one["request_id"] == "r" for one in others)

    meet(scene)
