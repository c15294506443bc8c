"""The report for programs: one JSON file, written in one go, so that nobody reads half of one."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from ..events import CheckFinished, RunEvent, RunFinished, RunStarted, TargetFound
from ..transcript import Transcript
from .document import CheckReport, Report, check_report, report


class JsonFile:
    """Writes the file at the start (`complete: false`) and at the end of a run; raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._target = ""
        self._seed = 0
        self._slow = False
        self._declares: dict[str, Any] = {}
        self._checks: list[CheckReport] = []
        self._transcripts: dict[str, Transcript] = {}

    def __call__(self, event: RunEvent) -> None:
        """Take one event."""
        match event:
            case RunStarted():
                self._target, self._seed, self._slow = event.target, event.seed, event.slow
                # At once: a run that is killed must not leave the last run's file to be read.
                self._write(None)
            case TargetFound():
                self._declares = event.subject.ready
            case CheckFinished():
                self._checks.append(check_report(event))
                if event.findings:
                    self._transcripts[event.name] = event.transcript
            case RunFinished():
                self._write(event)
            case _:
                pass

    def _write(self, finished: RunFinished | None) -> None:
        document = report(
            self._target,
            self._seed,
            self._slow,
            self._declares,
            self._checks,
            self._transcripts,
            finished,
        )
        write_atomically(self._path, dump(document))


def dump(document: Report) -> str:
    """A report as text; lone surrogates that a target sent stay escaped."""
    return json.dumps(document.model_dump(mode="json"), indent=1, ensure_ascii=True) + "\n"


def write_atomically(path: Path, text: str) -> None:
    """Replace a file as a whole; raises OSError."""
    # Not by `tempfile`, whose files nobody else may read: a CI's next step may be somebody else.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with beside.open("x", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
