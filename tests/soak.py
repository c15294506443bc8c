"""Law 7: how often does the court waver under load? `make soak`, or `python -m tests.soak`.

Default runs against the reference, and each check by whose clock something is decided alone, many
times over, while as many processes as there are cores compute. The reference is right, so whatever
is found is a flake. Writes tests/SOAK.md; Ctrl-C ends it early, with what has been counted by then.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from risp.conformance.check import CHECKS, Check
from risp.conformance.events import CheckFinished, RunEvent, RunFinished
from risp.conformance.runner import INTERRUPTED, Options, Run
from risp.conformance.selection import SERVER_RULES, Selection
from risp.conformance.verdict import Verdict
from risp.protocol.requirement import Seen

from .support import ROOT, spawn_server

FILE = ROOT / "tests" / "SOAK.md"
RUNS, TIMES = 60, 500
RULE_OF_THREE = 3.0
"""No event in n executions shows, at 95 %, that it is rarer than 3 in n."""
RETRIES_BAR = 0.01
"""Of the executions of timing checks, so many may have been held again at most."""
OF_NOTE = (Verdict.FLAKY, Verdict.INCONCLUSIVE, Verdict.NOT_TESTED, Verdict.KIT_ERROR)
BUDGET_S = 600.0


@dataclass
class Count:
    """What came of many executions."""

    executions: int = 0
    timed: int = 0
    """Executions of checks by whose clock something is decided."""
    retried: int = 0
    """Executions that a clock had decided against the target, and that were held again."""
    verdicts: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    """By check: findings of any kind."""
    exits: Counter[int] = field(default_factory=Counter)
    undecided: Counter[str] = field(default_factory=Counter)
    """By check: executions that came to no verdict."""

    def take(self, event: RunEvent) -> None:
        """Count an event of a run."""
        if isinstance(event, RunFinished):
            self.exits[int(event.exit_code)] += 1
        if not isinstance(event, CheckFinished):
            return
        self.executions += 1
        self.timed += CHECKS[event.name].timing
        self.retried += event.retried
        self.verdicts[event.verdict] += 1
        if event.findings:
            self.failed[event.name] += 1
        if event.verdict in OF_NOTE:
            self.undecided[event.name] += 1

    @property
    def failures(self) -> int:
        """Executions that accused the reference, for certain or as flaky."""
        return sum(self.failed.values())


def spin() -> None:
    """Compute until the process is ended, or left behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that counts.
    parent, number = os.getppid(), 0
    while os.getppid() == parent:
        for _ in range(1_000_000):
            number = (number * 1103515245 + 12345) % 2**31


@contextmanager
def loaded() -> Iterator[None]:
    """Keep every core busy."""
    context = multiprocessing.get_context("spawn")
    spinners = [context.Process(target=spin, daemon=True) for _ in range(os.cpu_count() or 1)]
    for spinner in spinners:
        spinner.start()
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.terminate()
            spinner.join()


def timing_checks() -> list[Check]:
    """The checks by whose clock something is decided, but for those that wait for long clocks."""
    return [
        check
        for check in CHECKS.values()
        if check.timing and SERVER_RULES[check.requirements[0].id].seen is not Seen.SLOW
    ]


def judge(url: str, count: Count, selection: Selection, jobs: int) -> None:
    """Hold one run; raises KeyboardInterrupt if that is how it ends."""
    options = Options(selection=selection, jobs=jobs, budget_s=BUDGET_S)
    finished = Run(url, options, [count.take]).execute()
    if finished.diagnosis is not None and finished.diagnosis.message == INTERRUPTED:
        raise KeyboardInterrupt


