"""The pages as the tests read them: their markers, examples and conversations."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.need import ROOT

DOCS = ROOT / "docs"
SPEC = DOCS / "spec"
FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
MARKER = re.compile(r"^\[\[([A-Z]-[A-Z]+-\d+)\]\]$", re.MULTILINE)
TITLE = re.compile(r'title="([^"]*)"')


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: str
    number: int
    language: str
    title: str
    body: str

    def __str__(self) -> str:
        return f"{self.page}:{self.number}"


def pages() -> list[Path]:
    return sorted(DOCS.rglob("*.md"))


def blocks() -> list[Block]:
    found: list[Block] = []
    for path in pages():
        text = path.read_text(encoding="utf-8")
        for number, match in enumerate(FENCE.finditer(text), 1):
            title = TITLE.search(match["info"])
            language = match["info"].split(" ")[0]
            name = path.relative_to(DOCS).as_posix()
            found.append(Block(name, number, language, title[1] if title else "", match["body"]))
    return found
