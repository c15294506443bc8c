"""The site builds without a warning and fetches nothing from elsewhere."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from risp.protocol.catalogue import PROFILES
from tests.need import ROOT, need

need("mkdocs", "builds the pages")
need("material", "is the theme of the pages")

RULES = [rule for profile in PROFILES for rule in profile.requirements.values()]
LOADING = {"src", "srcset", "data", "poster"}
LINKS_THAT_LOAD = {"stylesheet", "preload", "prefetch", "icon", "modulepreload", "manifest"}
CSS_LOAD = re.compile(r"(?:url\(|@import)\s*['\"]?\s*((?:https?:)?//[^'\")]*)")


def build(config: Path, site: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", site],
        cwd=config.parent,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "out"
    done = build(ROOT / "mkdocs.yml", folder)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


class Loads(HTMLParser):
    """The addresses from which a page loads something by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.found += [value for name, value in given.items() if name in LOADING]
        if tag == "link" and LINKS_THAT_LOAD & set(given.get("rel", "").split()):
            self.found.append(given.get("href", ""))

    def handle_data(self, data: str) -> None:
        self.found += CSS_LOAD.findall(data)


def loads(html: str) -> list[str]:
    parser = Loads()
    parser.feed(html)
    return parser.found


def external(addresses: list[str]) -> list[str]:
    return [one for one in addresses if re.match(r"(?:[a-z]+:)?//", one)]


def test_no_page_loads_anything_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 10
    for page in pages:
        assert external(loads(page.read_text(encoding="utf-8"))) == [], page.name
    for sheet in site.rglob("*.css"):
        assert CSS_LOAD.findall(sheet.read_text(encoding="utf-8")) == [], sheet.name


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//fonts.example/css">',
        "<style>@import 'https://fonts.example/css';</style>",
        "<style>a{background:url(//x.example/y.png)}</style>",
    ],
)
def test_a_load_from_elsewhere_is_noticed(html):
    assert len(external(loads(html))) == 1


def test_everything_that_a_page_loads_is_there(site):
    for page in site.rglob("*.html"):
        for address in loads(page.read_text(encoding="utf-8")):
            if not address.startswith("data:") and page.name != "404.html":
                path = urlsplit(address).path
                assert (page.parent / path).is_file(), (page.name, address)


def test_every_requirement_has_its_anchor(site):
    html = "".join(page.read_text(encoding="utf-8") for page in site.rglob("*.html"))
    for rule in RULES:
        assert html.count(f' id="{rule.id.lower()}"') == 1


def test_the_diagram_s_program_is_loaded_only_where_there_is_a_diagram(site):
    program = "assets/mermaid.min.js"
    assert (site / program).is_file()
    with_diagram = [
        page.relative_to(site).as_posix()
        for page in site.rglob("*.html")
        if any(program in one for one in loads(page.read_text(encoding="utf-8")))
    ]
    assert sorted(with_diagram) == [
        "spec/action/index.html",
        "spec/live/client.html",
        "spec/live/index.html",
        "spec/live/sessions.html",
        "spec/live/signaling.html",
    ]


def test_each_page_is_there_as_plain_markdown_too(site):
    text = "".join(page.read_text(encoding="utf-8") for page in site.rglob("*.md"))
    assert "[[" not in re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    assert "{{" not in text
    for rule in RULES:
        assert f"{{: #{rule.id.lower()} .rule }}" in text


@pytest.mark.parametrize(
    ("instead", "complaint"),
    [
        ("[[A-LIM-3]]", ""),
        ("[[A-LIM-3]]\n\n[a broken link](nowhere.md)", "nowhere.md"),
        ("[[A-LIM-3]]\n\n[a broken anchor](queue.md#nowhere)", "does not contain an anchor"),
        ("[[A-LIM-333]]", "no requirement is called A-LIM-333"),
        ("", "stand on no page: A-LIM-3"),
    ],
)
def test_a_page_that_is_wrong_ends_the_build_and_says_why(tmp_path, instead, complaint):
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("*.min.js"))
    page = tmp_path / "docs/spec/action/limits.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("[[A-LIM-3]]", instead), encoding="utf-8")
    done = build(tmp_path / "mkdocs.yml", tmp_path / "out")
    assert done.returncode == (1 if complaint else 0), done.stderr
    assert complaint in done.stderr
