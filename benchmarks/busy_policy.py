"""A policy of pure Python that computes for a minute, and others who want to open meanwhile.

One session waits for its chunk; fifty others open, one after the other, spread over the inference.
Before it, the same openings meet an idle server.
"""

from __future__ import annotations

import argparse
import sys
import time

from risp.reference_impl.action.client import ActionStream

from .harness import SERVE, Result, first_line, percentile, show
from .rounds import PROMPT, STATE

OPENINGS = 50
BAR_MS = 50.0


def openings(url: str, seconds: float) -> list[float]:
    """Open and close as often, evenly spread over the time; what each opening took, in ms."""
    begun = time.monotonic()
    taken: list[float] = []
    for number in range(OPENINGS):
        time.sleep(max(0.0, begun + seconds * number / OPENINGS - time.monotonic()))
        start = time.perf_counter()
        with ActionStream(url=url, prompt=PROMPT):
            taken.append((time.perf_counter() - start) * 1000)
    return taken


def measure(seconds: float = 60.0) -> Result:
    bound = str(round(seconds * 1500))
    serve = (*SERVE, "benchmarks.policies:Busy", "--answer-timeout-ms", bound)
    with first_line(*serve) as url:
        openings(url, 0)
        idle = openings(url, min(seconds, 10.0))
        with ActionStream(url=url, prompt=PROMPT, timeout=seconds * 1.5) as stream:
            begun = time.monotonic()
            stream.send_observation([seconds, *STATE[1:]])
            time.sleep(min(1.0, seconds / 10))
            busy = openings(url, seconds * 0.8)
            is_within = time.monotonic() - begun < seconds
            first = stream.recv_action()
            lasted = time.monotonic() - begun
            # One more, without computing: the session is as good as new.
            stream.send_observation([0.0, *STATE[1:]])
            lives = stream.recv_action()["actions"] == first["actions"]
    delay = percentile(busy, 0.95) - percentile(idle, 0.95)
    table = [["openings", "p50 ms", "p95 ms", "max ms"]]
    for name, taken in (("idle", idle), ("busy", busy)):
        shown = (percentile(taken, 0.5), percentile(taken, 0.95), max(taken))
        table.append([name, *(f"{value:.1f}" for value in shown)])
    return Result(
        f"Busy policy: {OPENINGS} openings during {seconds:g} s of pure Python",
        {"idle_ms": idle, "busy_ms": busy, "p95_delay_ms": delay, "lasted_s": lasted},
        table,
        [
            (f"p95 of the openings delayed by {delay:.1f} ms, bar {BAR_MS:g}", delay <= BAR_MS),
            (f"the session got its chunk after {lasted:.1f} s, and another one", lives),
            ("all openings fell into the inference", is_within),
        ],
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    result = measure(parser.parse_args().seconds)
    show(result)
    return not result.is_met


if __name__ == "__main__":
    sys.exit(main())
