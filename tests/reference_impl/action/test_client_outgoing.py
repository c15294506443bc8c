"""Observations as they go out, and what never does."""

import base64
import math

import pytest

from risp.protocol.errors import LocalProtocolError
from tests.scripted_server import ScriptedServer

JPEG = b"\xff\xd8\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n...."


def listen(peer):
    peer.open()
    peer.until_closed()


def sent_by(skin, use):
    """What the server gets when this is done with an open stream."""
    with ScriptedServer(listen) as server, skin.stream(server.url) as stream:
        use(stream)
    return server.peer.texts[1:-1]


def test_a_full_observation_is_written_to_the_byte(skin):
    texts = sent_by(
        skin,
        lambda stream: stream.send_observation(
            [0.1, 2, 0.3],
            {
                "wrist": JPEG,
                "overhead": "/9j/2Q==",
                "raw": {"encoding": "png_base64", "data": "AA=="},
            },
            "now",
            0,
            "req-1",
            1737830400000000000,
            0.5,
            max_age_ms=80,
        ),
    )
    assert texts == [
        b'{"type":"observation","seq":0,"state":[0.1,2,0.3],'
        b'"images":{"wrist":{"encoding":"jpeg_base64","data":"/9j/2Q=="},"overhead":"/9j/2Q==",'
        b'"raw":{"encoding":"png_base64","data":"AA=="}},"prompt":"now","request_id":"req-1",'
        b'"capture_time_ns":1737830400000000000,"max_age_ms":80,"max_gpu_seconds":0.5}'
    ]


def test_the_least_observation_has_empty_images_and_no_nulls(skin):
    texts = sent_by(skin, lambda stream: stream.send_observation([1, 2]))
    assert texts == [b'{"type":"observation","seq":0,"state":[1,2],"images":{}}']


def test_pictures_are_labelled_by_their_bytes(skin):
    def use(stream):
        stream.send_observation([1], {"a": PNG, "b": bytearray(JPEG), "c": memoryview(PNG)})

    [text] = sent_by(skin, use)
    png = base64.b64encode(PNG)
    assert text.endswith(
        b'{"a":{"encoding":"png_base64","data":"%b"},"b":{"encoding":"jpeg_base64","data":"/9j/2Q=="'
        b'},"c":{"encoding":"png_base64","data":"%b"}}}' % (png, png)
    )


def test_a_ready_made_observation_keeps_its_members_and_the_callers_object(skin):
    frame = {"state": [1], "images": {"w": JPEG}, "x_vendor": {"a": [1.5]}, "prompt": None}
    before = dict(frame)
    texts = sent_by(skin, lambda stream: stream.send_observation_frame(frame))
    assert texts == [
        b'{"state":[1],"images":{"w":{"encoding":"jpeg_base64","data":"/9j/2Q=="}},'
        b'"x_vendor":{"a":[1.5]},"type":"observation","seq":0}'
    ]
    assert frame == before


@pytest.mark.requirement("A-CLIENT-2")
def test_seq_counts_and_an_explicit_one_moves_the_count(skin):
    def use(stream):
        seqs.append(stream.send_observation([1]))
        seqs.append(stream.send_observation([1], seq=7))
        seqs.append(stream.send_observation_frame({"state": [1]}))
        seqs.append(stream.send_observation_frame({"state": [1], "seq": 9, "type": "x"}))
        stream.send_raw({"type": "observation", "seq": 20, "state": [1]})
        seqs.append(stream.send_observation([1]))

    seqs = []
    texts = sent_by(skin, use)
    assert seqs == [0, 7, 8, 9, 21]
    assert texts[3] == b'{"state":[1],"seq":9,"type":"observation"}'


@pytest.mark.requirement("A-CLIENT-2")
@pytest.mark.parametrize("seq", [0, 4, 5, -1])
def test_a_seq_that_does_not_rise_is_refused_and_the_count_stays(skin, seq):
    def use(stream):
        stream.send_observation([1], seq=5)
        for send in (
            lambda: stream.send_observation([1], seq=seq),
            lambda: stream.send_observation_frame({"state": [1], "seq": seq}),
        ):
            with pytest.raises(LocalProtocolError) as caught:
                send()
            assert (caught.value.code, caught.value.pointer) == ("out_of_order", "/seq")
        assert stream.send_observation([1]) == 6

    assert len(sent_by(skin, use)) == 2


