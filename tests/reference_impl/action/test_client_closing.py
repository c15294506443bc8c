"""How a stream ends: by its caller, by its server, or by neither."""

import socket
import threading
import time

import pytest

from risp.protocol.errors import LocalProtocolError
from risp.reference_impl.action import (
    ActionStream,
    ConnectionEnded,
)
from tests.scripted_server import CLOSE, ScriptedServer


def well(peer):
    peer.open()
    peer.until_closed()


def test_closing_says_session_close_and_sends_an_empty_close(skin):
    with ScriptedServer(well) as server:
        stream = skin.stream(server.url).open()
        stream.close()
        stream.close()
    assert server.peer.texts[1:] == [
        b'{"type":"session.close","session_id":"sess_0123456789abcdef"}'
    ]
    assert server.peer.control == [(CLOSE, b"")]


@pytest.mark.requirement("A-CLIENT-6")
def test_closing_waits_a_second_at_most_for_a_server_that_does_not_answer(skin):
    def script(peer):
        peer.open()
        peer.until_closed(answer=False)
        peer.until_gone()

    with ScriptedServer(script) as server:
        stream = skin.stream(server.url).open()
        began = time.monotonic()
        stream.close()
        assert 0.9 < time.monotonic() - began < 1.5


def test_closing_after_the_server_has_gone_raises_nothing(skin):
    def script(peer):
        peer.open()
        peer.close(1001)

    with ScriptedServer(script) as server:
        stream = skin.stream(server.url).open()
        server.wait()
        stream.close()


def test_a_closed_stream_opens_again_as_a_new_session(skin):
    def script(peer):
        peer.open()
        seq = peer.expect("observation")["seq"]
        peer.chunk(seq)
        peer.until_closed()

    with ScriptedServer(script, script) as server:
        stream = skin.stream(server.url)
        for _ in range(2):
            stream.open()
            assert stream.send_observation([1.0]) == 0
            assert stream.recv_action()["seq"] == 0
            stream.close()


def test_a_stream_opens_once_at_a_time(skin):
    with ScriptedServer(well) as server:
        stream = skin.stream(server.url).open()
        with pytest.raises(LocalProtocolError, match="already_open"):
            stream.open()
        stream.close()


def test_the_end_of_the_connection_tells_code_and_reason(skin):
    def script(peer):
        peer.open()
        peer.close(1001, "bye")
        peer.until_closed()

    with ScriptedServer(script) as server, skin.stream(server.url) as stream:
        for _ in range(2):
            with pytest.raises(ConnectionEnded, match="1001: bye") as caught:
                stream.recv_action()
            assert (caught.value.code, caught.value.reason) == (1001, "bye")
            assert isinstance(caught.value, RuntimeError)


def test_an_end_without_a_close_is_told_as_one(skin):
    def script(peer):
        peer.open()

    with ScriptedServer(script) as server, skin.stream(server.url) as stream:
        with pytest.raises(ConnectionEnded) as caught:
            stream.receive()
        assert caught.value.code == 1006


def test_a_server_that_breaks_the_websocket_protocol_is_left(skin):
    def script(peer):
        peer.open()
        peer.raw(b"\x81\x80\x00\x00\x00\x00")
        peer.until_closed()

    with ScriptedServer(script) as server:
        stream = skin.stream(server.url).open()
        with pytest.raises(ConnectionEnded, match="masking"):
            stream.receive()
        stream.close()
    assert server.peer.control[0][1][:2] == (1002).to_bytes(2)


def test_why_the_server_hung_up_can_still_be_read_when_nothing_can_be_sent():
    # On the blocking skin only: asyncio forgets what has arrived when a write fails.
    def script(peer):
        peer.open()
        peer.send({"type": "error", "code": "idle_timeout", "message": "m", "fatal": True})
        peer.close(1001)

    with ScriptedServer(script) as server:
        stream = ActionStream(prompt="p", url=server.url, timeout=5.0).open()
        server.wait()
        with pytest.raises(ConnectionEnded):
            send_until_refused(stream)
        assert stream.receive()["code"] == "idle_timeout"
        with pytest.raises(ConnectionEnded) as caught:
            stream.receive()
        assert caught.value.code == 1001
        stream.close()


def send_until_refused(stream):
    stop = time.monotonic() + 5
    while time.monotonic() < stop:
        stream.send_raw({"type": "x"})


@pytest.mark.requirement("A-CLIENT-6")
def test_a_server_that_takes_no_bytes_is_given_up_in_time(skin):
    def script(peer):
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.open()
        finished.wait(5)

    finished = threading.Event()
    with ScriptedServer(script) as server:
        stream = skin.stream(server.url, timeout=0.3).open()
        with pytest.raises(TimeoutError):
            stream.send_observation([1.0], {"a": "A" * (32 << 20)})
        with pytest.raises(ConnectionEnded, match="could not be sent in time"):
            stream.send_raw({})
        stream.close()
        finished.set()
