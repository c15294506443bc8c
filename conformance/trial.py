"""One run for many test items, and for many processes: judged by whoever comes first.

The workers of pytest-xdist are processes that share nothing but a folder. The first that needs a
verdict claims the folder, judges, and leaves what it found as JSON; the others wait for that.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from risp.protocol.requirement import Requirement, Seen

from .diagnosis import Diagnosis, Exit
from .events import CheckFinished, RunEvent, RunFinished
from .report.jsonfile import write_atomically
from .report.story import Teller
from .report.words import Outcome, chosen_first, outcome
from .runner import INTERRUPTED, Options, Run
from .selection import Selection
from .transcript import Transcript

BEAT_S = 1.0
"""Seconds between two signs of life of whoever judges."""
SILENT_S = 30.0
"""Seconds without one after which nobody waits any longer."""
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Told:
    """What an item has to know of its requirement."""

    outcome: Outcome
    reason: str
    story: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run found, as the items tell it."""

    told: dict[str, Told]
    diagnosis: str = ""
    """Why nothing, or not all, could be judged; empty where all could."""
    interrupted: bool = False

    def dump(self) -> str:
        """As JSON; lone surrogates that a target sent stay escaped."""
        return json.dumps(asdict(self), ensure_ascii=True)

    @classmethod
    def load(cls, text: str) -> Judged:
        """Read what `dump` has written."""
        tree: dict[str, Any] = json.loads(text)
        told = {
            id_: Told(Outcome(one["outcome"]), one["reason"], one["story"])
            for id_, one in tree.pop("told").items()
        }
        return cls(told, **tree)


def unknown(only: tuple[str, ...]) -> list[str]:
    """Patterns that fit no requirement, section or check."""
    return Selection(only).unknown()


def rules(only: tuple[str, ...], slow: bool) -> list[Requirement]:
    """The requirements that a choice asks for, and that a wire can show."""
    chosen = Selection(only, slow=slow).rules()
    return [rule for rule in chosen if rule.seen is not Seen.OFF_WIRE]


def judge(url: str, options: Options, again: str) -> Judged:
    """Hold a run, and keep what items tell of it."""
    transcripts: dict[str, Transcript] = {}

    def keep(event: RunEvent) -> None:
        if isinstance(event, CheckFinished) and event.findings:
            transcripts[event.name] = event.transcript

    try:
        finished = Run(url, options, [keep]).execute()
    except Diagnosis as diagnosis:
        finished = RunFinished(diagnosis.code, False, (), 0.0, diagnosis)
    finished = chosen_first(finished, options.selection.only)
    teller = Teller(transcripts, again)
    told = {
        one.requirement.id: Told(
            outcome(one, options.selection.slow),
            f"{one.verdict}: {one.reason}" if one.reason else str(one.verdict),
            teller.text(one),
        )
        for one in finished.requirements
    }
    if finished.diagnosis is None:
        return Judged(told)
    hint = f"\n  hint: {finished.diagnosis.hint}" if finished.diagnosis.hint else ""
    message = f"{finished.diagnosis.message}{hint}"
    return Judged(told, message, finished.diagnosis.message == INTERRUPTED)


def judge_once(folder: Path, url: str, options: Options, again: str) -> Judged:
    """Judge, or wait for whoever judges; raises Diagnosis if that one is gone."""
    claim, found = folder / "claim", folder / "judged.json"
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        return _wait(claim, found, options.budget_s)
    with _heart(claim):
        judged = judge(url, options, again)
    write_atomically(found, judged.dump())
    return judged


def _wait(claim: Path, found: Path, budget_s: float) -> Judged:
    until = time.monotonic() + 2 * budget_s
    while not found.exists():
        try:
            is_silent = time.time() - claim.stat().st_mtime > SILENT_S
        except FileNotFoundError:
            is_silent = True
        if is_silent or time.monotonic() > until:
            raise Diagnosis(Exit.INCOMPLETE, "the process that judged the target has ended")
        time.sleep(_POLL_S)
    return Judged.load(found.read_text(encoding="utf-8"))


@contextmanager
def _heart(claim: Path) -> Generator[None]:
    """Touch a file until the block ends, or the process; take it away if the block fails."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_S):
            with suppress(FileNotFoundError):
                os.utime(claim)

    thread = threading.Thread(target=beat, name="risp-heart", daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        claim.unlink()
        raise
    finally:
        over.set()
        thread.join()
