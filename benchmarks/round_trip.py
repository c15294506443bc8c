"""One observation out, one chunk back: RISP beside openpi-client, in alternation.

Every stack is a server process and a client process. A run starts all of them anew, warms each up,
and then lets them take turns in blocks, so that what else the machine does meets all alike. A
ratio compares two medians of one run; the median of the runs' ratios is held to the bar.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .harness import ROOT, SERVE, Result, Rounds, first_line, show

OPENPI = ROOT / ".venv-openpi"
PYTHON = OPENPI / "bin" / "python"
NEEDS = ("numpy<2", "typing_extensions", "openpi-client==0.1.2")
"""Apart from RISP's environment, because openpi-client wants numpy < 2."""
FOLDER = ROOT / "benchmarks" / ".inputs"
BLOCKS = 5
BASE = "openpi, raw arrays"


@dataclass(frozen=True)
class Stack:
    """A server, its client, and what is asked of the two."""

    name: str
    server: tuple[str, ...]
    client: tuple[str, ...]
    """The server's URL and the folder of pictures go between its second and third argument."""
    bar: float | None = None
    """The greatest ratio to `BASE` that will do."""
    is_openpi: bool = False


def risp(name: str, policy: str, form: str, *more: str, bar: float | None = None) -> Stack:
    server = (*SERVE, f"benchmarks.policies:{policy}", *more)
    return Stack(name, server, ("-m", "benchmarks.risp_rounds", form), bar)


def openpi(name: str, form: str) -> Stack:
    client = ("-m", "benchmarks.openpi_rounds", form)
    return Stack(name, ("-m", "benchmarks.openpi_server"), client, is_openpi=True)


STACKS = (
    openpi(BASE, "raw"),
    risp("RISP, JSON lists", "Null", "lists", bar=0.8),
    risp("RISP, tensors", "Null", "tensors", bar=0.65),
    risp("RISP, JSON lists, no uvloop", "Null", "lists", "--no-uvloop"),
    risp("RISP, tensors, no uvloop", "Null", "tensors", "--no-uvloop"),
    risp("RISP, JSON lists, policy returns lists", "NullLists", "lists"),
    risp("RISP, tensors, async def infer", "NullCoroutine", "tensors"),
    openpi("openpi, the same JPEG bytes", "jpeg"),
    Stack(
        "raw TCP, the same bytes as JSON lists",
        ("-m", "benchmarks.raw_tcp", "serve"),
        ("-m", "benchmarks.raw_tcp", "rounds"),
    ),
)


def prepare() -> None:
    """Make the other environment and the pictures, unless they are there."""
    works = [str(PYTHON), "-c", "import openpi_client, numpy, PIL, websockets"]
    if not PYTHON.exists() or subprocess.run(works, check=False, capture_output=True).returncode:
        print(f"making {OPENPI.name} for openpi-client", file=sys.stderr)
        venv.create(OPENPI, with_pip=True, clear=True)
        install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *NEEDS], check=True)
    subprocess.run([PYTHON, "-m", "benchmarks.pictures", FOLDER], cwd=ROOT, check=True)


def run_once(stacks: Sequence[Stack], warm_up: int, count: int) -> dict[str, float]:
    """The median round trip of each stack in one run, in microseconds."""
    times: dict[str, list[float]] = {stack.name: [] for stack in stacks}
    with ExitStack() as running:
        clients: dict[str, Rounds] = {}
        for stack in stacks:
            python = str(PYTHON) if stack.is_openpi else sys.executable
            url = running.enter_context(first_line(*stack.server, python=python))
            module, form = stack.client[:2], stack.client[2]
            order = (form, url, str(FOLDER)) if "raw_tcp" in module[1] else (url, str(FOLDER), form)
            client = running.enter_context(Rounds(*module, *order, python=python))
            client.measure(warm_up)
            clients[stack.name] = client
        for _ in range(BLOCKS):
            for name, client in clients.items():
                client.measure(max(1, warm_up // 10))
                times[name] += client.measure(count // BLOCKS)
    return {name: median(taken) for name, taken in times.items()}


def measure(
    runs: int = 5, warm_up: int = 200, count: int = 1000, stacks: Sequence[Stack] = STACKS
) -> Result:
    prepare()
    found = [run_once(stacks, warm_up, count) for _ in range(runs)]
    return report(found, stacks, warm_up, count)


def report(
    found: list[dict[str, float]], stacks: Sequence[Stack], warm_up: int, count: int
) -> Result:
    sizes = sum(path.stat().st_size for path in Path(FOLDER).glob("*.jpg"))
    table = [["stack", "p50 us", *(f"run {at}" for at in range(1, len(found) + 1)), "ratio", "bar"]]
    result = Result("Round trip: 2 cameras 224x224 and 14 joints to 50 x 14 float32", {}, table)
    for stack in stacks:
        times = [run[stack.name] for run in found]
        ratios = [run[stack.name] / run[BASE] for run in found]
        ratio = median(ratios)
        result.numbers[stack.name] = {"p50_us": times, "ratios": ratios, "ratio": ratio}
        shown = [f"{one:.2f}" for one in ratios]
        bar = "" if stack.bar is None else f"<= {stack.bar:.2f}"
        table.append([stack.name, f"{median(times):.0f}", *shown, f"{ratio:.2f}", bar])
        if stack.bar is not None:
            line = f"{stack.name}: {ratio:.3f} of {BASE}, bar {stack.bar}"
            result.verdicts.append((line, ratio <= stack.bar))
    result.notes = [
        f"{len(found)} runs, {warm_up} round trips of warm-up and {count} measured in each",
        f"JPEG: {sizes} bytes for both cameras; raw: {224 * 224 * 3 * 2} bytes",
    ]
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=200)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--bars-only", action="store_true", help="only the rows with a bar")
    given = parser.parse_args()
    stacks = [one for one in STACKS if one.bar or one.name == BASE or not given.bars_only]
    result = measure(given.runs, given.warm_up, given.count, stacks)
    show(result)
    return not result.is_met


if __name__ == "__main__":
    sys.exit(main())
