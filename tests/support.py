"""Servers for tests: started as a stranger's would be, found by their first line, surely ended."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
REFERENCE = (sys.executable, "-m", "risp.reference_impl", "serve", "--port", "0")


@dataclass
class Spawned:
    """A server that runs in a process of its own."""

    url: str
    process: subprocess.Popen[str]
    log: list[str] = field(default_factory=list)
    """What it wrote to its standard error, line by line."""

    @property
    def port(self) -> int:
        return int(self.url.split(":")[2].split("/")[0])

    def end(self, within: float = 10.0) -> int:
        """Ask it to end, as an operator would; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)


@contextmanager
def spawn_server(
    *arguments: str, command: Sequence[str] = REFERENCE, cwd: Path = ROOT, within: float = 30.0
) -> Iterator[Spawned]:
    """Run the reference server (or another command) with more arguments, until the block ends."""
    process = subprocess.Popen(
        [*command, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    log: list[str] = []
    first: queue.SimpleQueue[str] = queue.SimpleQueue()
    readers = [
        threading.Thread(target=_read, args=(process.stdout, first.put), daemon=True),
        threading.Thread(target=_read, args=(process.stderr, log.append), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        try:
            url = first.get(timeout=within)
        except queue.Empty:
            raise AssertionError(f"no first line within {within} s: {log}") from None
        assert url, f"it ended with {process.wait(5)} before its first line: {log}"
        yield Spawned(url, process, log)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
        for reader in readers:
            reader.join(5)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _read(pipe, take) -> None:
    for line in pipe:
        take(line.rstrip("\n"))
    take("")
