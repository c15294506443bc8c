"""Our live client beside the one that applications have today, on the same server."""

from __future__ import annotations

import sys
from statistics import median
from typing import Any

from tests.live_server import serving

from .harness import Result, Rounds, show

RUNS = 5
WATCH_S = 4
OURS, YARDSTICK = "RISP LiveClient", "reactor-sdk 0.8.0"
KINDS = {YARDSTICK: "deployed", OURS: "risp"}
WHAT = {
    "ready_s": ("connect() to READY, ms", 1000.0),
    "reply_s": ("command to reply, ms", 1000.0),
    "cpu_per_frame": ("CPU per frame, ms", 1000.0),
    "fps": ("frames a second", 1.0),
}


def measure() -> Result:
    taken: dict[str, list[dict[str, Any]]] = {name: [] for name in KINDS}
    with serving(model="tests.live_models:Slideshow") as server:
        for _ in range(RUNS):
            for name, kind in KINDS.items():
                # A process for each: what one leaves behind is no burden of the other.
                with Rounds("-m", "benchmarks.live_rounds", kind, server.url) as client:
                    client.measure(0)  # the first connection imports what it needs
                    one: Any = client.measure(WATCH_S)
                one["fps"] = one["frames"] / WATCH_S
                one["cpu_per_frame"] = one["cpu_s"] / one["frames"]
                taken[name].append(one)
    result = Result(
        f"Live client: 320x240 at 15 fps, median of {RUNS}, in alternation",
        {"runs": taken},
        [["client", *(title for title, _ in WHAT.values())]],
    )
    middle = {
        name: {key: median(run[key] for run in runs) for key in WHAT}
        for name, runs in taken.items()
    }
    for name in KINDS:
        cells = [f"{middle[name][key] * scale:.2f}" for key, (_, scale) in WHAT.items()]
        result.table.append([name, *cells])
    ratios = {key: middle[OURS][key] / middle[YARDSTICK][key] for key in WHAT}
    result.numbers["ratios"] = ratios
    result.table.append(["ratio", *(f"{ratios[key]:.2f}" for key in WHAT)])
    return result


if __name__ == "__main__":
    show(measure())
    sys.exit(0)
