"""Sessions over real sockets: framing, limits, and the end."""

import json
import socket
import struct
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed

from tests.reference_impl.action.wire import (
    frame,
    head,
    hear,
    masked,
    observe,
    opened,
    plugged,
    request,
    talking,
)
from tests.support import spawn_server

POLICIES = "tests.reference_impl.action.policies"


@pytest.fixture(scope="module", params=["--uvloop", "--no-uvloop"])
def held(request):
    limits = ("--max-frame-bytes", "65536", "--idle-timeout-ms", "60000")
    with spawn_server("--policy", f"{POLICIES}:Held", request.param, *limits) as server:
        yield server


def closed(peer, within=2.0) -> int:
    with pytest.raises(ConnectionClosed):
        peer.recv(timeout=within)
    assert peer.close_code is not None
    return peer.close_code


def test_a_whole_conversation(held):
    with talking(held.url) as peer:
        ready = opened(peer)
        assert (ready["model"], ready["limits"]["max_frame_bytes"]) == ("held", 65536)
        for seq in range(3):
            observe(peer, seq, 0.01 * seq)
        chunks = [hear(peer) for _ in range(3)]
        assert [(chunk["seq"], chunk["actions"]) for chunk in chunks] == [
            (0, [[0.0]]),
            (1, [[0.01]]),
            (2, [[0.02]]),
        ]
        peer.send('{"type":"session.close"}')
        assert closed(peer) == 1000


def test_a_fatal_error_is_followed_by_its_close(held):
    with talking(held.url) as peer:
        peer.send('{"type":"session.close"}')
        assert hear(peer)["code"] == "not_open"
        assert closed(peer) == 1008


def test_a_message_may_be_as_large_as_declared_and_no_larger(held):
    with talking(held.url) as peer:
        opened(peer)
        text = '{"type":"observation","seq":0,"state":[0],"x":""}'
        peer.send(text[:-2] + "y" * (65536 - len(text)) + text[-2:])
        assert hear(peer)["type"] == "action_chunk"
        peer.send("y" * 65537)
        assert closed(peer) == 1009


def test_a_binary_message_is_a_bad_frame_and_the_session_lives(held):
    with talking(held.url) as peer:
        opened(peer)
        peer.send(b'{"type":"session.close"}')
        assert hear(peer)["code"] == "bad_frame"
        observe(peer, 0, 0)
        assert hear(peer)["seq"] == 0


def test_fragments_of_a_client_are_put_together_and_pings_among_them_answered(held):
    with plugged(held.port) as raw:
        raw.sendall(request(held.port))
        head(raw)
        raw.sendall(masked(b'{"type":"session.', 1, fin=False) + masked(b"hello", 9))
        assert frame(raw) == (10, True, b"hello")
        raw.sendall(masked(b'open","prompt":"\xc3', 0, fin=False) + masked(b'\xa9"}', 0))
        opcode, fin, payload = frame(raw)
        assert (opcode, fin, json.loads(payload)["type"]) == (1, True, "session.ready")


def test_text_that_is_not_utf8_ends_the_connection_with_1007(held):
    with plugged(held.port) as raw:
        raw.sendall(request(held.port))
        head(raw)
        raw.sendall(masked(b'"\xff"'))
        opcode, _, payload = frame(raw)
        assert (opcode, struct.unpack("!H", payload[:2])) == (8, (1007,))


def test_pings_and_other_clients_are_answered_during_an_inference(held):
    with talking(held.url) as peer, talking(held.url) as other:
        opened(peer)
        observe(peer, 0, 1.0)
        start = time.monotonic()
        assert peer.ping(b"still there?").wait(0.5)
        opened(other)
        other.send("no JSON")
        assert hear(other)["code"] == "bad_frame"
        assert time.monotonic() - start < 0.5
        assert hear(peer)["seq"] == 0


def test_a_session_is_closed_while_its_inference_runs(held):
    with talking(held.url) as peer:
        opened(peer)
        observe(peer, 0, 0.8)
        observe(peer, 1, 0.8)
        start = time.monotonic()
        peer.send('{"type":"session.close"}')
        assert closed(peer) == 1000
        assert time.monotonic() - start < 0.5


