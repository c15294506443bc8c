"""The implementation under test: by URL, or started by a command whose first line is its URL."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from types import TracebackType
from typing import IO

from .diagnosis import Diagnosis, Exit

FIRST_LINE_S = 30.0
"""Seconds that a command has to print its URL."""
_STOP_S = 5.0
_LINES = 2_000
"""So many lines of what a command wrote are kept: more than are told, so that a cut is seen."""


class Target:
    """A context in which the target runs; `url` is known inside it."""

    def __init__(self, url: str | None, command: tuple[str, ...] = ()) -> None:
        self.url = url or ""
        self._command = command
        self._process: subprocess.Popen[str] | None = None
        self._said: deque[str] = deque(maxlen=_LINES)

    def __enter__(self) -> Target:
        if self._command:
            self._start()
        return self

    def _start(self) -> None:
        try:
            process = subprocess.Popen(
                self._command,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                text=True,
                errors="replace",
                # A group of its own, so that what the command starts ends with it.
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            raise Diagnosis(
                Exit.USAGE,
                f"the command cannot be started: {error.strerror}: {self._command[0]}",
                hint="a URL is written as ws://host:port/path; a command is run without a shell",
            ) from None
        self._process = process
        first: queue.Queue[str] = queue.Queue()
        assert process.stdout is not None
        assert process.stderr is not None
        threading.Thread(target=_read, args=(process.stdout, first.put), daemon=True).start()
        threading.Thread(
            target=_read, args=(process.stderr, self._said.append), daemon=True
        ).start()
        try:
            line = first.get(timeout=FIRST_LINE_S)
        except queue.Empty:
            self.stop()
            raise self._no_url(f"printed no line within {FIRST_LINE_S:g} s") from None
        if "://" not in line:
            self.stop()
            raise self._no_url(
                f"printed {line.strip()[:80]!r}" if line else "ended, printing nothing"
            )
        self.url = line.split()[0]

    def _no_url(self, what: str) -> Diagnosis:
        said = last_lines("".join(self._said), 600)
        return Diagnosis(
            Exit.UNREACHABLE,
            f"the command {what}, where its first line must be its URL",
            hint=f"it said on standard error: {said}" if said else "print it and flush",
        )

    def last_words(self) -> str:
        """How the command ended, if it did, and what it wrote last to standard error."""
        if self._process is None:
            return ""
        code = self._process.poll()
        said = last_lines("".join(self._said), 1500)
        how = "the command" if code is None else f"the command has ended with {code}, and"
        return f"{how} said on standard error:\n{said}" if said else "" if code is None else how

    def stop(self) -> None:
        """End the command and all that it started."""
        process = self._process
        if process is None:
            return
        self._process = None
        _signal(process, signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def last_lines(text: str, most: int) -> str:
    """The last lines of a text in at most so many characters, below `...` where some are left out.

    Of a last line that is too long by itself its end is left.
    """
    said = text.strip()
    if len(said) <= most:
        return said
    # One character more: where that is the end of a line, all that follows is whole.
    end = said[-most - 1 :]
    whole = end.partition("\n")[2]
    return f"...\n{whole}" if whole else f"...{end[1:]}"


def _signal(process: subprocess.Popen[str], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, number)


def _read(stream: IO[str], take: object) -> None:
    """Read on for ever: a full pipe would stop the target."""
    with contextlib.suppress(ValueError, OSError):
        for line in stream:
            take(line)  # type: ignore[operator]  # a put or an append
    with contextlib.suppress(ValueError, OSError):
        take("")  # type: ignore[operator]  # the end, for whoever waits
