"""How fast the court judges: recordings offline, and live conversations beside the same ones bare.

The conversations are those of a default run against the reference. Bare, the same frames go over
the same connections, and as many messages are waited for as came then; nothing is judged.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from risp.conformance.check import CHECKS
from risp.conformance.events import CheckFinished, RunEvent
from risp.conformance.offline import judge_run, read_folder
from risp.conformance.peers.address import Address
from risp.conformance.peers.link import Request
from risp.conformance.peers.live import LiveLink
from risp.conformance.report.folder import Transcripts
from risp.conformance.runner import Options, Run
from risp.conformance.selection import Selection
from risp.conformance.transcript import Kind, Transcript, Way

from .harness import Result, first_line, show

EVENTS_BAR = 20_000.0
RATIO_BAR = 0.3
PATIENCE_S = 15.0
SERVE = ("-m", "risp.reference_impl", "serve", "--port", "0")
PARTS = ("scripts", "generated frames", "whole sessions")
ALL = "default run"


def part(check: str) -> str:
    """Which kind of conversations a check holds."""
    if not CHECKS[check].explores:
        return PARTS[0]
    return PARTS[1] if check.startswith("frames.") else PARTS[2]


def judged(url: str) -> tuple[dict[str, float], dict[str, Transcript]]:
    """Hold a default run; returns the seconds of each part, and what was said."""
    checks: list[CheckFinished] = []

    def keep(event: RunEvent) -> None:
        if isinstance(event, CheckFinished):
            checks.append(event)

    finished = Run(url, Options(), [keep]).execute()
    if finished.exit_code:
        raise SystemExit(f"the reference is not conformant: exit {finished.exit_code}")
    seconds: dict[str, float] = defaultdict(float)
    for check in checks:
        seconds[part(check.name)] += check.seconds
    seconds[ALL] = finished.seconds
    return seconds, {check.name: check.transcript for check in checks}


def bare(url: str, transcripts: Iterable[Transcript]) -> dict[str, float]:
    """Say the same again; returns the seconds of each part."""
    address = Address.parse(url)
    seconds: dict[str, float] = defaultdict(float)
    for transcript in transcripts:
        start = time.perf_counter()
        say_again(address, transcript)
        took = time.perf_counter() - start
        seconds[part(transcript.check)] += took
        seconds[ALL] += took
    return seconds


def say_again(address: Address, recording: Transcript) -> None:
    last = {event.channel: index for index, event in enumerate(recording.events)}
    spare, epoch = Transcript(""), time.monotonic()
    links: dict[int, LiveLink] = {}
    due: dict[int, int] = defaultdict(int)
    for index, event in enumerate(recording.events):
        number = event.channel
        if event.way is Way.IN:
            # The end of a connection is no message; neither is the response to a handshake.
            due[number] += event.kind not in (Kind.END, Kind.HANDSHAKE)
        elif event.kind is Kind.HANDSHAKE:
            links[number] = link = LiveLink(address, spare, number, epoch)
            headers = tuple((name, value) for name, value in event.info["headers"])
            link.connect(Request(event.info["target"], headers), PATIENCE_S)
        else:
            link = links[number]
            await_messages(link, due.pop(number, 0))
            if event.kind is Kind.CLOSE:
                link.put_close(None if event.code == 1005 else event.code)
            elif event.kind is Kind.END:
                link.abort()
            else:
                link.put(event.kind, event.text if event.text is not None else event.data or b"")
        if last[number] == index:
            await_messages(links[number], due.pop(number, 0))
            links[number].release()


def await_messages(link: LiveLink, count: int) -> None:
    until = link.now() + PATIENCE_S
    while count > 0:
        event = link.get(until)
        if event is None or event.kind is Kind.END:
            return
        count -= 1


def conversations(transcripts: Iterable[Transcript]) -> dict[str, int]:
    """How many connections each part has."""
    counts: dict[str, int] = defaultdict(int)
    for transcript in transcripts:
        counts[part(transcript.check)] += len(transcript.channels)
        counts[ALL] += len(transcript.channels)
    return counts


def events_rates(folder: Path, times: int) -> tuple[int, list[float]]:
    """How many events the recordings of a run have, and how many are judged in a second."""
    rates: list[float] = []
    count = 0
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        recordings = read_folder(folder)
        judge_run(recordings, [])
        took = time.perf_counter() - start
        count = sum(len(one.transcript.events) for one in recordings.values())
        rates.append(count / took)
    return count, rates


def measure(times: int = 5) -> Result:
    table = [["conversations", "count", "bare/s", "judged/s", "ratio", "bar"]]
    result = Result("Court: a default run against the reference", {}, table)
    with tempfile.TemporaryDirectory() as place, first_line(*SERVE) as url:
        folder = Path(place)
        # This run warms up what is imported late, and leaves what the others are compared with.
        Run(url, Options(), [Transcripts(folder, Selection())]).execute()
        events_rates(folder, 1)
        events, rates = events_rates(folder, times)
        _, transcripts = judged(url)
        held: list[dict[str, float]] = []
        said: list[dict[str, float]] = []
        for _ in range(times):
            said.append(bare(url, transcripts.values()))
            held.append(judged(url)[0])
    counts = conversations(transcripts.values())
    for name in (*PARTS, ALL):
        rate = {
            "bare": median(counts[name] / one[name] for one in said),
            "judged": median(counts[name] / one[name] for one in held),
        }
        ratio = median(s[name] / h[name] for s, h in zip(said, held, strict=True))
        result.numbers[name] = {"conversations": counts[name], **rate, "ratio": ratio}
        shown = [f"{rate['bare']:.0f}", f"{rate['judged']:.0f}", f"{ratio:.2f}"]
        table.append([name, str(counts[name]), *shown, f">= {RATIO_BAR}" if name == ALL else ""])
    ratio, speed = result.numbers[ALL]["ratio"], median(rates)
    result.numbers["judge"] = {"events": events, "events_per_s": rates}
    result.verdicts = [
        (
            f"judged at {ratio:.2f} of the bare rate, bar {RATIO_BAR}",
            ratio >= RATIO_BAR,
        ),
        (f"risp judge: {speed:,.0f} events/s, bar {EVENTS_BAR:,.0f}", speed >= EVENTS_BAR),
    ]
    result.notes = [
        f"medians of {times}, in alternation; a conversation is one connection, with its handshake",
        f"risp judge: {events} events, read from files and judged, imports aside",
    ]
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    result = measure(parser.parse_args().times)
    show(result)
    return not result.is_met


if __name__ == "__main__":
    sys.exit(main())
