"""Chunks as they come: rows, tensors, fragments, and what is none."""

import array
import base64
import math
import struct

import pytest

from risp.reference_impl.action import (
    MalformedFrame,
)
from tests.scripted_server import (
    BINARY,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    server_frame,
)


def tensor(dtype, shape, data):
    return {"dtype": dtype, "shape": shape, "data": base64.b64encode(data).decode()}


def test_a_chunk_is_handed_over_whole(play):
    chunk = {
        "type": "action_chunk",
        "seq": 0,
        "actions": [[1, 2.5], [3, 4]],
        "metadata": {"model": "m", "inference_ms": 1.5},
        "x_vendor": [None],
    }

    def use(stream):
        stream.send_observation([1])
        assert stream.recv_action() == chunk

    play(lambda peer: (peer.expect("observation"), peer.send(chunk)), use)


@pytest.mark.requirement("A-CLIENT-10")
@pytest.mark.parametrize(
    ("dtype", "data", "rows"),
    [
        ("float32", struct.pack("<4f", 0.5, -1, 2, 3), [[0.5, -1.0], [2.0, 3.0]]),
        ("float64", struct.pack("<4d", 0.1, 1, 2, 3), [[0.1, 1.0], [2.0, 3.0]]),
        ("float64", struct.pack("<4d", 1e308, 1e308, 2, 3), [[1e308, 1e308], [2.0, 3.0]]),
        ("uint8", bytes([0, 1, 2, 255]), [[0, 1], [2, 255]]),
        ("int32", struct.pack("<4i", -1, 1, 2, 3), [[-1, 1], [2, 3]]),
        ("int64", struct.pack("<4q", -(2**62), 1, 2, 3), [[-(2**62), 1], [2, 3]]),
        ("bool", bytes([0, 1, 1, 0]), [[0, 1], [1, 0]]),
    ],
)
def test_a_tensor_becomes_rows(play, dtype, data, rows):
    def script(peer):
        peer.expect("observation")
        peer.send({"type": "action_chunk", "seq": 0, "actions": tensor(dtype, [2, 2], data)})

    def use(stream):
        stream.send_observation([1])
        assert stream.recv_action()["actions"] == rows

    play(script, use)


def test_a_tensor_is_left_as_it_is_by_receive(play):
    actions = tensor("uint8", [1, 2], b"ab")
    play(
        lambda peer: peer.send({"type": "action_chunk", "seq": 0, "actions": actions}),
        lambda stream: [stream.receive()["actions"] == actions or pytest.fail("changed")],
    )


@pytest.mark.parametrize(
    "actions",
    [
        None,
        [],
        [[]],
        [[1], [1, 2]],
        [["1"]],
        [[True]],
        [1, 2],
        tensor("float32", [1, 1], struct.pack("<f", math.nan)),
        tensor("float64", [1, 2], struct.pack("<2d", math.inf, -math.inf)),
        tensor("float32", [1, 2], b"1234"),
        tensor("<f4", [1, 1], b"1234"),
        tensor("uint8", [4], b"1234"),
    ],
)
def test_a_chunk_without_sound_actions_is_malformed_and_the_next_one_is_not(play, actions):
    def script(peer):
        peer.expect("observation")
        peer.send({"type": "action_chunk", "seq": 0, "actions": actions})
        peer.expect("observation")
        peer.chunk(1)

    def use(stream):
        stream.send_observation([1])
        with pytest.raises(MalformedFrame):
            stream.recv_action()
        stream.send_observation([1])
        assert stream.recv_action()["seq"] == 1

    play(script, use)


@pytest.mark.parametrize("text", [b"{", b"[1]", b"null", b'{"a":1}', b'{"type":1}', b'"\xff"'])
def test_what_is_no_frame_is_an_error_after_which_the_stream_is_usable(play, text):
    def script(peer):
        peer.raw(server_frame(TEXT, text))
        peer.expect("observation")
        peer.chunk(0)

    def use(stream):
        with pytest.raises(MalformedFrame):
            stream.receive()
        stream.send_observation([1])
        assert stream.recv_action()["seq"] == 0

    play(script, use)


def test_a_ping_is_answered_while_waiting(play):
    def script(peer):
        peer.expect("observation")
        peer.raw(server_frame(PING, b"p" * 125))
        assert peer.expect_control(PONG) == b"p" * 125
        peer.chunk(0)

    def use(stream):
        stream.send_observation([1])
        assert stream.recv_action()["seq"] == 0

    play(script, use)


def test_fragmented_text_is_put_together_and_binary_is_passed_over(play):
    text = b'{"type":"action_chunk","seq":0,"actions":[[1]]}'

    def script(peer):
        peer.expect("observation")
        peer.raw(server_frame(BINARY, b"\x00"))
        peer.raw(server_frame(BINARY, b"\x00", fin=False) + server_frame(CONTINUATION, b"\x01"))
        peer.raw(server_frame(TEXT, text[:9], fin=False))
        peer.raw(server_frame(PING, b""))
        peer.raw(server_frame(CONTINUATION, text[9:20], fin=False))
        peer.raw(server_frame(CONTINUATION, text[20:]))

    def use(stream):
        stream.send_observation([1])
        assert stream.recv_action()["actions"] == [[1]]

    play(script, use)


def test_large_observations_and_large_chunks_pass(play):
    numbers = array.array("d", [0.1]) * (20_000 * 64)

    def script(peer):
        assert len(peer.expect("observation")["images"]["w"]) == 4 << 20
        data = numbers.tobytes()
        peer.send(
            {"type": "action_chunk", "seq": 0, "actions": tensor("float64", [20_000, 64], data)}
        )

    def use(stream):
        stream.send_observation([1], {"w": "A" * (4 << 20)})
        actions = stream.recv_action()["actions"]
        assert (len(actions), len(actions[0]), actions[-1][-1]) == (20_000, 64, 0.1)

    play(script, use)
