"""The documents that are made from the models and committed: rendered, written, checked for drift.

A further format joins by a line in `FORMATS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import jsonschema, openapi
from .catalogue import PROFILES
from .profile import Profile

FOLDER = Path(__file__).parent / "schemas"
"""Where the committed documents lie."""

FORMATS: dict[str, Callable[[Profile], dict[str, Any]]] = {
    "schema": jsonschema.documents,
    "openapi": openapi.documents,
}
"""What makes the documents of a profile, by the word in their file names."""


def documents() -> dict[str, str]:
    """Every document by its name, as in `action`, `action.error` or `live.openapi`: its text."""
    return {name: text for name, _, text in _rendered()}


def files() -> dict[str, str]:
    """Every document by its file name, as in `action.schema.json`: its text."""
    return {file: text for _, file, text in _rendered()}


def write(folder: Path) -> list[Path]:
    """Write every document anew and remove those that are made no more; returns what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    made = files()
    for stale in _present(folder) - set(made):
        (folder / stale).unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in made]


def drift(folder: Path) -> list[str]:
    """What is wrong with the documents in a folder: one line per file; empty when all is well."""
    made, present = files(), _present(folder)
    lines = [f"{folder / name}: missing" for name in made if name not in present]
    lines += [f"{folder / name}: no longer made" for name in sorted(present - set(made))]
    lines += [
        f"{folder / name}: differs from the models"
        for name, text in made.items()
        if name in present and (folder / name).read_text(encoding="utf-8") != text
    ]
    return lines


def _present(folder: Path) -> set[str]:
    return {path.name for kind in FORMATS for path in folder.glob(f"*.{kind}.json")}


def _name(name: str, kind: str) -> str:
    return name if kind == "schema" else f"{name}.{kind}"


def _rendered() -> list[tuple[str, str, str]]:
    return [
        (
            _name(name, kind),
            f"{name}.{kind}.json",
            json.dumps(made, indent=2, ensure_ascii=False) + "\n",
        )
        for profile in PROFILES
        for kind, make in FORMATS.items()
        for name, made in make(profile).items()
    ]
