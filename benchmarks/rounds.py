"""The client's half of a round-trip measurement: so many on request, each timed.

Nothing of RISP is imported here, because the clients it is compared with run it too.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

ROWS, JOINTS = 50, 14
"""The shape of a chunk."""
SEED = 20
PROMPT = "pick up the fork"
STATE = [round(0.1 * joint - 0.65, 3) for joint in range(JOINTS)]
CAMERAS = ("left", "right")


def serve_rounds(round_trip: Callable[[], object]) -> None:
    """For every number on standard input make so many round trips, and print their times in us."""
    for line in sys.stdin:
        times: list[float] = []
        for _ in range(int(line)):
            start = time.perf_counter_ns()
            round_trip()
            times.append((time.perf_counter_ns() - start) / 1000)
        print(json.dumps(times), flush=True)
