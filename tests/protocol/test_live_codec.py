"""Every message is read and written back, and every malformed one ends as `invalid_frame`."""

import json
from typing import Any

import pytest

from risp.protocol.errors import DecodeError
from risp.protocol.frame import Frame
from risp.protocol.live import channel, control
from risp.protocol.live.codec import decode_control, decode_message, encode
from risp.protocol.live.profile import LIVE
from risp.protocol.machine import Sender
from tests.protocol.live_examples import (
    CAPTURED_CLIENT,
    CAPTURED_SERVER,
    CLIENT,
    CLIENT_CONTROL,
    FILE,
    SERVER,
    SERVER_CONTROL,
    application,
    runtime,
)

GOOD = [
    *((tree, "data", False) for tree in CLIENT),
    *((tree, "data", True) for tree in SERVER),
    *((tree, "control", False) for tree in CLIENT_CONTROL),
    *((tree, "control", True) for tree in SERVER_CONTROL),
]


def decode(text: str | bytes, label: str, from_server: bool) -> Frame:
    read = decode_message if label == channel.LABEL else decode_control
    return read(text, from_server=from_server)


def refusal(text: str | bytes, label: str = "data", from_server: bool = False) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode(text, label, from_server)
    return caught.value


@pytest.mark.parametrize(("tree", "label", "from_server"), GOOD, ids=str)
def test_a_message_is_read_alike_as_text_and_as_bytes_and_written_back(tree, label, from_server):
    text = json.dumps(tree, ensure_ascii=False)
    frame = decode(text, label, from_server)
    assert decode(text.encode(), label, from_server) == frame
    assert frame.sender is (Sender.SERVER if from_server else Sender.CLIENT)
    assert decode(encode(frame), label, from_server) == frame


@pytest.mark.parametrize(("tree", "label", "from_server"), GOOD, ids=str)
def test_what_is_written_is_what_was_read(tree, label, from_server):
    assert json.loads(encode(decode(json.dumps(tree), label, from_server))) == tree


def test_every_message_of_the_profile_has_an_example():
    tags = {decode(json.dumps(tree), label, server).tag() for tree, label, server in GOOD}
    assert tags == set(LIVE.frames)


@pytest.mark.parametrize("text", CAPTURED_CLIENT, ids=lambda text: text[:60])
def test_what_deployed_clients_send_is_read(text):
    frame = decode_message(text)
    data = json.loads(text)["data"]
    if isinstance(frame, channel.CommandMessage):
        assert frame.data.type == data["type"]
        assert frame.data.data == data["data"]
        assert set(frame.data.uploads or {}) == set(data.get("uploads", {}))
        assert frame.data.request_id is None
    else:
        assert frame.tag() == f"runtime.{data['type']}"


@pytest.mark.parametrize("text", CAPTURED_SERVER, ids=lambda text: text[:60])
def test_what_deployed_servers_send_is_read(text):
    frame = decode_message(text, from_server=True)
    assert frame.sender is Sender.SERVER
    assert json.loads(encode(frame))["data"]["type"] == json.loads(text)["data"]["type"]


def test_unknown_members_are_ignored_everywhere():
    tree = runtime("fileUploaded", data={**FILE, "x": 1}, x=2)
    assert decode_message(json.dumps({**tree, "x": 3})) == decode_message(
        json.dumps(runtime("fileUploaded", data=FILE))
    )


def test_an_integral_float_is_an_integer():
    frame = decode_message(json.dumps(runtime("fileUploaded", data={**FILE, "size": 8.0})))
    assert isinstance(frame, channel.FileUploaded)
    assert frame.data.data.size == 8
    assert isinstance(frame.data.data.size, int)


def test_absent_members_are_left_out_and_the_null_with_a_meaning_stays():
    rejection = channel.Rejection(command=None, code="invalid_frame", message="no")
    body = channel.Rejected(type="commandRejected", data=rejection)
    assert json.loads(encode(channel.CommandRejected(data=body))) == {
        "scope": "runtime",
        "data": {
            "type": "commandRejected",
            "data": {"command": None, "code": "invalid_frame", "message": "no"},
        },
    }
    request = channel.SchemaRequest(type="requestSchema")
    assert encode(channel.RequestSchema(data=request)) == (
        '{"scope":"runtime","data":{"type":"requestSchema"}}'
    )


def test_nulls_that_the_application_sends_stay():
    values = {"a": None, "b": [None, {"c": None}]}
    event = channel.Event(type="told", data=values)
    written = json.loads(encode(channel.EventMessage(data=event)))
    assert written["data"]["data"] == values


def test_a_rejection_without_its_command_is_none():
    tree = runtime("commandRejected", data={"code": "x", "message": "m"})
    assert refusal(json.dumps(tree), from_server=True).pointer == "/data/data/command"


NO_JSON = [
    "",
    "hello",
    "{",
    "[]",
    "5",
    "null",
    '{"scope":"runtime","scope":"runtime","data":{"type":"ping"}}',
    '{"scope":"runtime","data":{"type":"ping","data":{"x":NaN}}}',
    '{"scope":"runtime","data":{"type":"ping"}} {}',
    '{"scope":"application","data":{"type":"x","data":' + "[" * 70 + "]" * 70 + "}}",
]


