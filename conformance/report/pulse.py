"""A sign of life, now and then, where nobody sees a bar: a log that stands still looks dead."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from types import TracebackType

import click

from ..events import CheckStarted, RunEvent, TargetFound

EVERY_S = 10.0
"""Seconds between two signs; a run that is over before that gives none."""


class Pulse:
    """A context that says on standard error how far a run is; a reporter within it."""

    def __init__(self, is_needed: bool) -> None:
        self._is_needed = is_needed
        self._begun = 0
        self._checks: int | None = None
        self._over = threading.Event()
        self._started = time.monotonic()

    def __call__(self, event: RunEvent) -> None:
        """Take one event."""
        match event:
            case TargetFound():
                self._checks = event.checks
            case CheckStarted():
                # Those that have begun, as the bar counts: with `--jobs` they end in another order.
                self._begun += 1
            case _:
                pass

    def __enter__(self) -> Pulse:
        if self._is_needed:
            threading.Thread(target=self._beat, name="risp-pulse", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()

    def _beat(self) -> None:
        while not self._over.wait(EVERY_S):
            seconds = f"{time.monotonic() - self._started:.0f} s"
            known = self._checks is not None
            far = f"{self._begun} of {self._checks} checks" if known else "looking for the target"
            with suppress(OSError, ValueError):  # Nobody reads it any more.
                click.echo(f"risp: {far}, {seconds}", err=True)
