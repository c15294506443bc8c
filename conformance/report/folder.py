"""A folder with the transcript of every conversation of a run: all that `risp judge` needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..check import CHECKS
from ..events import CheckFinished, DiscoveryFinished, RunEvent, RunStarted
from ..runner import DISCOVERY
from ..selection import Selection
from ..transcript import Transcript


class Transcripts:
    """Writes the transcripts into a folder as they come about; raises OSError."""

    def __init__(self, folder: Path, choice: Selection) -> None:
        self._folder = folder
        self._choice = choice
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, event: RunEvent) -> None:
        """Take one event."""
        match event:
            case RunStarted():
                # What an earlier run has left there would be judged as if it were of this one.
                for name in (DISCOVERY, *CHECKS):
                    self._path(name).unlink(missing_ok=True)
            case DiscoveryFinished():
                chosen = self._choice
                choice = {"only": chosen.only, "skip": chosen.skip, "slow": chosen.slow}
                self._write(event.transcript, {"choice": choice})
            case CheckFinished():
                broken = sorted({finding.requirement.id for finding in event.findings})
                outcome = {"verdict": event.verdict, "reason": event.reason, "broken": broken}
                self._write(event.transcript, {"outcome": outcome})
            case _:
                pass

    def _write(self, transcript: Transcript, facts: dict[str, object]) -> None:
        whole = replace(transcript, facts=transcript.facts | facts)
        whole.write(self._path(transcript.check))

    def _path(self, check: str) -> Path:
        return self._folder / f"{check}.jsonl"
