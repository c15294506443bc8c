"""The diagrams as a browser draws them: every move is readable, and no label covers another."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from risp.protocol.catalogue import PROFILES
from risp.protocol.machine import Machine
from tests.docs.pages import DOCS
from tests.need import need

need("mkdocs", "builds the pages")
need("playwright", "drives the browser that draws the diagrams")
need("chromium", "draws the diagrams")

from playwright.sync_api import Page, sync_playwright  # noqa: E402

from docs import hooks  # noqa: E402

MERMAID = DOCS / "assets/mermaid.min.js"
DRAW = """async text => {
  mermaid.initialize({startOnLoad: false});
  document.body.innerHTML = (await mermaid.render("drawn", text)).svg;
}"""
LABELS = """() => [...document.querySelectorAll(".edgeLabel foreignObject p")].map(label => {
  const range = document.createRange();
  range.selectNodeContents(label);
  const box = range.getBoundingClientRect();
  return {text: label.innerText, x: box.left, y: box.top, right: box.right, bottom: box.bottom};
}).filter(label => label.text)"""
MACHINES = [
    pytest.param(machine, f"spec/{profile.name}/index.md", id=f"{profile.name}-{name}")
    for profile in PROFILES
    for name, machine in profile.machines.items()
]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.set_content("<body></body>")
        page.add_script_tag(path=MERMAID)
        yield page
        browser.close()


def drawn(page: Page, markdown: str) -> list[dict[str, Any]]:
    """The labels of the first diagram of some Markdown, with their places."""
    match = re.search(r"```mermaid\n(.*?)```", markdown, re.DOTALL)
    assert match
    page.evaluate(DRAW, match[1])
    found: list[dict[str, Any]] = page.evaluate(LABELS)
    return found


def words(text: str) -> str:
    return " ".join(text.replace("/sessions/{session_id}", "").split())


@pytest.mark.parametrize(("machine", "path"), MACHINES)
def test_every_move_of_a_table_can_be_read_in_its_diagram(page, machine: Machine[Any], path):
    shown = {words(one["text"]) for one in drawn(page, hooks.machine(machine, path))}
    text = "\n".join(shown)
    for row in machine.rows:
        assert words(f"{row.move.sender[0].upper()}: {row.move}") in text


@pytest.mark.parametrize(("machine", "path"), MACHINES)
def test_no_label_of_a_diagram_covers_another(page, machine: Machine[Any], path):
    labels = drawn(page, hooks.machine(machine, path))
    covered = [
        (one["text"], other["text"])
        for number, one in enumerate(labels)
        for other in labels[number + 1 :]
        if one["x"] < other["right"] - 1
        and other["x"] < one["right"] - 1
        and one["y"] < other["bottom"] - 1
        and other["y"] < one["bottom"] - 1
    ]
    assert len(labels) > 5
    assert covered == []


def test_a_path_with_braces_survives_as_a_label(page):
    text = "```mermaid\nstateDiagram-v2\n    a --> b: C: DELETE /sessions/{session_id}\n```"
    (label,) = drawn(page, text)
    assert " ".join(label["text"].split()) == "C: DELETE /sessions/{session_id}"
