"""Faults that need a whole session, by many seeds: `python -m tests.broken.walks` (WALKS.md)."""

from __future__ import annotations

import argparse
import contextlib
import logging
import multiprocessing
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from risp.conformance.check import Case
from risp.conformance.checks import action as _registered  # noqa: F401
from risp.conformance.discovery import discover
from risp.conformance.exploring.plan import Plan
from risp.conformance.exploring.search import Failure, Search
from risp.conformance.peers.address import Address
from risp.conformance.peers.live import LiveLink
from risp.conformance.subject import Subject
from risp.conformance.transcript import Transcript
from risp.conformance.verdict import Inconclusive, Violation, Wavering

from .catalogue import Served
from .serve import serving
from .sessions import PLANTED, Planted

FILE = Path(__file__).with_name("WALKS.md")
SEEDS = 10


@dataclass(frozen=True)
class Result:
    """What one search found."""

    rule: str
    length: int
    """Messages of the shortest that it found; 0 if it found nothing."""
    tried: int
    """Conversations until the first that failed."""
    seconds: float


def case_at(url: str, seed: int) -> Case:
    """What the search is given on a target."""
    address, epoch = Address.parse(url), time.monotonic()

    def case(subject: Subject) -> Case:
        return Case(
            subject,
            Random(f"{seed}:sessions.whole_sessions"),
            Transcript("sessions.whole_sessions", seed, url),
            lambda record, number: LiveLink(address, record, number, epoch),
            lambda: time.monotonic() - epoch,
            deadline=240.0,
        )

    return case(discover(Subject(address), case))


@contextlib.contextmanager
def fresh(server: type, how: Served) -> Iterator[str]:
    """Serve it as a new process would: what its class remembers is forgotten."""
    for name, value in vars(server).items():
        if isinstance(value, (dict, list)):
            value.clear()
        elif name[:2] != "__" and isinstance(value, str):
            setattr(server, name, "")
    with serving(server, how) as url:
        yield url


def held_once(server: type, how: Served, plan: Plan) -> Violation | None:
    """What one conversation shows, on a server that has seen no other."""
    with fresh(server, how) as url:
        failure = Search(case_at(url, 0), repeats=True).hold(plan)
    return None if failure is None else failure.violation


def found(one: Planted, seed: int, cover: bool = True) -> tuple[Result, Failure | None]:
    """Search on a fresh server; `cover=False` leaves the walks alone to find it."""
    started = time.monotonic()
    with fresh(one.server, one.served) as url:
        search = Search(case_at(url, seed), cover=cover)
        try:
            failure = search.run()
        except (Wavering, Inconclusive) as wavering:
            seconds = time.monotonic() - started
            return Result(f"wavers: {wavering}", 0, search.player.held, seconds), None
    seconds = time.monotonic() - started
    if failure is None:
        return Result("", 0, search.player.held, seconds), None
    rule = failure.violation.requirement
    assert rule is not None
    return Result(rule.id, len(failure.plan), search.tried, seconds), failure


def _one(job: tuple[int, int, bool]) -> tuple[tuple[int, int, bool], Result]:
    logging.disable()
    number, seed, cover = job
    return job, found(PLANTED[number], seed, cover)[0]


def table(results: dict[tuple[int, int, bool], Result]) -> str:
    """The whole text."""
    lines = [
        "# Faults that need a whole session",
        "",
        f"Written by `python -m tests.broken.walks`: {SEEDS} seeds each, on a fresh server each",
        "time. *Default* covers the state table and then walks at random; *walks* only walks.",
        "*Messages* are those of the plan; the player adds a sound observation and the end of each",
        "session. The shortest was written down before, and is held in the tests.",
        "",
        "| server | what it does | shortest | search | found | messages, worst "
        "| conversations, median and worst | seconds, median and worst |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for number, one in enumerate(PLANTED):
        for cover in (True, False):
            of = [r for (n, _, c), r in results.items() if (n, c) == (number, cover)]
            hits = sorted((r for r in of if r.rule), key=lambda r: r.tried)
            rules = {rule.id for rule in one.breaks}
            right = sum(r.rule in rules for r in hits)
            hits = [r for r in hits if r.length]
            spread = "- | - | -"
            if hits:
                seconds = sorted(r.seconds for r in hits)
                spread = (
                    f"{max(r.length for r in hits)} "
                    f"| {hits[len(hits) // 2].tried}, {hits[-1].tried} "
                    f"| {seconds[len(hits) // 2]:.1f}, {seconds[-1]:.1f}"
                )
            what = (one.server.__doc__ or "").splitlines()[0] if cover else ""
            name = f"`{one.name}`" if cover else ""
            kind = "default" if cover else "walks"
            lines.append(
                f"| {name} | {what} | {len(one.shortest) if cover else ''} | {kind} "
                f"| {right} of {len(of)} | {spread} |"
            )
    return "\n".join([*lines, ""])


def main() -> None:
    """Search everything with every seed, and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="a part of a server's name")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    jobs = [
        (number, seed, cover)
        for number, one in enumerate(PLANTED)
        for seed in range(SEEDS)
        for cover in (True, False)
        if options.only in one.name
    ]
    results: dict[tuple[int, int, bool], Result] = {}
    with multiprocessing.get_context("spawn").Pool(options.jobs, maxtasksperchild=10) as pool:
        for (number, seed, cover), result in pool.imap_unordered(_one, jobs):
            results[number, seed, cover] = result
            kind = "default" if cover else "walks"
            print(f"{PLANTED[number].name} seed {seed} {kind}: {result}", file=sys.stderr)
    text = table(results)
    if options.only:
        print(text)
    else:
        FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
