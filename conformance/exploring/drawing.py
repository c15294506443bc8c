"""How Hypothesis is used here: to draw, within counts, without a clock or files of its own."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings


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
