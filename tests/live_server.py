"""A server of the live profile for tests: a process of its own, on a free port."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support import ROOT

PROBE = "tests.live_models:Probe"
KEY = "rk_test_123"


@dataclass
class Running:
    """A server that runs."""

    url: str
    """Where the live profile is, as in `http://127.0.0.1:1234`."""
    actions: str
    """Where the action profile is."""
    process: subprocess.Popen[str]

    def stop(self, seconds: float = 10.0) -> int:
        """Ask it to end; returns its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(seconds)


@contextlib.contextmanager
def serving(*options: str, model: str | None = PROBE, cwd: Path = ROOT) -> Iterator[Running]:
    """Serve, and end it."""
    command = [sys.executable, "-m", "risp.reference_impl", "serve", "--port", "0", "--json"]
    named = ["--model", model] if model else []
    process = subprocess.Popen(
        [*command, *named, *options], stdout=subprocess.PIPE, text=True, cwd=cwd
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, "the server has not started"
        about = json.loads(line)
        yield Running(about["live"], about["url"], process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()
