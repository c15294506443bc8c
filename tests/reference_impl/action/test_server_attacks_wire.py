"""Clients that mean no good, over bare sockets: each is let go, and the server still ends well."""

import json
import os
import socket
import time
from contextlib import suppress

import pytest

from tests.reference_impl.action.wire import frame, head, masked, plugged, request, whole
from tests.support import spawn_server

POLICIES = "tests.reference_impl.action.policies"
OPEN = masked(b'{"type":"session.open","prompt":"p"}')
CLOSE = masked(b"\x03\xe8", 8)
SESSION_CLOSE = masked(b'{"type":"session.close"}')
ENOUGH = 64 << 20
"""Bytes that no buffer between two sockets holds."""

pytestmark = pytest.mark.parametrize("loop", ["--uvloop", "--no-uvloop"])


def spawn(loop, *more):
    return spawn_server("--policy", f"{POLICIES}:Held", loop, *more)


def upgraded(raw, port):
    raw.sendall(request(port))
    assert b" 101 " in head(raw)[0]


def flood(raw, data) -> int:
    """Send until nothing more goes out for a second; how many bytes went out."""
    raw.settimeout(1.0)
    sent = 0
    with suppress(OSError):
        while sent < ENOUGH:
            sent += raw.send(data)
    return sent


def sockets(server) -> int:
    """How many sockets the server holds."""
    folder = f"/proc/{server.process.pid}/fd"
    held = 0
    for name in os.listdir(folder):
        with suppress(FileNotFoundError):
            held += os.readlink(f"{folder}/{name}").startswith("socket:")
    return held


def wait_for(condition, within=8.0):
    until = time.monotonic() + within
    while not condition():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)


@pytest.mark.parametrize(
    "headers",
    [
        [f"X-{at}: y" for at in range(200)],
        ["X-Long: " + "y" * 9000],
        ["Content-Length: 5"],
        ["Transfer-Encoding: chunked"],
        ["X-Odd: a\x01b"],
    ],
    ids=["many", "long", "length", "chunked", "control"],
)
def test_a_head_that_only_half_the_server_takes_is_refused(loop, headers):
    with spawn(loop) as server:
        with plugged(server.port) as raw:
            raw.sendall(request(server.port, *headers))
            status, fields, body = whole(raw)
            assert (status, fields["content-type"]) == (400, "application/json")
            assert json.loads(body).keys() == {"code", "detail"}
            assert raw.recv(1) == b""
            assert server.end() == 0
        assert not any("Traceback" in line for line in server.log), server.log


def test_pings_wait_for_who_does_not_read_their_pongs(loop):
    with spawn(loop) as server, plugged(server.port) as raw:
        upgraded(raw, server.port)
        pings = masked(b"p" * 125, 9) * 500
        assert flood(raw, pings) < ENOUGH
        raw.settimeout(5.0)
        assert raw.recv(2) == b"\x8a\x7d"  # it is paused, and not gone
        assert server.end() == 0


def test_pings_are_heard_again_once_their_pongs_are_read(loop):
    with spawn(loop) as server, plugged(server.port) as raw:
        upgraded(raw, server.port)
        ping = masked(b"p" * 125, 9)
        sent = flood(raw, ping * 500)
        rest = -sent % len(ping)
        raw.settimeout(5.0)
        owed = (sent + rest) // len(ping) * 127
        while owed > 127:
            owed -= len(raw.recv(min(owed - 127, 1 << 20)))
        raw.sendall(ping[len(ping) - rest :] if rest else b"")
        while owed:
            owed -= len(raw.recv(owed))
        raw.sendall(masked(b"again", 9))
        assert frame(raw) == (10, True, b"again")


@pytest.mark.parametrize("last", [CLOSE, SESSION_CLOSE, b""], ids=["Close", "close", "nothing"])
def test_a_client_that_never_reads_is_let_go(loop, last):
    limits = ("--idle-timeout-ms", "1000", "--max-sessions", "1")
    with spawn(loop, *limits) as server:
        before = sockets(server)
        with plugged(server.port) as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            upgraded(raw, server.port)
            # Each is refused at length, and the session lives on.
            flood(raw, OPEN + masked(b"[" + b"1," * 30, 1) * 2000)
            raw.settimeout(0.5)
            with suppress(OSError):  # it is no longer listened to
                raw.sendall(last)
            wait_for(lambda: sockets(server) == before)
        with plugged(server.port) as raw:  # there is room again
            upgraded(raw, server.port)
        assert server.end() == 0
        assert not any("Traceback" in line for line in server.log), server.log


@pytest.mark.parametrize("last", [CLOSE, SESSION_CLOSE], ids=["Close", "close"])
def test_who_ends_and_leaves_the_socket_open_is_let_go(loop, last):
    with spawn(loop) as server:
        before = sockets(server)
        with plugged(server.port) as raw:
            upgraded(raw, server.port)
            raw.sendall(OPEN)
            frame(raw)
            raw.sendall(last)
            wait_for(lambda: sockets(server) == before, within=4.0)


@pytest.mark.parametrize(
    "message", [OPEN, SESSION_CLOSE, masked(b'"\xff"'), masked(b"x", 9)], ids="otup"
)
def test_a_close_in_one_segment_with_a_message_is_answered(loop, message):
    with spawn(loop) as server:
        with plugged(server.port) as raw:
            upgraded(raw, server.port)
            raw.sendall(message + CLOSE)
            heard = b""
            while part := raw.recv(4096):
                heard += part
            assert heard.endswith(b"\x88\x02\x03\xe8")
        assert server.end() == 0
        assert not any("Traceback" in line for line in server.log), server.log


def test_a_flooder_that_is_gone_is_let_go(loop):
    with spawn(loop, "--idle-timeout-ms", "1000") as server:
        before = sockets(server)
        with plugged(server.port) as raw:
            upgraded(raw, server.port)
            many = [b'{"type":"observation","seq":%d,"state":[9]}' % seq for seq in range(3000)]
            raw.sendall(OPEN + b"".join(map(masked, many)))
            frame(raw)
        # The policy is busy for nine seconds, so no answer tells that nobody is there.
        wait_for(lambda: sockets(server) == before, within=6.0)
