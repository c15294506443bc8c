"""Every malformed text ends as one DecodeError with its code, place and hint."""

import json

import pytest

from risp.protocol import codec
from risp.protocol.action.codec import build_client, decode_client, decode_server
from risp.protocol.action.frames import ActionChunk, Metadata, Observation, SessionOpen
from risp.protocol.errors import DecodeError
from tests.protocol.examples import BAD, GOOD, OBSERVATION, Bad

SERVERS_OWN = "session.ready session.status action_chunk observation.dropped session.closing error"


def decode(text: str):
    tag = json.loads(text)["type"]
    return decode_server(text) if tag in SERVERS_OWN.split() else decode_client(text)


def refusal(text: str | bytes) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        decode_client(text)
    return caught.value


@pytest.mark.parametrize("tree", GOOD, ids=json.dumps)
def test_a_good_frame_is_read_and_written_back(tree):
    frame = decode(json.dumps(tree))
    again = decode(codec.encode(frame))
    assert again == frame
    assert all(frame.model_dump()[name] is None for name, value in tree.items() if value is None)


@pytest.mark.parametrize("bad", [b for b in BAD if b.only != "schema"], ids=lambda b: f"{b.tree}")
def test_a_bad_frame_is_refused_with_its_code_and_place(bad: Bad):
    with pytest.raises(DecodeError) as caught:
        decode(json.dumps(bad.tree))
    told = caught.value
    assert (told.code, told.pointer) == (bad.code, bad.pointer)
    assert told.frame_type == bad.tree["type"]
    assert told.message


NO_JSON = [
    "",
    " ",
    "hello",
    "{",
    '{"type":"observation"',
    "{'type':'x'}",
    '{"type":"session.open","prompt":"p",}',
    '{"type":"observation","seq":01,"state":[]}',
    '{"type":"observation","seq":0,"state":[NaN]}',
    '{"type":"observation","seq":0,"state":[Infinity]}',
    '{"type":"observation","seq":0,"state":[-Infinity]}',
    '{"type":"session.close"} {}',
    '{"type":"a\nb"}',
]
STRICTLY_NO_JSON = [
    '\ufeff{"type":"session.close"}',
    '{"type":"session.close","type":"session.close"}',
    '{"type":"session.close","x":{"a":1,"\\u0061":2}}',
    '{"type":"session.open","prompt":"\\ud800"}',
    '{"type":"session.close","x":' + "[" * 64 + "]" * 64 + "}",
    '{"type":"session.close","x":' + "[" * 1000 + "]" * 1000 + "}",
    "[" * 100_000,
]


@pytest.mark.parametrize("text", [*NO_JSON, *STRICTLY_NO_JSON], ids=lambda t: t[:40])
def test_what_is_not_strict_json_is_a_bad_frame_as_text_and_as_bytes(text):
    told = refusal(text)
    assert (told.code, told.pointer, told.frame_type) == ("bad_frame", "", None)
    assert (told.seq, told.request_id) == (None, None)
    assert refusal(text.encode()).code == "bad_frame"


@pytest.mark.parametrize("text", ["[]", "5", "null", '"x"', "true", '[{"type":"session.close"}]'])
def test_what_is_no_object_is_a_bad_frame_that_says_what_it_is(text):
    told = refusal(text)
    assert told.code == "bad_frame"
    assert told.message.startswith("a frame is a JSON object, not ")


@pytest.mark.parametrize("text", ["{}", '{"type":null}', '{"type":5}', '{"type":["observation"]}'])
def test_an_object_without_a_string_type_is_a_bad_frame(text):
    told = refusal(text)
    assert (told.code, told.pointer) == ("bad_frame", "/type")
    assert told.hint == "one of session.open, observation, session.close"


def test_a_type_of_the_other_side_is_unknown():
    told = refusal('{"type":"session.ready","session_id":"x"}')
    assert (told.code, told.pointer, told.frame_type) == ("unknown_type", "/type", "session.ready")


