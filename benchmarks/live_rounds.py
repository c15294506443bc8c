"""One connection of a live client, measured from within.

`python -m benchmarks.live_rounds KIND URL`

For each number of seconds on standard input it connects, watches for so long, and prints JSON:
READY in seconds, CPU seconds and frames while it watched, seconds from command to reply (median).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from statistics import median
from typing import Any

REPLIES = 50
"""Commands that are sent, one after the other's reply."""


def made(kind: str, url: str) -> Any:
    """A client of this kind."""
    if kind == "risp":
        from risp.reference_impl import LiveClient

        os.environ["RISP_LOCAL_URL"] = url
        return LiveClient("probe", local=True)
    import reactor_sdk.reactor

    reactor_sdk.reactor.LOCAL_API_URL = url
    return reactor_sdk.Reactor(model_name="probe", local=True)


async def until(what: Any) -> None:
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110  # clients of two kinds have no event in common
            await asyncio.sleep(0.001)


async def measured(client: Any, seconds: float) -> dict[str, float]:
    frames = 0
    replies = 0

    def count(frame: Any) -> None:
        nonlocal frames
        frames += frame.shape[2] == 3

    def reply(_message: Any) -> None:
        nonlocal replies
        replies += 1

    client.set_frame_callback(count)
    client.on("message", reply)
    started = time.perf_counter()
    await client.connect()
    await until(lambda: client.get_status().value == "ready")
    ready = time.perf_counter() - started
    await until(lambda: frames)
    before, cpu = frames, time.process_time()
    await asyncio.sleep(seconds)
    watched = {"frames": frames - before, "cpu_s": time.process_time() - cpu}
    times: list[float] = []
    for number in range(REPLIES):
        start = time.perf_counter()
        await client.send_command("get_state", {})
        while replies <= number:  # noqa: ASYNC110  # at once, and not a millisecond later
            await asyncio.sleep(0)
        times.append(time.perf_counter() - start)
    client.off("message", reply)
    await client.disconnect()
    return {"ready_s": ready, "reply_s": median(times), **watched}


def main() -> None:
    kind, url = sys.argv[1:]
    for line in sys.stdin:
        print(json.dumps(asyncio.run(measured(made(kind, url), float(line)))), flush=True)


if __name__ == "__main__":
    main()
