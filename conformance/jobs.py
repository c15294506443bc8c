"""Several checks at a time, with the verdicts that one at a time would give.

What is held beside others and keeps every rule has kept it. Whatever else comes of it (a finding,
silence, a refusal for want of room) may be the doing of the others: it is held again, alone, and
only that counts. Clocks that decide are read alone from the start, and so is what explores.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue

from .check import Check
from .events import CheckFinished
from .verdict import Verdict

_PATIENCE_S = 0.2
"""Seconds between looks for Ctrl-C, which on some systems does not interrupt a wait."""

Hold = Callable[[Check], CheckFinished | None]
"""Holds a check; None if there is no time left for it."""


def together(checks: Sequence[Check], jobs: int) -> list[list[Check]]:
    """Groups of checks that may be held beside one another, in turn; the rest are held alone."""
    if jobs < 2:
        return []
    quick = [c for c in checks if not (c.timing or c.waits_s or c.explores)]
    # They do next to nothing but wait, so that even their clocks bear one another.
    waiting = [c for c in checks if c.waits_s and not c.explores]
    return [quick, waiting]


def is_clean(finished: CheckFinished) -> bool:
    """Whether nothing is left that others could have caused."""
    return finished.verdict is Verdict.PASS and not finished.findings


def side_by_side(
    checks: Sequence[Check], jobs: int, hold: Hold
) -> Iterator[tuple[Check, CheckFinished | None, bool]]:
    """Hold checks in threads; gives (check, what came of it, whether it is over), as it happens.

    What a check raises is raised here. Whoever stops listening leaves running checks to themselves:
    they end by their deadlines, and nobody waits for them.
    """
    waiting: SimpleQueue[Check] = SimpleQueue()
    for check in checks:
        waiting.put(check)
    said: SimpleQueue[tuple[Check, CheckFinished | BaseException | None, bool]] = SimpleQueue()
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            try:
                check = waiting.get_nowait()
            except Empty:
                return
            said.put((check, None, False))
            try:
                said.put((check, hold(check), True))
            except BaseException as error:  # noqa: BLE001  # raised again, where the run can see it
                said.put((check, error, True))

    for number in range(min(jobs, len(checks))):
        threading.Thread(target=work, name=f"risp-{number}", daemon=True).start()
    left = len(checks)
    try:
        while left:
            try:
                check, outcome, is_over = said.get(timeout=_PATIENCE_S)
            except Empty:
                continue
            if isinstance(outcome, BaseException):
                raise outcome
            left -= is_over
            yield check, outcome, is_over
    finally:
        stop.set()


class InOrder:
    """Passes outcomes on in the order of the checks, however they come."""

    def __init__(
        self, checks: Sequence[Check], take: Callable[[Check, CheckFinished | None], None]
    ) -> None:
        self._due = deque(checks)
        self._ready: dict[str, CheckFinished | None] = {}
        self._take = take

    def put(self, check: Check, outcome: CheckFinished | None) -> None:
        """Take an outcome, None for a check that was not held, and pass on what has its turn."""
        self._ready[check.name] = outcome
        while self._due and self._due[0].name in self._ready:
            first = self._due.popleft()
            self._take(first, self._ready[first.name])

    def has(self, check: Check) -> bool:
        """Whether the outcome of a check has come."""
        return check.name in self._ready

    def end(self) -> None:
        """Pass on the rest, as far as it has come; whatever has not was not held."""
        while self._due:
            first = self._due.popleft()
            self._take(first, self._ready.get(first.name))
