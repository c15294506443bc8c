"""Opening, being open, closing."""

import asyncio
import gc
import inspect
import socket
import threading
import time

import pytest

from risp.protocol.errors import LocalProtocolError
from risp.reference_impl.action import (
    ActionStream,
    AsyncActionStream,
    ConnectionEnded,
    MalformedFrame,
)
from risp.reference_impl.action.transport import finish
from tests.scripted_server import CLOSE, READY, ScriptedServer

CAPABILITIES = b'"capabilities":["status","tensor_b64","max_age"]'


def well(peer):
    peer.open()
    peer.until_closed()


def opened_with(skin, **members):
    with ScriptedServer(well) as server:
        skin.stream(server.url, **members).open().close()
    return server.peer.texts[0]


@pytest.mark.requirement("A-CLIENT-1")
@pytest.mark.requirement("A-CLIENT-10")
def test_the_least_open_is_written_to_the_byte(skin):
    text = b'{"type":"session.open","session_id":"","prompt":"p","cameras":[],' + CAPABILITIES
    assert opened_with(skin) == text + b"}"


def test_the_fullest_open_keeps_the_order_of_deployed_clients(skin):
    text = opened_with(
        skin,
        prompt="pick up the cup",
        session_id="mine",
        model="pi0.5",
        lora="my-adapter@v1",
        robot="so101",
        action_adapter="joint_pos",
        cameras=["wrist", "overhead"],
        hz=30.0,
        chunk_size=10,
        max_gpu_seconds=2.5,
        queue="latest",
        capabilities=[],
    )
    assert text == (
        b'{"type":"session.open","session_id":"mine","prompt":"pick up the cup","model":"pi0.5",'
        b'"lora":"my-adapter@v1","robot":"so101","action_adapter":"joint_pos",'
        b'"cameras":["wrist","overhead"],"hz":30.0,"chunk_size":10,"max_gpu_seconds":2.5,'
        b'"queue":"latest"}'
    )


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"prompt": None}, "/prompt"),
        ({"hz": 0}, "/hz"),
        ({"chunk_size": 1.5}, "/chunk_size"),
        ({"max_gpu_seconds": float("nan")}, "/max_gpu_seconds"),
        ({"cameras": [1]}, "/cameras/0"),
        ({"queue": "lifo"}, "/queue"),
    ],
)
def test_a_session_that_no_server_opens_is_refused_before_anything_is_sent(skin, members, pointer):
    with pytest.raises(LocalProtocolError) as caught:
        skin.stream("ws://h", **members)
    assert (caught.value.code, caught.value.pointer) == ("invalid_open", pointer)


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_is_none_is_refused(skin, timeout):
    with pytest.raises(ValueError, match="timeout"):
        skin.stream("ws://h", timeout=timeout)


def test_the_url_comes_from_the_environment_and_without_any_there_is_an_error(skin, monkeypatch):
    with pytest.raises(ValueError, match="RISP_URL"):
        skin.stream()
    with ScriptedServer(well) as server:
        monkeypatch.setenv("RISP_URL", server.url)
        skin.stream().open().close()
    assert len(server.peers) == 1


def test_what_the_server_says_of_itself_is_kept(skin):
    ready = {**READY, "model": "m", "x_vendor": {"a": [1]}}

    def script(peer):
        peer.open(**ready)
        peer.until_closed()

    with ScriptedServer(script) as server:
        stream = skin.stream(server.url, session_id="mine")
        assert (stream.ready, stream.session_id, stream.open_timing) == ({}, "mine", {})
        with stream:
            assert (stream.ready, stream.session_id) == (ready, READY["session_id"])
            timing = stream.open_timing
    names = ["tcp_ms", "tls_ms", "websocket_upgrade_ms", "connect_ms", "session_ready_ms"]
    assert list(timing) == [*names, "open_ms"]
    steps = [timing[name] for name in names[:3]]
    assert timing["tls_ms"] == 0
    assert timing["connect_ms"] == pytest.approx(sum(steps), abs=1)
    assert timing["open_ms"] >= timing["connect_ms"] + timing["session_ready_ms"]


def test_a_ready_without_an_id_leaves_the_label(skin):
    def script(peer):
        peer.open(session_id=None)
        peer.until_closed()

    with ScriptedServer(script) as server:
        with skin.stream(server.url, session_id="mine") as stream:
            assert stream.session_id == "mine"
    assert server.peer.frames[-1] == {"type": "session.close", "session_id": "mine"}


@pytest.mark.requirement("A-CLIENT-3")
@pytest.mark.requirement("A-CLIENT-4")
def test_unknown_frames_before_ready_are_passed_over_and_unknown_members_ignored(skin):
    def script(peer):
        peer.upgrade()
        peer.expect("session.open")
        peer.send({"type": "x_progress", "percent": 1})
        peer.send({"type": "session.status", "state": "x_compiling", "x": None})
        peer.send({**READY, "x_future": 1, "limits": {"max_in_flight": "many"}, "queue": 7})
        peer.until_closed()

    with ScriptedServer(script) as server, skin.stream(server.url) as stream:
        assert stream.ready["x_future"] == 1