@pytest.mark.parametrize("end", ["close", "fin", "rst"])
def test_an_abrupt_end_leaves_the_server_serving(held, end):
    with talking(held.url) as peer:
        opened(peer)
        observe(peer, 0, 0.0)
        hear(peer)  # nothing of another test's runs any more
    with plugged(held.port) as raw:
        raw.sendall(request(held.port))
        head(raw)
        raw.sendall(masked(b'{"type":"session.open","prompt":""}'))
        frame(raw)
        for seq in range(4):
            observation = {"type": "observation", "seq": seq, "state": [0.2]}
            raw.sendall(masked(json.dumps(observation).encode()))
        if end == "close":
            raw.sendall(masked(b"", 8))
            assert frame(raw)[0] == 8
        elif end == "rst":
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with talking(held.url) as peer:
        opened(peer)
        start = time.monotonic()
        observe(peer, 0, 0.0)
        assert hear(peer)["seq"] == 0
        assert time.monotonic() - start < 0.6, "what the ended session had queued is discarded"


def test_a_client_that_does_not_read_is_not_listened_to_for_ever(held):
    with plugged(held.port) as raw:
        raw.sendall(request(held.port))
        head(raw)
        raw.settimeout(1.0)
        bad = masked(b"no JSON") * 1000
        sent = 0
        while sent < 64 << 20:
            try:
                sent += raw.send(bad)
            except TimeoutError:
                break
        else:
            pytest.fail("it took all that was sent, and read no more of its own answers")
        with talking(held.url) as other:
            opened(other)
    with talking(held.url) as peer:
        opened(peer)


def test_several_inferences_run_at_a_time_where_the_policy_bears_it():
    with spawn_server("--policy", f"{POLICIES}:Several") as server, talking(server.url) as peer:
        opened(peer)
        start = time.monotonic()
        for seq in range(4):
            observe(peer, seq, 0.4 - seq / 10)
        assert [hear(peer)["seq"] for _ in range(4)] == [0, 1, 2, 3]
        assert time.monotonic() - start < 0.8


def test_a_coroutine_infers_on_the_loop():
    with spawn_server("--policy", f"{POLICIES}:Coroutine") as server, talking(server.url) as peer:
        opened(peer)
        observe(peer, 0, 0.05)
        assert hear(peer)["actions"] == [[0.05]]


@pytest.mark.requirement("A-ERR-21")
def test_a_policy_that_raises_is_answered_without_its_traceback_which_is_logged():
    with spawn_server("--policy", f"{POLICIES}:Raises") as server:
        with talking(server.url) as peer:
            opened(peer)
            observe(peer, 0, 0)
            answer = hear(peer)
        server.end()
    assert answer == {
        "type": "error",
        "code": "inference_failed",
        "message": "the policy raised an exception",
        "fatal": False,
        "retryable": True,
        "seq": 0,
    }
    assert "RuntimeError: secret detail" in "\n".join(server.log)


def opening_times(port: int, count: int = 50) -> list[float]:
    """How long each of so many openings takes, in order of length."""
    took = []
    for _ in range(count):
        start = time.perf_counter()
        with plugged(port) as raw:
            raw.sendall(request(port))
            head(raw)
            raw.sendall(masked(b'{"type":"session.open","prompt":""}'))
            frame(raw)
            took.append(time.perf_counter() - start)
    return sorted(took)


def test_pure_python_inference_neither_ends_its_session_nor_delays_others():
    options = ("--policy", f"{POLICIES}:Busy", "--answer-timeout-ms", "90000")
    with spawn_server(*options) as server, talking(server.url) as peer:
        assert opened(peer)["limits"]["answer_timeout_ms"] == 90_000
        idle = opening_times(server.port)
        observe(peer, 0, 3.0)
        busy = opening_times(server.port)
        assert busy[47] - idle[47] < 0.05, (idle, busy)
        assert hear(peer, 10)["type"] == "action_chunk"


def test_pings_keep_a_session_and_silence_ends_it():
    with spawn_server("--idle-timeout-ms", "600") as server, talking(server.url) as peer:
        opened(peer)
        start = time.monotonic()
        stop = threading.Event()
        while not stop.wait(0.2) and time.monotonic() - start < 1.4:
            peer.ping()
        assert hear(peer, 2)["code"] == "idle_timeout"
        assert closed(peer) == 1001
        assert 1.5 < time.monotonic() - start < 3


def test_a_flood_of_observations_gets_one_answer_each(held):
    with talking(held.url) as peer:
        opened(peer)
        observe(peer, 0, 0.3)
        for seq in range(1, 3000):
            observe(peer, seq, 0)
        answers = [hear(peer) for _ in range(3000)]
        assert [answer["seq"] for answer in answers] == list(range(3000))
        kinds = {answer.get("code", answer["type"]) for answer in answers}
        assert kinds == {"action_chunk", "too_many_in_flight"}
