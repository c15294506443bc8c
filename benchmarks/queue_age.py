"""How old an observation is when its action arrives: 30 Hz into a policy that takes 100 ms.

Age runs from capture, just before the observation is sent, to the receipt of its chunk.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from statistics import median
from typing import Any, Literal

from risp.protocol.errors import LocalProtocolError
from risp.reference_impl.action.client import AsyncActionStream

from .harness import SERVE, Result, first_line, percentile, show
from .rounds import PROMPT, STATE

HZ = 30.0
BAR_MS = 150.0
Mode = Literal["fifo", "latest"]


class Robot:
    """One task sends what is seen, the other takes what is to be done."""

    def __init__(self, stream: AsyncActionStream, seconds: float) -> None:
        self.stream = stream
        self.frames = round(seconds * HZ)
        self.begun = time.monotonic()
        self.ages: list[float] = []
        self.sent = self.unsent = 0

    async def look(self) -> None:
        for frame in range(self.frames):
            await asyncio.sleep(self.begun + frame / HZ - time.monotonic())
            try:
                await self.stream.send_observation(STATE, capture_time_ns=time.monotonic_ns())
                self.sent += 1
            except LocalProtocolError as full:
                if full.code != "too_many_in_flight":
                    raise
                # The server's bound: this picture is lost, and the next one tries again.
                self.unsent += 1

    async def act(self) -> None:
        ends = self.begun + self.frames / HZ
        while time.monotonic() < ends:
            chunk = await self.stream.recv_action()
            self.ages.append((time.monotonic_ns() - chunk["capture_time_ns"]) / 1e6)


async def drive(url: str, mode: Mode, seconds: float) -> Robot:
    async with AsyncActionStream(url=url, prompt=PROMPT, queue=mode) as stream:
        robot = Robot(stream, seconds)
        await asyncio.gather(robot.look(), robot.act())
        return robot


def measure(seconds: float = 8.0) -> Result:
    table = [["queue", "age p50 ms", "p95", "last", "sent", "acted on", "not sent"]]
    result = Result(f"Queue: 30 Hz into a policy of 100 ms for {seconds:g} s", {}, table)
    modes: tuple[Mode, Mode] = ("fifo", "latest")
    for mode in modes:
        with first_line(*SERVE, "benchmarks.policies:Waiting") as url:
            robot = asyncio.run(drive(url, mode, seconds))
        ages = robot.ages
        found: dict[str, Any] = {
            "p50_ms": median(ages),
            "p95_ms": percentile(ages, 0.95),
            "last_ms": ages[-1],
            "sent": robot.sent,
            "acted_on": len(ages),
            "unsent": robot.unsent,
        }
        result.numbers[mode] = found
        table.append([mode, *(f"{value:.0f}" for value in found.values())])
    age = result.numbers["latest"]["p50_ms"]
    line = f"latest: the action is for an observation {age:.0f} ms old, bar {BAR_MS:g}"
    result.verdicts = [(line, age <= BAR_MS)]
    result.notes = [
        "not sent: the session had as many unanswered observations as the server takes in fifo"
    ]
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    result = measure(parser.parse_args().seconds)
    show(result)
    return not result.is_met


if __name__ == "__main__":
    sys.exit(main())