@pytest.mark.requirement("A-CLIENT-11")
@pytest.mark.requirement("A-CLIENT-13")
def test_each_status_starts_the_wait_anew_and_nothing_is_sent_meanwhile(skin):
    def script(peer):
        peer.upgrade()
        peer.expect("session.open")
        for _ in range(4):
            peer.socket.settimeout(0.25)
            with pytest.raises(TimeoutError):
                peer.socket.recv(1)
            peer.send({"type": "session.status", "state": "loading"})
        peer.socket.settimeout(5)
        peer.send(READY)
        peer.until_closed()

    with ScriptedServer(script) as server:
        with skin.stream(server.url, timeout=0.6) as stream:
            assert stream.open_timing["session_ready_ms"] >= 1000


@pytest.mark.requirement("A-CLIENT-6")
@pytest.mark.parametrize("noise", [b"", b'{"type":"x_noise"}'])
def test_a_server_that_never_gets_ready_is_given_up_once_and_in_time(skin, noise):
    def script(peer):
        peer.upgrade()
        peer.expect("session.open")
        stop = time.monotonic() + 3
        with pytest.raises((ConnectionError, AssertionError)):
            while noise and time.monotonic() < stop:
                peer.send({"type": "x_noise"})
                time.sleep(0.001)
            assert not noise
            raise ConnectionError
        peer.until_gone()

    with ScriptedServer(script) as server:
        stream, network = skin.patient(server.url, timeout=0.3, connect_retry_seconds=60)
        began = time.monotonic()
        with pytest.raises(TimeoutError, match=r"no session.ready came within 0.3 s"):
            stream.open()
        assert time.monotonic() - began < 2.5
        stream.close()
    assert network.slept == []


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"type": "action_chunk", "actions": [[1]]}, "action_chunk in place of session.ready"),
        ([], "a list in place of a frame"),
        ({"session_id": "s"}, "a frame without a type"),
    ],
)
def test_anything_else_in_place_of_ready_is_malformed(skin, sent, said):
    def script(peer):
        peer.upgrade()
        peer.expect("session.open")
        peer.send(sent)
        # After a failed opening there is the Close only.
        peer.until_closed()

    with ScriptedServer(script) as server:
        with pytest.raises(MalformedFrame, match=said):
            skin.stream(server.url, connect_retry_seconds=60).open()
    assert [frame["type"] for frame in server.peer.frames] == ["session.open"]
    assert server.peer.control == [(CLOSE, b"")]


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
        server._thread.join(5)
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
    with ScriptedServer(well) as server, skin.stream(server.url) as stream:
        with pytest.raises(LocalProtocolError, match="already_open"):
            stream.open()


@pytest.mark.requirement("A-CLIENT-1")
@pytest.mark.parametrize(
    "use",
    [
        lambda stream: stream.send_observation([1.0]),
        lambda stream: stream.send_observation_frame({"state": [1.0]}),
        lambda stream: stream.send_raw({}),
        lambda stream: stream.recv_action(),
        lambda stream: stream.receive(),
    ],
)
def test_a_stream_that_is_not_open_says_so(skin, use):
    with pytest.raises(LocalProtocolError, match=r"not_open: .*call open"):
        use(skin.stream("ws://h"))


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

    with ScriptedServer(script) as server, skin.stream(server.url) as stream:
        with pytest.raises(ConnectionEnded, match="masking"):
            stream.receive()
    assert server.peer.control[0][1][:2] == (1002).to_bytes(2)


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
            for _ in range(8):
                stream.send_observation([1.0], {"a": "A" * (4 << 20)})
        with pytest.raises(ConnectionEnded):
            stream.receive()
        stream.close()
        finished.set()


def test_both_skins_have_the_documented_surface():
    documented = {
        "send_observation": "state images prompt seq request_id capture_time_ns max_gpu_seconds",
        "send_observation_frame": "frame",
        "send_raw": "frame",
        "recv_action": "",
        "receive": "",
        "open": "",
        "close": "",
    }
    for name, parameters in documented.items():
        ours = [
            inspect.signature(getattr(kind, name)) for kind in (ActionStream, AsyncActionStream)
        ]
        assert ours[0] == ours[1] or name == "open"
        positional = [p.name for p in ours[0].parameters.values() if p.kind is not p.KEYWORD_ONLY]
        assert positional[1:] == parameters.split()
        assert not asyncio.iscoroutinefunction(inspect.unwrap(ActionStream.open))
    constructor = inspect.signature(ActionStream).parameters
    assert list(constructor) == [
        *("prompt", "url", "api_key", "model", "lora", "robot", "action_adapter", "cameras", "hz"),
        *("chunk_size", "max_gpu_seconds", "session_id", "timeout", "connect_retry_seconds"),
        *("queue", "capabilities"),
    ]
    assert all(p.kind is p.KEYWORD_ONLY for p in constructor.values())
    assert (constructor["timeout"].default, constructor["session_id"].default) == (30.0, "")


def test_neither_threads_nor_sockets_are_left(skin):
    before = threading.active_count()

    def refuse(peer):
        peer.refuse(401)

    with ScriptedServer(well, refuse, lambda peer: None) as server:
        skin.stream(server.url).open().close()
        for _ in range(2):
            with pytest.raises((RuntimeError, OSError)):
                skin.stream(server.url).open()
    gc.collect()  # a socket that is left makes a ResourceWarning, which is an error here
    assert threading.active_count() == before


def test_a_blocking_transport_must_not_suspend():
    with pytest.raises(RuntimeError, match="must not suspend"):
        finish(asyncio.sleep(0))
