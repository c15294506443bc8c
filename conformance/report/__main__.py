"""`python -m risp.conformance.report [--check]`: write, or check, the schema of the JSON report."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from .document import schema

FILE = Path(__file__).with_name("report.schema.json")


def main(arguments: list[str]) -> int:
    """Write the file, or with `--check` compare it; returns the exit code."""
    text = json.dumps(schema(), indent=2) + "\n"
    if "--check" not in arguments:
        FILE.write_text(text, encoding="utf-8")
        return 0
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{FILE.name} is not what the classes say; mend it with `make schema`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