@pytest.mark.parametrize(
    ("members", "code", "pointer"),
    [
        ({"state": [0.1, math.nan]}, "invalid_observation", "/state/1"),
        ({"state": [math.inf]}, "invalid_observation", "/state/0"),
        ({"state": ["1"]}, "invalid_observation", "/state/0"),
        ({"state": [True]}, "invalid_observation", "/state/0"),
        ({"state": "1"}, "invalid_observation", "/state"),
        ({"state": None}, "invalid_observation", "/state"),
        ({"state": [1], "seq": "1"}, "invalid_observation", "/seq"),
        ({"state": [1], "seq": True}, "invalid_observation", "/seq"),
        ({"state": [1], "seq": 2**53}, "invalid_observation", "/seq"),
        ({"state": [1], "request_id": ""}, "invalid_observation", "/request_id"),
        ({"state": [1], "capture_time_ns": -1}, "invalid_observation", "/capture_time_ns"),
        ({"state": [1], "max_gpu_seconds": 0}, "invalid_observation", "/max_gpu_seconds"),
        ({"state": [1], "prompt": "\ud800"}, "bad_frame", ""),
        ({"state": [1], "images": {"w": [1]}}, "invalid_image", "/images/w"),
        ({"state": [1], "images": JPEG}, "invalid_image", "/images"),
    ],
)
def test_what_a_server_would_refuse_is_not_sent(skin, members, code, pointer):
    def use(stream):
        for send in (
            lambda: stream.send_observation(**members),
            lambda: stream.send_observation_frame(members),
        ):
            with pytest.raises(LocalProtocolError) as caught:
                send()
            assert caught.value.code == code
            assert caught.value.pointer == pointer or code == "bad_frame"

    assert sent_by(skin, use) == []


@pytest.mark.parametrize("vendor", [math.nan, {"a": [1, math.inf]}, b"bytes", object()])
def test_a_vendors_member_that_is_no_json_is_not_sent(skin, vendor):
    def use(stream):
        with pytest.raises(LocalProtocolError, match="JSON"):
            stream.send_observation_frame({"state": [1], "x_vendor": vendor})

    assert sent_by(skin, use) == []


def test_arrays_of_numbers_are_taken(skin, need):
    need("numpy", "its arrays are what robots' states often are")
    import numpy

    def use(stream):
        stream.send_observation(numpy.array([0.5, 1.5], dtype=numpy.float32))
        stream.send_observation([numpy.float32(0.5), numpy.int64(2), numpy.float64(0.25)])
        stream.send_observation_frame({"state": numpy.array([1.0])})

    texts = sent_by(skin, use)
    assert [text.split(b'"state":')[1].split(b"]")[0] for text in texts] == [
        b"[0.5,1.5",
        b"[0.5,2,0.25",
        b"[1.0",
    ]


def test_a_raw_frame_goes_out_as_it_is(skin):
    frame = {"type": "x_any", "é": None, "n": 10**30, "state": "no"}
    texts = sent_by(skin, lambda stream: stream.send_raw(frame))
    assert texts == [
        b'{"type":"x_any","\\u00e9":null,"n":1000000000000000000000000000000,"state":"no"}'
    ]


def test_a_raw_frame_that_is_no_json_is_not_sent(skin):
    def use(stream):
        with pytest.raises(LocalProtocolError, match="no JSON"):
            stream.send_raw({"a": math.nan})

    assert sent_by(skin, use) == []


def test_what_is_larger_than_the_server_declares_to_take_is_not_sent(skin):
    def script(peer):
        peer.open(limits={"max_frame_bytes": 80})
        peer.until_closed()

    with ScriptedServer(script) as server, skin.stream(server.url) as stream:
        stream.send_observation([1])
        with pytest.raises(LocalProtocolError, match="bytes, and the server takes 80"):
            stream.send_observation([1], {"w": JPEG * 20})
    assert len(server.peer.texts) == 3