def test_bytes_that_are_not_utf8_name_the_byte():
    told = refusal(b'{"type":"\xff"}')
    assert (told.code, told.message) == ("bad_frame", "byte 9 is not UTF-8")


def test_a_byte_order_mark_is_called_by_its_name():
    told = refusal('\ufeff{"type":"session.close"}')
    assert (told.message, told.hint) == ("the text begins with a byte order mark", "leave it out")


def test_sixty_four_levels_are_read():
    nested = "[" * 63 + "]" * 63
    assert decode_client('{"type":"session.close","x":' + nested + "}").tag() == "session.close"


def test_brackets_and_quotes_within_strings_are_no_levels():
    prompt = '["{' * 100
    frame = decode_client(json.dumps({"type": "session.open", "prompt": prompt}))
    assert frame == SessionOpen(prompt=prompt)


def test_a_number_too_great_for_a_double_is_the_member_s_fault_and_not_the_json_s():
    told = refusal('{"type":"observation","seq":4,"request_id":"r","state":[0,1e999]}')
    assert (told.code, told.pointer) == ("invalid_observation", "/state/1")
    assert (told.seq, told.request_id) == (4, "r")


def test_an_integer_of_many_digits_is_refused_as_quickly():
    told = refusal('{"type":"observation","seq":0,"state":[' + "9" * 5000 + "]}")
    assert (told.code, told.pointer) == ("invalid_observation", "/state/0")


def test_a_refused_observation_keeps_what_arrived_valid():
    tree = {**OBSERVATION, "seq": 7.0, "request_id": "", "state": "no"}
    told = refusal(json.dumps(tree))
    assert (told.seq, told.request_id) == (7, None)
    assert type(told.seq) is int
    told = refusal(json.dumps({**OBSERVATION, "seq": -1, "request_id": "r"}))
    assert (told.seq, told.request_id) == (None, "r")


def test_a_refusal_says_what_the_member_is():
    told = refusal(json.dumps({**OBSERVATION, "max_age_ms": -1}))
    assert told.hint == (
        "max_age_ms: How old it may be when its turn comes, in milliseconds from receipt."
    )


def test_a_pointer_escapes_the_names_that_it_leads_through():
    told = refusal(json.dumps({**OBSERVATION, "images": {"left/~eye": 5}}))
    assert told.pointer == "/images/left~1~0eye"


def test_an_integral_float_becomes_an_integer_and_a_time_keeps_its_json_type():
    frame = decode_client('{"type":"observation","seq":3.0,"state":[1],"capture_time_ns":"007"}')
    assert frame == Observation(seq=3, state=[1.0], capture_time_ns="007")
    assert codec.encode(frame) == (
        '{"type":"observation","seq":3,"state":[1.0],"capture_time_ns":"007"}'
    )


def test_absent_members_are_not_written_and_nested_parts_are():
    chunk = ActionChunk(seq=1, actions=[[1.5]], metadata=Metadata(model="m", inference_ms=1))
    assert json.loads(codec.encode(chunk)) == {
        "type": "action_chunk",
        "seq": 1,
        "actions": [[1.5]],
        "metadata": {"model": "m", "inference_ms": 1},
    }


def test_what_a_sender_owes_and_left_out_is_named():
    tree = {"type": "action_chunk", "seq": None, "metadata": {"model": "m", "queue_ms": 0}}
    assert codec.missing(tree, ActionChunk) == ["/seq", "/metadata/inference_ms"]


def test_a_parsed_object_is_built_like_a_text():
    assert build_client(dict(OBSERVATION)) == decode_client(json.dumps(OBSERVATION))


def test_dump_writes_json_and_refuses_what_is_none():
    assert codec.dump({"a": [1, None]}) == '{"a":[1,null]}'
    with pytest.raises(TypeError):
        codec.dump(object())
