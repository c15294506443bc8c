"""The form of the list of odd servers: what is odd, and who would forbid it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from risp.conformance.check import CHECKS, Check, Script
from risp.conformance.selection import Selection

from .catalogue import PLAIN, Class, Served
from .court import Trial, trial
from .forbid import Forbids


@dataclass(frozen=True)
class Odd:
    """A server that is unusual in one point, and what a run may say of it."""

    name: str
    server: type
    forbidden: tuple[Forbids, ...]
    """Over-strict judges, each of which has to see what is odd."""
    served: Served = PLAIN
    beside: Served = PLAIN
    """How the plain reference is served on which these judges have to see nothing."""
    asks: tuple[Script, ...] = ()
    """Conversations in which it shows, where the kit's own do not show it."""
    also: frozenset[str] = frozenset()
    """Odd servers whose judges see something here too."""
    exit_code: int = 0
    reason: str = ""
    """Why a run of everything ends with another exit code than 0."""
    warns: frozenset[str] = frozenset()
    """Recommendations that it does not follow, and may be told of."""
    slow: bool = False
    """Whether a run of everything takes more than five seconds."""


ODD: list[Odd] = []
"""Every odd server."""


def odd(*forbidden: Forbids, served: Served = PLAIN, **rest: Any) -> Callable[[Class], Class]:
    """Enter a class into the list, with what forbids what is odd about it."""

    def enter(server: Class) -> Class:
        ODD.append(Odd(server.__name__, server, forbidden, served, **rest))
        return server

    return enter


@dataclass(frozen=True)
class Everything(Selection):
    """A run that also holds conversations that the kit itself does not hold."""

    asks: tuple[Script, ...] = ()

    def checks(self, declares: frozenset[str]) -> list[Check]:
        strange = [Check(f"asking.{script.__name__}", (), script) for script in self.asks]
        return [*super().checks(declares), *strange]


def hold(server: type, served: Served, asks: tuple[Script, ...]) -> Trial:
    """Judge a server by everything that has a script, and by these conversations."""
    exploring = [check for check in CHECKS.values() if check.explores]
    scripted = [check for check in CHECKS.values() if not check.explores]
    judged = {rule.id for check in exploring for rule in check.requirements}
    judged -= {rule.id for check in scripted for rule in check.requirements}
    skip = (*(check.name for check in exploring), *judged)
    return trial(server, served, Everything(skip=skip, asks=asks))


def explore(server: type, served: Served) -> Trial:
    """Judge a server by conversations that are generated."""
    only = tuple(check.name for check in CHECKS.values() if check.explores)
    return trial(server, served, Selection(only=only))