@dataclass
class Soak:
    """Everything that is counted."""

    runs: int
    times: int
    jobs: int
    whole: Count = field(default_factory=Count)
    alone: dict[str, Count] = field(default_factory=dict[str, Count])
    started: float = field(default_factory=time.monotonic)
    interrupted: bool = False

    def hold(self, url: str) -> None:
        """Hold all of it."""
        for number in range(1, self.runs + 1):
            judge(url, self.whole, Selection(), self.jobs)
            self.progress(f"run {number} of {self.runs}", self.whole)
        for check in timing_checks():
            count = self.alone.setdefault(check.name, Count())
            choice = Selection(only=(check.name,))
            for number in range(1, self.times + 1):
                judge(url, count, choice, self.jobs)
                if number % 50 == 0 or number == self.times:
                    self.progress(f"{check.name} {number} of {self.times}", count)

    def progress(self, what: str, count: Count) -> None:
        """Say how far it is, on standard error."""
        minutes = (time.monotonic() - self.started) / 60
        print(
            f"{minutes:6.1f} min  {what}: {count.executions} executions, "
            f"{count.failures} accused, {count.retried} held again",
            file=sys.stderr,
            flush=True,
        )

    @property
    def parts(self) -> list[tuple[str, Count]]:
        """What has been held, each with its name."""
        whole = [("default runs", self.whole)] if self.whole.executions else []
        return [*whole, *((f"`{name}` alone", c) for name, c in self.alone.items() if c.executions)]

    @property
    def is_kept(self) -> bool:
        """Whether nothing was accused, and clocks were doubted as seldom as they may be."""
        counts = [count for _, count in self.parts]
        timed = sum(count.timed for count in counts)
        retried = sum(count.retried for count in counts)
        failures = sum(count.failures for count in counts)
        return failures == 0 and retried <= RETRIES_BAR * timed


def bound(failures: int, executions: int) -> str:
    """What so many executions prove, in words."""
    if not executions:
        return "nothing"
    if failures:
        return f"{failures} in {executions}"
    return f"< {RULE_OF_THREE / executions:.1e}"


def table(soak: Soak, commit: str) -> str:
    """The whole text."""
    lines = [
        "# Does the court waver?",
        "",
        f"Written by `make soak` at commit `{commit}`: {soak.whole.exits.total()} of {soak.runs}",
        f"default runs, and {soak.times} goes of each check alone by whose clock something is",
        "decided, against the reference, which is right: whatever is found is a flake. As many",
        "processes as there are cores compute meanwhile. *Accused* counts any finding, *retried*",
        "what a clock had decided against the reference once and not twice; *proves* is the bound",
        "that no accusation in so many executions proves, at 95 % (3 in n).",
        "",
    ]
    if soak.interrupted:
        lines += ["**Interrupted: these are the numbers until then.**", ""]
    heads = ("held", "check executions", "accused", "proves", "flaky", "inconclusive", "not-tested",
             "of timing checks", "retried")  # fmt: skip
    lines += [f"| {' | '.join(heads)} |", "|---|" + "---:|" * (len(heads) - 1)]
    total = Count()
    for name, count in soak.parts:
        lines.append(_row(name, count))
        for attribute in ("verdicts", "failed", "exits", "undecided"):
            getattr(total, attribute).update(getattr(count, attribute))
        total.executions += count.executions
        total.timed += count.timed
        total.retried += count.retried
    lines += [_row("**all**", total), ""]
    share = total.retried / total.timed if total.timed else 0.0
    lines.append(
        f"- retried: {share:.2%} of the executions of timing checks, bar {RETRIES_BAR:.0%}"
    )
    exits = ", ".join(f"{n} times {code}" for code, n in sorted(total.exits.items()))
    lines.append(f"- exit codes of the runs: {exits or 'none'}")
    for what, by_check in (("accused by", total.failed), ("undecided in", total.undecided)):
        names = ", ".join(f"`{name}` ({n})" for name, n in by_check.most_common())
        lines.append(f"- {what}: {names or 'nothing'}")
    return "\n".join([*lines, ""])


def _row(name: str, count: Count) -> str:
    cells = (
        count.executions,
        count.failures,
        bound(count.failures, count.executions),
        count.verdicts[Verdict.FLAKY],
        count.verdicts[Verdict.INCONCLUSIVE],
        count.verdicts[Verdict.NOT_TESTED],
        count.timed,
        count.retried,
    )
    return f"| {name} | {' | '.join(map(str, cells))} |"


def commit() -> str:
    """The commit of the tree."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip() or "unknown"


def main(arguments: list[str] | None = None) -> int:
    """Hold the soak, and write what has been counted, however it ends."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=RUNS, help="default runs")
    parser.add_argument("--times", type=int, default=TIMES, help="goes of each timing check alone")
    parser.add_argument("--jobs", type=int, default=1, help="checks at a time")
    parser.add_argument("--out", type=Path, default=FILE, help="the file to write")
    given = parser.parse_args(arguments)
    soak = Soak(given.runs, given.times, given.jobs)
    at = commit()
    with suppress(KeyboardInterrupt), loaded(), spawn_server() as server:
        soak.interrupted = True
        soak.hold(server.url)
        soak.interrupted = False
    given.out.write_text(table(soak, at), encoding="utf-8")
    print(table(soak, at))
    return not soak.is_kept or soak.interrupted


if __name__ == "__main__":
    sys.exit(main())
