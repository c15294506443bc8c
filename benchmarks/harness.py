"""Processes to measure, and the lines in which a result is told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SERVE = ("-m", "risp.reference_impl", "serve", "--port", "0", "--policy")
"""Arguments of the interpreter that serve a policy."""


@dataclass
class Result:
    """What one benchmark found."""

    name: str
    numbers: dict[str, Any]
    table: list[list[str]]
    """Heading first."""
    verdicts: list[tuple[str, bool]] = field(default_factory=list)
    """A line per bar, and whether it is met."""
    notes: list[str] = field(default_factory=list)

    @property
    def is_met(self) -> bool:
        return all(met for _, met in self.verdicts)


@contextmanager
def first_line(*arguments: str, python: str = sys.executable) -> Iterator[str]:
    """Run an interpreter in the background, by its first line known to be ready."""
    process = subprocess.Popen([python, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        if not line:
            raise SystemExit(f"{' '.join(arguments)} ended without a word")
        yield line
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


class Rounds:
    """A client process that makes round trips on request."""

    def __init__(self, *arguments: str, python: str = sys.executable) -> None:
        self._process = subprocess.Popen(
            [python, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def measure(self, count: int) -> list[float]:
        """Times of so many round trips, in microseconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(count, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._process.args!r} ended before its time")
        times: list[float] = json.loads(line)
        return times

    def __enter__(self) -> Rounds:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]


def commit() -> str:
    """The commit of the tree, and whether it has been changed since."""
    asked = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


def show(result: Result) -> None:
    """Print a result."""
    print(f"\n{result.name}\n")
    widths = [max(map(len, column)) for column in zip(*result.table, strict=True)]
    for row in result.table:
        first, *others = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  " + "  ".join([first, *others]).rstrip())
    print()
    for line, met in result.verdicts:
        print(f"  {'met ' if met else 'MISSED'}  {line}")
    for note in result.notes:
        print(f"  note  {note}")
    sys.stdout.flush()


def markdown(result: Result) -> str:
    """A result as Markdown."""
    heading, *rows = result.table
    lines = [f"## {result.name}", "", f"| {' | '.join(heading)} |"]
    lines.append("|---|" + "---:|" * (len(heading) - 1))
    lines += [f"| {' | '.join(row)} |" for row in rows]
    lines.append("")
    lines += [f"- {'met' if met else '**missed**'}: {line}" for line, met in result.verdicts]
    lines += [f"- {note}" for note in result.notes]
    return "\n".join(lines) + "\n"
