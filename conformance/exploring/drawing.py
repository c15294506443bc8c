"""How Hypothesis is used here: to draw, within counts, without a clock or files of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal.conjecture import providers

DrawnT = TypeVar("DrawnT")


class Found(Exception):
    """Ends a search; what was found is kept elsewhere."""


def hold_each(
    search: Callable[[Callable[[DrawnT], None]], None], hold: Callable[[DrawnT], None]
) -> None:
    """Let `search` draw, and `hold` take each draw; what `hold` raises first is raised, but Found.

    Hypothesis runs a failing example again, and where that goes otherwise, as it may on a wire,
    it raises an error of its own in the place of the first.
    """
    first: list[Exception] = []

    def take(drawn: DrawnT) -> None:
        try:
            hold(drawn)
        except Found:
            raise
        except Exception as error:
            first.append(error)
            raise

    try:
        with _the_same_everywhere():
            search(take)
    except (Found, ExceptionGroup):
        pass
    except Exception:
        if not first:
            raise
    if first:
        raise first[0]


@contextlib.contextmanager
def _the_same_everywhere() -> Generator[None]:
    """Keep Hypothesis from drawing constants that it reads in whatever modules are loaded.

    Law 8: a seed makes the same conversations, whatever else a process has imported. There is no
    setting for it; where the names are gone, nothing is lost but this.
    """
    read, cache = "_get_local_constants", getattr(providers, "CONSTANTS_CACHE", None)
    before = getattr(providers, read, None)
    if before is None or cache is None:
        yield
        return
    none = type(before())()
    setattr(providers, read, lambda: none)
    providers.CONSTANTS_CACHE = type(cache)(1024)
    try:
        yield
    finally:
        setattr(providers, read, before)
        providers.CONSTANTS_CACHE = cache


def bounded(count: int, *more: Phase) -> settings:
    """Draw so many examples, and keep nothing; `more` phases may follow the drawing."""
    return settings(
        max_examples=count,
        phases=[Phase.generate, *more],
        database=None,
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
        report_multiple_bugs=False,
    )
