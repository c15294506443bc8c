"""The complete example, as somebody runs it: whole, dropped, without its server, interrupted."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.live_client import client
from tests.live_server import KEY, Running, serving
from tests.peers.places import PLACES
from tests.peers.runtime import need_runtime
from tests.support import ROOT

DRAWING = "examples.drawing_model:Drawing"
MIRROR = "examples.video_to_video:Mirror"
MODES = {"local": (), "hosted": ("--key", KEY)}
READY = re.compile(r"^status: ready in session (\S+)$", re.MULTILINE)


class Application:
    """The example, while it runs."""

    def __init__(self, process: subprocess.Popen[str], cwd: Path) -> None:
        self.process = process
        self.cwd = cwd
        self.said = ""
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line

    def until(self, what: Callable[[str], Any], within: float = 10.0) -> None:
        """Wait until it has said something."""
        end = time.monotonic() + within
        while not what(self.said):
            assert time.monotonic() < end, self.said
            assert self.process.poll() is None, self.said
            time.sleep(0.01)

    def until_ready(self, times: int = 1, within: float = 10.0) -> None:
        self.until(lambda said: len(READY.findall(said)) == times, within)

    def ended(self, within: float = 20.0) -> int:
        """Its exit code, once it has ended by itself."""
        code = self.process.wait(within)
        self._reading.join()
        assert "Traceback" not in self.said
        assert "Warning" not in self.said
        return code

    def interrupted(self) -> int:
        """Its exit code after Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.ended(10.0)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reading.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def snapshots(self) -> list[str]:
        """What the model has told of its state."""
        return re.findall(r"^message: snapshot (.*)$", self.said, re.MULTILINE)

    def newest(self) -> Any:
        """The frame that it has kept."""
        head, size, shades, pixels = (self.cwd / "newest.ppm").read_bytes().split(b"\n", 3)
        assert (head, shades) == (b"P6", b"255")
        width, height = map(int, size.split())
        return np.frombuffer(pixels, np.uint8).reshape(height, width, 3).astype(int)


