"""Hypothesis without clocks: a busy neighbour fails no test, and CI does not differ by run."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "protocol",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("protocol")
