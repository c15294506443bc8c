"""What sessions leave behind, and how many a server bears: `python -m tests.live_load`.

The server runs in this process, where its tasks and objects can be counted; the clients run in
another one. It writes tests/LIVE.md, with how long a deployed client takes for each step.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import multiprocessing
import os
import resource
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiortc import RTCPeerConnection

from .live_client import Client, client
from .live_models import Probe, Slideshow
from .reference_impl.live.here import Here, served

FILE = Path(__file__).with_name("LIVE.md")
SETTLE_S = 3.0
"""How long a server may take to be as it was, in seconds."""


def tasks(here: Here) -> int:
    """How many tasks its loop has; the one that counts is not among them."""

    async def count() -> int:
        return len(asyncio.all_tasks()) - 1

    return asyncio.run_coroutine_threadsafe(count(), here.loop).result(10)


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    tasks: int
    descriptors: int
    threads: int
    peers: int
    rss_kb: int

    @classmethod
    def by(cls, here: Here) -> Held:
        """Count, after all that can go has gone."""
        for _ in range(3):
            gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        peers = 0
        for one in gc.get_objects():
            if type(one) is RTCPeerConnection and one.connectionState != "closed":
                peers += 1
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
        return cls(
            tasks(here),
            len(os.listdir("/proc/self/fd")),
            threading.active_count(),
            peers,
            pages * resource.getpagesize() // 1024,
        )


def settled(here: Here, before: Held) -> Held:
    """What is held once it is no more than before, or after some seconds."""
    until = time.monotonic() + SETTLE_S
    while True:
        held = Held.by(here)
        if is_back(held, before) or time.monotonic() > until:
            return held
        time.sleep(0.1)


def is_back(held: Held, before: Held) -> bool:
    """Whether no more is held than before; memory aside."""
    return (
        held.tasks <= before.tasks
        and held.descriptors <= before.descriptors
        and held.threads <= before.threads
        and held.peers <= before.peers
    )


async def _one_session(own: Client) -> None:
    """All that a session can hold: media both ways, commands, a file."""
    link = own.link(await own.start())
    await link.open()
    await link.until(lambda: link.frames >= 2)
    await link.ask("set_prompt", {"prompt": "x"})
    place = await own.http.post(
        f"/sessions/{link.base.split('/')[2]}/uploads",
        json={"name": "a", "size": 1000, "mime_type": "a/b"},
    )
    await own.http.put(place.json()["presigned_url"], content=b"a" * 1000)
    await own.stop()
    await link.close()
    own.links.clear()


def hold_sessions(url: str, count: int) -> None:
    async def run() -> None:
        async with client(url) as own:
            for _ in range(count):
                await _one_session(own)

    asyncio.run(run())


def in_another(work: Any, *arguments: Any) -> Any:
    """Do it in another process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def in_a_row(count: int, step: int) -> list[tuple[int, Held]]:
    """Hold sessions in a row; what is held after each so many."""
    with served(model=Probe) as here:
        in_another(
            hold_sessions, str(here.http.base_url), 2
        )  # threads and caches that are there for good
        before = Held.by(here)
        rows = [(0, before)]
        for done in range(step, count + 1, step):
            in_another(hold_sessions, str(here.http.base_url), step)
            rows.append((done, settled(here, before)))
        return rows


def slope(rows: list[tuple[int, Held]], begin: int) -> float:
    """Kilobytes that a session leaves, by least squares, from so many sessions on."""
    points = [(float(n), float(held.rss_kb)) for n, held in rows if n >= begin]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def _at_once(url: str, count: int, seconds: float) -> tuple[list[float], float]:
    """Frames a second of each session, and the seconds of CPU that the clients used."""

    async def run() -> list[float]:
        async with client(url) as own:
            links = [own.link(await own.create("slideshow")) for _ in range(count)]
            await asyncio.gather(*(link.open(within=30) for link in links))
            await asyncio.gather(*(link.until(lambda k=link: k.frames > 5, 30) for link in links))
            begin = [link.frames for link in links]
            started = time.monotonic()
            for _ in range(int(seconds)):
                await asyncio.sleep(1)
                for link in links:
                    link.say("runtime", "ping")
            lasted = time.monotonic() - started
            return [(k.frames - b) / lasted for k, b in zip(links, begin, strict=True)]

    began = time.process_time()
    return asyncio.run(run()), time.process_time() - began


def at_once(count: int, seconds: float) -> tuple[list[float], float, float]:
    """Frames a second of each, and how much of a core the server and the clients took."""
    with served(model=Slideshow, places=count) as here:
        began = time.process_time()
        rates, clients = in_another(_at_once, str(here.http.base_url), count, seconds)
        server = time.process_time() - began
        return rates, server / seconds, clients / seconds


def report(count: int, step: int, together: int, seconds: float) -> str:
    """The whole text."""
    from .reference_impl.live.deployed import table

    rows = in_a_row(count, step)
    lines = [
        "# The live server under sessions",
        "",
        "Written by `python -m tests.live_load`. Loopback, two cores, server and clients together.",
        "",
        "## A deployed client, step by step",
        "",
        "reactor-sdk 0.8.0, unmodified; each step connects anew.",
        "",
        table(),
        "",
        f"## {count} sessions in a row",
        "",
        "Each with media, commands and a file. Counted in the server's process, after garbage",
        "collection and `malloc_trim`.",
        "",
        "| sessions | tasks | descriptors | threads | live peer connections | RSS, kB |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for done, held in rows:
        lines.append(
            f"| {done} | {held.tasks} | {held.descriptors} | {held.threads} | {held.peers} "
            f"| {held.rss_kb} |"
        )
    begin = min(50, count // 2)
    per_session = f"{slope(rows, begin):.1f} kB"
    lines += ["", f"From session {begin} on, a session leaves {per_session}."]
    rates, server, clients = at_once(together, seconds)
    lines += [
        "",
        f"## {together} sessions at once",
        "",
        f"320x240 at 15 fps for {seconds:.0f} s: slowest {min(rates):.2f} fps, fastest "
        f"{max(rates):.2f} fps. CPU: the server {server:.2f} of a core, the clients "
        f"{clients:.2f}.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--step", type=int, default=10)
    parser.add_argument("--together", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--print", action="store_true", help="only print it")
    options = parser.parse_args()
    text = report(options.sessions, options.step, options.together, options.seconds)
    if options.print:
        sys.stdout.write(text)
    else:
        FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
