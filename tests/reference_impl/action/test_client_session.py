"""Opening a session, and what both skins and the package offer."""

import asyncio
import contextlib
import gc
import inspect
import socket
import subprocess
import sys
import threading
import time

import pytest

from risp import reference_impl
from risp.protocol.errors import LocalProtocolError
from risp.reference_impl.action import (
    ActionStream,
    AsyncActionStream,
    MalformedFrame,
)
from risp.reference_impl.action.transport import finish
from tests.scripted_server import BINARY, CLOSE, READY, TEXT, ScriptedServer, server_frame

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
        ({"cameras": "wrist"}, "/cameras"),
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

    with ScriptedServer(script) as server, skin.stream(server.url, session_id="mine") as stream:
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

    with ScriptedServer(script) as server, skin.stream(server.url, timeout=0.6) as stream:
        assert stream.open_timing["session_ready_ms"] >= 1000


@pytest.mark.requirement("A-CLIENT-6")
@pytest.mark.parametrize(
    "noise", [b"", server_frame(TEXT, b'{"type":"x_noise"}'), server_frame(BINARY, b"x")]
)
def test_a_server_that_never_gets_ready_is_given_up_once_and_in_time(skin, noise):
    def script(peer):
        peer.upgrade()
        peer.expect("session.open")
        stop = time.monotonic() + 9
        with contextlib.suppress(ConnectionError):
            while noise and time.monotonic() < stop:
                peer.raw(noise * 5000)
        peer.until_gone()

    with ScriptedServer(script) as server:
        stream, network = skin.patient(server.url, timeout=0.3, connect_retry_seconds=60)
        began = time.monotonic()
        with pytest.raises(TimeoutError, match=r"no session.ready came within 0.3 s"):
            stream.open()
        assert time.monotonic() - began < 5
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

    with ScriptedServer(script) as server, pytest.raises(MalformedFrame, match=said):
        skin.stream(server.url, connect_retry_seconds=60).open()
    assert [frame["type"] for frame in server.peer.frames] == ["session.open"]
    assert server.peer.control == [(CLOSE, b"")]


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
        assert not inspect.iscoroutinefunction(inspect.unwrap(ActionStream.open))
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


def test_a_name_with_several_addresses_is_tried_address_by_address(skin, monkeypatch):
    def resolve(host, port, *args, **kwargs):
        assert host == "robot.test"
        kind = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [
            (socket.AF_INET6, *kind, ("::1", port, 0, 0)),
            (socket.AF_INET, *kind, ("127.0.0.1", port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with ScriptedServer(well) as server:
        skin.stream(f"ws://robot.test:{server.port}").open().close()
    assert server.peer.header("Host") == f"robot.test:{server.port}"


def test_importing_the_package_loads_no_client():
    code = "import sys, risp.reference_impl.action as a; print('websockets' in sys.modules)"
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_package_gives_out_every_name_that_it_lists():
    for package in (reference_impl, reference_impl.action):
        assert [name for name in package.__all__ if not hasattr(package, name)] == []
        assert not hasattr(package, "no_such_name")
