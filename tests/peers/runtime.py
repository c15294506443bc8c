"""reactor-runtime 3.10.0, unmodified, with a probe: started on a free port, surely ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from tests.need import miss

from .install import interpreter, lacking

LAUNCH = Path(__file__).parent / "runtime_probe" / "launch.py"
START_S = 30.0
"""How long it may take to start, in seconds; 2 s are usual."""
END_S = 5.0
TRIES = 3
STARTED, TAKEN = "runtime started", "address already in use"
"""What its log says."""


class NotStarted(AssertionError):
    """The runtime has not started; the text is its log."""


@dataclass
class Runtime:
    """A runtime that runs."""

    url: str
    process: subprocess.Popen[bytes]
    _log: IO[bytes]

    @property
    def log(self) -> str:
        """What it has written so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")


def need_runtime() -> None:
    """Go on only if the runtime can be started; else the reason says how to get it."""
    if why := lacking():
        miss(why)


@contextlib.contextmanager
def running(orphan_s: float = 4.0) -> Generator[Runtime]:
    """Start it, and end it; it keeps a session whose client is gone for so many seconds."""
    with contextlib.ExitStack() as held:
        yield _started(orphan_s, held)


def _started(orphan_s: float, held: contextlib.ExitStack) -> Runtime:
    """The first of some tries that starts; another program may take a free port first."""
    for one in range(1, TRIES + 1):
        runtime = held.enter_context(_spawned(_free_port(), orphan_s))
        try:
            _await_health(runtime)
        except NotStarted:
            if one == TRIES or TAKEN not in runtime.log:
                raise
            held.close()
        else:
            return runtime
    raise AssertionError("not reached")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _spawned(port: int, orphan_s: float) -> Generator[Runtime]:
    """Its process, in a group of its own; it ends with its standard input at the latest."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [interpreter(), LAUNCH, str(port), str(orphan_s)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=LAUNCH.parent,
            env={key: value for key, value in os.environ.items() if not key.startswith("PYTHON")},
            start_new_session=True,
        )
        try:
            yield Runtime(f"http://127.0.0.1:{port}", process, log)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert process.stdin is not None
    process.stdin.close()


def _await_health(runtime: Runtime) -> None:
    """Wait until its model is loaded. Raises NotStarted."""
    until = time.monotonic() + START_S
    with httpx.Client(base_url=runtime.url, timeout=1.0, trust_env=False) as http:
        while time.monotonic() < until and runtime.process.poll() is None:
            # Whoever has taken its port may answer, too; its log is its own.
            with contextlib.suppress(httpx.TransportError):
                if STARTED in runtime.log and http.get("/health").json()["state"] == "available":
                    return
            time.sleep(0.05)
    code = runtime.process.poll()
    end = "is not available" if code is None else f"has ended with {code}"
    raise NotStarted(f"reactor-runtime {end}; its log:\n{runtime.log}")
