"""The runtime is started on a free port and surely ended, and a failed start shows its log."""

import contextlib
import socket
import sys
import time

import httpx
import pytest

from tests.peers import runtime
from tests.peers.install import NAMED

SERVES = """
import http.server, signal, sys

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"state": "available"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answers)
print("runtime started", flush=True)
server.serve_forever()
"""
"""A server that does not heed SIGTERM."""


@pytest.fixture
def launching(monkeypatch, tmp_path):
    """Have another program started in the runtime's place."""

    def use(source):
        path = tmp_path / "launch.py"
        path.write_text(source)
        monkeypatch.setenv(NAMED, sys.executable)
        monkeypatch.setattr(runtime, "LAUNCH", path)

    return use


def test_the_runtime_starts_and_leaves_nothing_behind():
    runtime.need_runtime()
    with runtime.running() as ran:
        assert httpx.get(f"{ran.url}/session", trust_env=False).json()["state"] == "ready"
    assert ran.process.returncode == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{ran.url}/session", trust_env=False)


def test_the_runtime_does_not_outlive_who_started_it():
    runtime.need_runtime()
    with runtime.running() as ran:
        ran.process.stdin.close()  # as the end of this process would
        assert ran.process.wait(runtime.END_S) == 0


def test_a_port_that_somebody_else_takes_first_is_no_reason_to_give_up(monkeypatch):
    runtime.need_runtime()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        ports = iter([taken.getsockname()[1], runtime._free_port()])
        monkeypatch.setattr(runtime, "_free_port", lambda: next(ports))
        with runtime.running() as ran:
            assert not ran.url.endswith(f":{taken.getsockname()[1]}")


def test_a_failed_start_shows_the_log_and_is_not_tried_again(launching):
    launching("import sys; print('no weights'); sys.exit(3)")
    told = r"(?s)has ended with 3; its log:\nno weights"
    with pytest.raises(runtime.NotStarted, match=told), runtime.running():
        pass


def test_a_start_that_takes_too_long_is_ended(launching, monkeypatch):
    monkeypatch.setattr(runtime, "START_S", 0.5)
    launching("import time; print('loading', flush=True); time.sleep(60)")
    began = time.monotonic()
    told = r"(?s)is not available; its log:\nloading"
    with pytest.raises(runtime.NotStarted, match=told), runtime.running():
        pass
    assert time.monotonic() - began < runtime.END_S


def test_what_does_not_heed_a_request_to_end_is_killed(launching, monkeypatch):
    monkeypatch.setattr(runtime, "END_S", 0.3)
    launching(SERVES)
    with runtime.running() as ran:
        pass
    assert ran.process.returncode == -9