@pytest.mark.parametrize("text", NO_JSON, ids=lambda text: text[:40])
@pytest.mark.parametrize("label", ["data", "control"])
def test_what_is_no_json_object_earns_invalid_frame_as_text_and_as_bytes(text, label):
    for form in (text, text.encode()):
        told = refusal(form, label)
        assert (told.code, told.pointer, told.request_id) == ("invalid_frame", "", None)
        assert told.message


def test_bytes_that_are_no_utf_8_earn_it_too():
    text = b'{"scope":"runtime","data":{"type":"\xff"}}'
    assert (refusal(text).code, refusal(text).pointer) == ("invalid_frame", "")


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "/scope"),
    ({"scope": "model", "data": {"type": "ping"}}, "/scope"),
    ({"scope": None, "data": {"type": "ping"}}, "/scope"),
    ({"scope": ["runtime"], "data": {"type": "ping"}}, "/scope"),
    ({"scope": "runtime"}, "/data"),
    ({"scope": "runtime", "data": []}, "/data"),
    ({"scope": "runtime", "data": None}, "/data"),
    ({"scope": "runtime", "data": {}}, "/data/type"),
    ({"scope": "application", "data": {"type": ""}}, "/data/type"),
    ({"scope": "application", "data": {"type": 5}}, "/data/type"),
    (application("x" * 256), "/data/type"),
    (runtime("requestTea"), "/data/type"),
    (runtime("modelSchema", data={}), "/data/type"),
    (runtime("command", data={}), "/data/type"),
    (application("x", data=[]), "/data/data"),
    (application("x", data="y"), "/data/data"),
    (application("x", uploads=[]), "/data/uploads"),
    (application("x", uploads={"a/b": 5}), "/data/uploads/a~1b"),
    (application("x", uploads={"a": {**FILE, "size": -1}}), "/data/uploads/a/size"),
    (application("x", uploads={"a": {**FILE, "size": True}}), "/data/uploads/a/size"),
    (application("x", uploads={"a": {"upload_id": "u"}}), "/data/uploads/a/name"),
    (application("x", request_id=""), "/data/request_id"),
    (application("x", request_id="r" * 129), "/data/request_id"),
    (application("x", request_id=7), "/data/request_id"),
    (runtime("fileUploaded"), "/data/data"),
    (runtime("fileUploaded", data={**FILE, "upload_id": ""}), "/data/data/upload_id"),
    (runtime("fileUploaded", data={**FILE, "size": 1.5}), "/data/data/size"),
    (runtime("ping", data=[]), "/data/data"),
]


@pytest.mark.parametrize(("tree", "pointer"), BAD, ids=str)
def test_a_malformed_message_earns_invalid_frame_with_its_place(tree, pointer):
    for form in (json.dumps(tree), json.dumps(tree).encode()):
        told = refusal(form)
        assert (told.code, told.pointer) == ("invalid_frame", pointer)


BAD_CONTROL: list[tuple[dict[str, Any], str]] = [
    ({}, "/type"),
    ({"type": "response"}, "/type"),
    ({"type": None}, "/type"),
    ({"type": "notification", "data": {"name": "a"}}, "/event"),
    ({"type": "notification", "event": "wind_track", "data": {"name": "a"}}, "/event"),
    ({"type": "notification", "event": "pause_track"}, "/data"),
    ({"type": "notification", "event": "pause_track", "data": {}}, "/data/name"),
    ({"type": "notification", "event": "pause_track", "data": {"name": ""}}, "/data/name"),
    ({"type": "request", "method": "fly", "request_id": "a", "data": {"name": "a"}}, "/method"),
    ({"type": "request", "method": "publish_track", "data": {"name": "a"}}, "/request_id"),
    ({"type": "request", "method": "publish_track", "request_id": "a", "data": 5}, "/data"),
]


@pytest.mark.parametrize(("tree", "pointer"), BAD_CONTROL, ids=str)
def test_a_malformed_message_on_control_does_too(tree, pointer):
    told = refusal(json.dumps(tree), "control")
    assert (told.code, told.pointer) == ("invalid_frame", pointer)


def test_what_ties_an_answer_to_a_malformed_message_is_kept_where_it_can_be_read():
    tree = application("x", data=5, request_id="r7")
    assert refusal(json.dumps(tree)).request_id == "r7"
    assert refusal(json.dumps(application("x", data=5, request_id=7))).request_id is None
    request = {"type": "request", "method": "fly", "request_id": "c1", "data": {"name": "a"}}
    assert refusal(json.dumps(request), "control").request_id == "c1"


def test_a_type_of_the_other_side_is_none():
    told = refusal(json.dumps(runtime("ping")), from_server=True)
    assert (told.pointer, told.frame_type) == ("/data/type", "ping")


def test_a_notification_s_case_is_its_event():
    frame = decode_control(json.dumps(CLIENT_CONTROL[0]))
    assert isinstance(frame, control.Notification)
    assert frame.case == "resume_track"


@pytest.mark.parametrize("frame", LIVE.frames.values(), ids=list(LIVE.frames))
def test_every_member_of_a_message_says_what_it_is(frame):
    assert frame.__doc__
    assert [name for name, field in frame.model_fields.items() if not field.description] == []
