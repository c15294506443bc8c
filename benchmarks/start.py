"""How long the command takes to say something, beside what Python and its libraries take alone."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from .harness import ROOT, Result, first_line, show

TIMES = 9
RISP = str(Path(sys.executable).with_name("risp"))


def to_end(command: Sequence[str]) -> float:
    """Wall time of a command, in seconds."""
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def to_first_line(command: Sequence[str]) -> float:
    """Time until a command has printed a line, in seconds."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        while not process.stdout.readline().strip():
            if process.poll() is not None:
                raise SystemExit(f"{command[0]} ended without a word")
        return time.perf_counter() - start
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def measure() -> Result:
    with first_line("-m", "risp.reference_impl", "serve", "--port", "0") as url:
        commands = {
            "python -c pass": (to_end, [sys.executable, "-c", "pass"], None),
            "python -c 'import click, rich'": (
                to_end,
                [sys.executable, "-c", "import click, rich"],
                None,
            ),
            "risp --help": (to_end, [RISP, "--help"], 0.4),
            "risp test URL, first line": (to_first_line, [RISP, "test", url], 1.0),
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(TIMES):
            for name, (clock, command, _bar) in commands.items():
                taken[name].append(clock(command))
    result = Result(f"Start: median of {TIMES}, in alternation", {}, [["command", "s", "bar"]])
    for name, (_clock, _command, bar) in commands.items():
        middle = median(taken[name])
        result.numbers[name] = {"median_s": middle, "all_s": taken[name]}
        result.table.append([name, f"{middle:.3f}", "" if bar is None else f"<= {bar}"])
        if bar is not None:
            result.verdicts.append((f"{name}: {middle:.2f} s, bar {bar}", middle <= bar))
    return result


def main() -> int:
    result = measure()
    show(result)
    return not result.is_met


if __name__ == "__main__":
    sys.exit(main())
