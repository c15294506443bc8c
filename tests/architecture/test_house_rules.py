"""No file holds a path of somebody's machine or the address of a package registry."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, write

MACHINE_PATH = re.compile(r"(?<![\w.})*-])/(?:(?:work|root|tmp)\b|(?:home|Users)/\w)")
REGISTRY = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|proxy\.golang\.org")
VENDORED = re.compile(r"\.min\.(?:js|css)$")
"""Somebody else's text, taken as it is."""


def files(root: Path) -> list[Path]:
    """What is tracked, and what would be by `git add`."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    return [root / name for name in listing.split("\0") if name and (root / name).is_file()]


def addresses(root: Path, paths: list[Path]) -> list[str]:
    found: list[str] = []
    for path in paths:
        if VENDORED.search(path.name):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            hit = MACHINE_PATH.search(line) or REGISTRY.search(line)
            if hit:
                found.append(f"{path.relative_to(root)}:{number}: {hit[0]}")
    return found


def test_no_file_names_a_machine_or_a_registry(need):
    need("git", "lists the files of the tree")
    need(".git/HEAD", "lists the files of the tree")
    assert addresses(ROOT, files(ROOT)) == []


@pytest.mark.parametrize(
    "parts",
    [
        ("/", "work/main"),
        ("cd /", "root"),
        ('"/', 'tmp/report.json"'),
        ("/", "home/someone"),
        ("https://py", "pi.org/simple"),
        ("https://registry.npm", "js.org/ws"),
    ],
)
def test_a_path_or_an_address_is_reported(tmp_path, parts):
    # In two parts, so that this file does not hold what it looks for.
    path = write(tmp_path, {"notes.md": f"fine\n{''.join(parts)}\n"}) / "notes.md"
    assert [line.partition(": ")[0] for line in addresses(tmp_path, [path])] == ["notes.md:2"]


def test_an_ordinary_path_is_not_reported(tmp_path):
    text = "docs/work/index.md\nhttps://example.org/root\n$ref: #/$defs/temperature\n/homeward\n"
    path = write(tmp_path, {"notes.md": text}) / "notes.md"
    assert addresses(tmp_path, [path]) == []