@contextmanager
def running(url: str, cwd: Path, *options: str) -> Iterator[Application]:
    command = [sys.executable, "-u", "-W", "error", ROOT / "examples/application.py", *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=cwd,
        env={**os.environ, "RISP_LOCAL_URL": url},
        # A shell has what it starts in the background ignore SIGINT, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    made = Application(process, cwd)
    try:
        yield made
    finally:
        made.close()


def options(mode: str, server: Running, model: str) -> tuple[str, ...]:
    hosted = ("--url", server.url, "--key", KEY, "--model", model)
    return hosted if mode == "hosted" else ()


@pytest.mark.parametrize("mode", MODES)
def test_it_steers_the_drawing_and_finds_its_state_kept_after_a_drop(mode, tmp_path):
    with (
        serving(*MODES[mode], model=DRAWING) as server,
        running(
            server.url, tmp_path, "--seconds", "2", *options(mode, server, "drawing")
        ) as application,
    ):
        assert application.ended() == 0
    said = application.said
    assert "error: [model:invalid_command] set_brightness: brightness: 9.0 > le(2.0)" in said
    first, again = application.snapshots
    assert "'prompt': 'GOOD MORNING'" in first
    assert "'brightness': 1.0" in first
    assert "'picture': 'stripes.ppm'" in first
    assert again == first
    assert len(READY.findall(said)) == 2
    assert len(set(READY.findall(said))) == 1
    words = re.findall(r"^status: (\w+)", said, re.MULTILINE)
    assert words == ["connecting", "waiting", "ready", "disconnected"] * 2
    (frames,) = re.findall(r"^(\d+) frames$", said, re.MULTILINE)
    assert int(frames) > 30
    newest = application.newest()
    assert np.abs(newest[120, 80] - [110, 20, 20]).max() < 12
    assert np.abs(newest[100, 170] - [220, 160, 40]).max() < 12  # the file, at its full height


@pytest.mark.parametrize("mode", MODES)
def test_it_publishes_its_stripes_where_the_model_takes_a_picture(mode, tmp_path):
    with (
        serving(*MODES[mode], model=MIRROR) as server,
        running(
            server.url, tmp_path, "--seconds", "4", *options(mode, server, "mirror")
        ) as application,
    ):
        assert application.ended() == 0
    assert "error" not in application.said
    assert application.snapshots == []
    row = application.newest()[60]
    # Inverted stripes, and after the drop too: the track has come back.
    for colour in ([35, 95, 215], [255, 255, 255]):
        assert np.count_nonzero(np.abs(row - colour).max(axis=1) < 40) > 40


def event(url: str, name: str) -> dict[str, Any]:
    """The first thing of this name that has happened on a local server."""
    with httpx.stream("GET", f"{url}/events?since=0", trust_env=False) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: ") and f'"event":"{name}"' in line:
                found: dict[str, Any] = json.loads(line[6:])["detail"]
                return found
    raise AssertionError(f"{name} has not happened")


async def taken(url: str) -> None:
    """Take the connection of a running application from it: its own is closed by that."""
    about = event(url, "first connection serves")
    async with client(url) as own:
        session = (await own.http.get("/session")).json()
        await own.link(session).open(connection=about["conn_id"], resume=False)


def test_it_comes_back_when_its_connection_breaks(tmp_path):
    with (
        serving(model=DRAWING) as server,
        running(server.url, tmp_path, "--seconds", "60") as application,
    ):
        application.until(lambda _: application.snapshots)
        asyncio.run(taken(server.url))
        application.until(lambda _: len(application.snapshots) == 2)
        assert application.interrupted() == 0
    assert "error: [connection:connection_lost]" in application.said
    assert len(set(READY.findall(application.said))) == 1
    first, again = application.snapshots
    assert again == first


def test_it_says_why_when_the_server_ends_its_session(tmp_path):
    with (
        serving(model=DRAWING) as server,
        running(server.url, tmp_path, "--seconds", "60") as application,
    ):
        application.until(lambda _: application.snapshots)
        server.stop()
        assert application.ended() == 1
    assert "error: [connection:session_ended] the session has ended: shutting_down" in (
        application.said
    )


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_it_says_why_when_the_server_was_killed_and_knows_its_session_no_more(mode, tmp_path):
    with serving(*MODES[mode], model=DRAWING) as server:
        chosen = options(mode, server, "drawing")
        with running(server.url, tmp_path, "--seconds", "90", *chosen) as application:
            application.until(lambda _: application.snapshots)
            server.process.kill()
            server.process.wait()
            application.until(lambda said: "connection_lost" in said, within=20.0)
            port = server.url.rpartition(":")[2]
            with serving(*MODES[mode], "--port", port, model=DRAWING):
                assert application.ended() == 1
    assert "error: [api:session_ended] the session is over" in application.said


def test_it_waits_for_a_server_that_is_not_there_yet(tmp_path):
    with serving(model=DRAWING) as server:
        port = server.url.rpartition(":")[2]
    with running(server.url, tmp_path, "--seconds", "60") as application:
        application.until(lambda said: "error: [api:unreachable]" in said)
        with serving("--port", port, model=DRAWING):
            application.until_ready()
            assert application.interrupted() == 0
    assert READY.findall(application.said)


def test_it_fails_when_there_is_no_server(tmp_path):
    with serving(model=DRAWING) as server:
        pass
    with running(server.url, tmp_path, "--seconds", "1") as application:
        assert application.ended() == 1
    assert "error: [api:unreachable]" in application.said
    assert "0 frames" in application.said


def test_a_model_that_is_not_there_ends_it_at_once(tmp_path):
    with serving(model=DRAWING) as server:
        chosen = ("--url", server.url, "--model", "other", "--seconds", "60")
        with running(server.url, tmp_path, *chosen) as application:
            assert application.ended() == 1
    assert "error: [api:unknown_model]" in application.said


def test_ctrl_c_ends_it_and_its_session(tmp_path):
    with (
        serving(model=MIRROR) as server,
        running(server.url, tmp_path, "--seconds", "60") as application,
    ):
        application.until_ready()
        assert application.interrupted() == 0
        assert event(server.url, r"DELETE /sessions/{session_id}")["reason"] == "client"
    # Steering may have been under way, and be told of as a handler that failed.
    assert application.said.splitlines().count("status: disconnected") == 1
    assert "Traceback" not in application.said


@pytest.mark.parametrize("place", ["runtime", "flat"])
def test_it_steers_other_servers_too(place, tmp_path):
    if place == "runtime":
        need_runtime()
    with PLACES[place]() as found:
        where = ("--url", found.url) if found.is_flat else ()
        with running(
            found.url, tmp_path, "--seconds", "2", "--model", "probe", *where
        ) as application:
            assert application.ended() == 0
    first, again = application.snapshots
    assert "'prompt': 'GOOD MORNING'" in first
    assert again == first
    (frames,) = re.findall(r"^(\d+) frames$", application.said, re.MULTILINE)
    assert int(frames) > 10
