"""All against all: `python -m tests.broken.matrix` writes KILLS.md, `--only WORD` prints a part.

Each fault is judged twice: by those who have to notice it, and in a run of everything.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from risp.conformance.check import CHECKS, MONITORS
from risp.conformance.selection import SERVER_RULES
from risp.conformance.verdict import Verdict
from risp.protocol.requirement import Level, Seen

from . import EQUIVALENTS, FAULTS
from .catalogue import Fault
from .court import convicts, narrow, trial

FILE = Path(__file__).with_name("KILLS.md")
BROKEN = (Verdict.FAIL, Verdict.WARN, Verdict.FLAKY)


@dataclass(frozen=True)
class Row:
    """What became of one fault."""

    fault: Fault
    killed: bool
    at_large: bool
    """Whether a run of everything finds it too, without being told where to look."""
    others: tuple[str, ...]
    """What else a run of everything finds broken."""
    oddities: tuple[str, ...]
    """Flaky verdicts and kit errors of that run, which there should be none of."""
    seconds: float


def judge(number: int) -> Row:
    """Judge one fault, by its place in the catalogue."""
    logging.disable()
    fault = FAULTS[number]
    started = time.monotonic()
    held = trial(fault.server, fault.served, narrow(fault))
    killed = held.finished.diagnosis is None and all(convicts(j, fault, held) for j in fault.by)
    finished = trial(fault.server, fault.served).finished
    found = {one.requirement.id: one.verdict for one in finished.requirements}
    own = fault.breaks.id
    return Row(
        fault,
        killed,
        found.get(own) in BROKEN,
        tuple(id_ for id_, verdict in found.items() if verdict in BROKEN and id_ != own),
        tuple(
            f"{id_} {verdict}"
            for id_, verdict in found.items()
            if verdict in (Verdict.FLAKY, Verdict.KIT_ERROR)
        ),
        time.monotonic() - started,
    )


def _waits(fault: Fault) -> bool:
    """Whether a default run cannot see it, because it does not wait for it."""
    return fault.slow or fault.breaks.seen is Seen.SLOW


def summary(rows: list[Row]) -> list[str]:
    """The counts."""
    # What only generated conversations show has servers of its own: tests/broken/sessions.py.
    scripted = [check for check in CHECKS.values() if not check.explores]
    shown = {rule.id for check in scripted for rule in check.requirements}
    shown |= {monitor.requirement.id for monitor in MONITORS}
    due = [rule for rule in SERVER_RULES.values() if rule.level is not Level.MAY]
    due = [rule for rule in due if rule.seen is not Seen.OFF_WIRE and rule.id in shown]
    caught = {row.fault.breaks.id for row in rows if row.killed}
    judges = {judge for row in rows if row.killed for judge in row.fault.by}
    lines = [
        "| | broken servers | caught | requirements | of them broken and caught |",
        "|---|---|---|---|---|",
    ]
    for level in (Level.MUST, Level.SHOULD):
        of_level = [row for row in rows if row.fault.breaks.level is level]
        rules = [rule for rule in due if rule.level is level]
        killed = sum(row.killed for row in of_level)
        covered = sum(rule.id in caught for rule in rules)
        lines.append(f"| {level} | {len(of_level)} | {killed} | {len(rules)} | {covered} |")
    everyone = len(scripted) + len(MONITORS)
    lines += [
        "",
        f"{len(judges)} of {everyone} checks and monitors catch at least one. "
        f"Requirements that nothing can break before the kit's eyes: {len(EQUIVALENTS)}.",
    ]
    return lines


def table(rows: list[Row]) -> list[str]:
    """The whole text."""
    lines = [
        "# Broken servers, and who catches them",
        "",
        "Written by `python -m tests.broken.matrix`. Each server is the reference with one",
        "override of at most 15 lines. It is *caught* if those who should notice it find that",
        "requirement broken, for the intended reason. *Also broken* is what a run of everything",
        "finds besides.",
        "",
        *summary(rows),
    ]
    for section, count in Counter(row.fault.section for row in rows).items():
        lines += [
            "",
            f"## {section} ({count})",
            "",
            "| broken server | what it does | breaks | caught by | also broken |",
            "|---|---|---|---|---|",
        ]
        for row in (row for row in rows if row.fault.section == section):
            fault = row.fault
            by = ", ".join(f"`{name}`" for name in fault.by) if row.killed else "**nobody**"
            also = ", ".join(row.others) if row.others else ""
            name, rule = fault.server.__name__, fault.breaks.id
            lines.append(f"| `{name}` | {fault.what} | {rule} | {by} | {also} |")
    return [*lines, ""]


def main() -> None:
    """Judge all and write the table, or some and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="a part of a name, or a section")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    chosen = [
        number
        for number, fault in enumerate(FAULTS)
        if options.only in (fault.name, fault.section) or options.only in fault.name
    ]
    rows = []
    with multiprocessing.get_context("spawn").Pool(options.jobs, maxtasksperchild=20) as pool:
        for row in pool.imap(judge, chosen):
            rows.append(row)
            told = "caught" if row.killed else "SURVIVES"
            told += "" if row.at_large or _waits(row.fault) else ", unseen in a run of everything"
            odd = f" {', '.join(row.oddities)}" if row.oddities else ""
            print(f"{row.seconds:5.1f} s {told:9} {row.fault.name}{odd}", file=sys.stderr)
    order = list(SERVER_RULES)
    rows.sort(key=lambda row: order.index(row.fault.breaks.id))
    text = "\n".join(table(rows))
    if options.only:
        print(text)
    else:
        FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
