"""What can go wrong for an application, and what it sees of it: one table.

`python -m tests.reference_impl.live.client.faults` plays every row and shows the page;
`--write` writes tests/FAULTS.md.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from risp.reference_impl.live.client import Timeouts

from . import faults_calls, faults_channels, faults_http, faults_later, faults_real
from .playing import Row, check, play

FILE = Path(__file__).parents[3] / "FAULTS.md"
ROWS: tuple[Row, ...] = (
    *faults_http.ROWS,
    *faults_later.ROWS,
    *faults_channels.ROWS,
    *faults_calls.ROWS,
    *faults_real.ROWS,
)
BY_NAME = {row.name: row for row in ROWS}
assert len(BY_NAME) == len(ROWS), "two rows have the same name"
USUAL = Timeouts()

HEAD = """\
# Faults of a live session, and what an application sees

Written by `python -m tests.reference_impl.live.client.faults --write`; each row is played in the
tests (`test_faults.py`), against a server that plays its part well up to the step, with real HTTP
and real WebRTC, and `test_client_leaks.py` shows that nothing is left behind.

What is raised is a `LiveError`, which is a `RuntimeError`; what is told is the event `error`, and
what is both is the same object, told exactly once. Statuses come in the order that the table of
the states allows, and are checked in full. A session that `connect()` has begun and does not
deliver is ended. `after` is `Retry-After`, in seconds. The clocks are those of `Timeouts`, with
their seconds where nobody sets others; the last column is the longest of the row, measured where
they were set shorter. Without a clock, nothing is waited for.
"""


def lines(rows: Sequence[Row], measured: Mapping[str, float]) -> list[str]:
    """One line for all steps at which a fault is seen in the same way."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.fault.partition(" (")[0], *_seen(row)), []).append(row)
    table = [
        "| fault | step | what the caller sees | session | within | measured |",
        "|---|---|---|---|---|---|",
    ]
    for (fault, sees, session, within), same in groups.items():
        steps = dict.fromkeys(f"{row.step}{' (local)' if row.local else ''}" for row in same)
        longest = max(measured.get(row.name, 0.0) for row in same)
        cells = (_plain(fault), ", ".join(steps), sees, session, within, f"{longest:.1f} s")
        table.append(f"| {' | '.join(cells)} |")
    return table


def _seen(row: Row) -> tuple[str, str, str]:
    clocks = " + ".join(f"`{one}` ({getattr(USUAL, one):g} s)" for one in row.bounds)
    session = "kept" if row.keeps else "gone"
    if not row.code:
        return "nothing", session, clocks or "at once"
    code = row.code if len(row.code) < 40 else f"{row.code[:10]}..."
    sees = [f"`{code}` of `{row.component}`", row.how]
    sees += ["recoverable"] if row.recoverable else []
    sees += [f"after {row.retry_after:g}"] if row.retry_after is not None else []
    return ", ".join(sees), session, clocks or "at once"


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def page(measured: Mapping[str, float]) -> str:
    """The whole text."""
    parts = (
        ("In HTTP, at each step of connect()", faults_http.ROWS),
        ("In HTTP, after it and beside it", faults_later.ROWS),
        ("In WebRTC and on the channels", faults_channels.ROWS),
        ("In calls of the application", faults_calls.ROWS),
        ("Of a real server", faults_real.ROWS),
    )
    text = [HEAD]
    for title, rows in parts:
        text += [f"## {title}: {len(rows)}", "", *lines(rows, measured), ""]
    return "\n".join(text)


def without_measured(text: str) -> str:
    """The page as it is on every machine."""
    return "\n".join(
        line.rpartition(" | ")[0] if line.startswith("|") else line for line in text.splitlines()
    )


def main(arguments: Sequence[str]) -> None:
    """Play all rows, and show or write the page."""
    logging.disable(logging.CRITICAL)
    measured: dict[str, float] = {}
    for row in ROWS:
        seen = asyncio.run(play(row))
        check(row, seen)
        measured[row.name] = seen.seconds
    if "--write" in arguments:
        FILE.write_text(page(measured), encoding="utf-8")
    else:
        sys.stdout.write(page(measured))


if __name__ == "__main__":
    main(sys.argv[1:])
