"""`risp --help` answers at once: nothing heavy is imported before a subcommand needs it."""

import json
import os
import statistics
import subprocess
import sys
import time

HEAVY = ("aiortc", "hypothesis", "jsonschema", "numpy", "pydantic", "starlette", "uvicorn")
HELP = """
import sys
from risp.command import main
sys.argv = ["risp", "--help"]
try:
    main()
except SystemExit as end:
    assert end.code == 0, end.code
"""
HELP_SECONDS = 0.4


def run(*arguments: str) -> str:
    """Run Python without coverage's hook, which would count as the command's own time."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("COVERAGE")}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=env,
    ).stdout


def heavy_after(code: str) -> list[str]:
    """Which of the heavy modules are loaded once the code has run."""
    loaded = f"[name for name in {HEAVY!r} if name in sys.modules]"
    report = f"\nimport json, sys\nprint()\nprint(json.dumps({loaded}))"
    found: list[str] = json.loads(run("-c", code + report).splitlines()[-1])
    return found


def test_help_loads_nothing_heavy():
    assert heavy_after(HELP) == []


def test_a_heavy_import_is_noticed():
    assert heavy_after("import jsonschema") == ["jsonschema"]


def test_help_lists_every_subcommand_and_none_is_broken():
    text = run("-m", "risp.command", "--help")
    for name in ("explain", "judge", "list", "replay", "schema", "serve", "test"):
        assert f"\n  {name} " in text
    assert "cannot be loaded" not in text


def test_help_is_there_in_less_than_half_a_second():
    def seconds() -> float:
        start = time.perf_counter()
        run("-m", "risp.command", "--help")
        return time.perf_counter() - start

    # The quickest of five: a busy neighbour may slow any one of them, an import slows them all.
    times = [seconds() for _ in range(5)]
    assert min(times) <= HELP_SECONDS, f"median {statistics.median(times):.2f} s"
