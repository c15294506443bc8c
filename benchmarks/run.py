"""Every benchmark, one after the other: `make bench`, or `python benchmarks/run.py [NAME ...]`.

Writes bench-report.json, and with --markdown benchmarks/RESULTS.md. Exit code 1: a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    # Run as a file, Python looks for modules beside the file; they are one floor up.
    sys.path[0] = str(ROOT)

from benchmarks.harness import Result, commit, markdown, show  # noqa: E402  # see above

NAMES = ("start", "round_trip", "queue_age", "busy_policy", "judge_rate", "live_client")


def chosen(name: str) -> Callable[[], Result]:
    measure: Callable[[], Result] = import_module(f"benchmarks.{name}").measure
    return measure


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--markdown", action="store_true", help="write benchmarks/RESULTS.md too")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    at = commit()
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    results: dict[str, Result] = {}
    for name in given.names or NAMES:
        results[name] = chosen(name)()
        show(results[name])
    numbers = {name: result.numbers for name, result in results.items()}
    report = {"commit": at, "machine": machine, "results": numbers}
    (ROOT / "bench-report.json").write_text(json.dumps(report, indent=1) + "\n")
    if given.markdown:
        head = f"# Results\n\nMade by `make bench` from commit `{at}` on {machine}; trust ratios.\n"
        parts = [head, *(markdown(result) for result in results.values())]
        (ROOT / "benchmarks" / "RESULTS.md").write_text("\n".join(parts))
    missed = [line for result in results.values() for line, met in result.verdicts if not met]
    print(f"\n{len(missed)} bars missed" if missed else "\nevery bar is met")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
