"""How Hypothesis is used here: to draw, within counts, without a clock or files of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings

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
        search(take)
    except (Found, ExceptionGroup):
        pass
    except Exception:
        if not first:
            raise
    if first:
        raise first[0]


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
