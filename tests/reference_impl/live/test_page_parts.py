"""The parts of the page: its forms, its log, its clocks, how it is laid out and packed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.browser import Browser, Visit, launched, sync_playwright, visiting
from tests.live_server import Running, serving
from tests.support import ROOT

PAGE = ROOT / "reference_impl" / "live" / "page"
HOSTILE = '<img src="x" onerror="document.title = 1">'


def published(**commands: dict[str, Any]) -> dict[str, Any]:
    """A document with these commands, each with the schema of its arguments."""
    return {
        "paths": {
            f"/events/{name}": {
                "post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}
            }
            for name, schema in commands.items()
        },
        "components": {"schemas": {"Loop": {"$ref": "#/components/schemas/Loop"}}},
    }


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright) as one:
        yield one


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving(model=None) as one:
        yield one


@pytest.fixture
def visit(browser: Browser, server: Running) -> Iterator[Visit]:
    with visiting(browser, server.url) as one:
        yield one
        assert one.errors == []


def test_arguments_are_sent_as_their_schema_has_them(visit: Visit) -> None:
    nullable = {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 3}
    schema = {
        "type": "object",
        "properties": {
            "ratio": {"type": "number"},
            "speed": {"enum": [1, 2, "fast"], "default": 1},
            "loud": {"type": "boolean", "default": False},
            "count": nullable,
            "path": {"type": "array", "items": {"type": "number"}},
            "note": {"type": ["string", "null"]},
            "left_out": {"type": "string"},
            "only": {"const": "this", "default": "this"},
        },
    }
    edits = {"ratio": "0.5", "speed": "2", "loud": True, "count": "", "path": "[1, 2]", "note": "n"}

    found = visit.probe("forms", [published(go=schema), edits])

    values = {"ratio": 0.5, "speed": "fast", "loud": True, "count": None, "path": [1, 2]}
    assert found["sent"] == [["go", {**values, "note": "n", "only": "this"}]]


def test_what_is_no_json_is_complained_about_and_not_sent(visit: Visit) -> None:
    schema = {"type": "object", "properties": {"path": {"type": "array"}}}
    found = visit.probe("forms", [published(go=schema), {"path": "[1,"}])
    assert found["sent"] == []
    assert found["errors"] == ["This is not JSON."]


def test_a_document_that_is_odd_still_gives_what_can_be_read_of_it(visit: Visit) -> None:
    loop = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Loop"}, "b": True}}
    document = published(loop=loop, bare={})
    document["paths"] |= {"/events/nothing": {}, "/other": {"post": {}}}
    found = visit.probe("forms", [document, {}])
    assert found["inputs"] == 2
    assert [name for name, _ in found["sent"]] == ["loop", "bare"]
    for nonsense in (None, {}, {"paths": None}):
        assert visit.probe("forms", [nonsense, {}])["inputs"] == 0


def test_what_a_server_says_is_text_and_never_markup(visit: Visit) -> None:
    described = {"type": "string", "description": HOSTILE, "default": HOSTILE, "enum": [HOSTILE]}
    document = published(**{HOSTILE: {"type": "object", "properties": {HOSTILE: described}}})
    document["paths"][f"/events/{HOSTILE}"]["post"]["summary"] = HOSTILE
    found = visit.probe("forms", [document, {}])
    assert found["images"] == 0
    assert found["text"].count(HOSTILE) >= 4
    assert visit.page.title() != "1"


def test_a_slider_that_moves_is_throttled_and_its_end_is_sent(visit: Visit) -> None:
    at_once, later, at_the_end = visit.probe("slides", list(range(1, 51)))
    assert at_once == [1]
    assert later == [1, 50]
    assert at_the_end == [1, 50, 99]


def test_the_log_keeps_the_last_lines_and_shows_what_is_asked_for(visit: Visit) -> None:
    found = visit.probe("log", 520)
    assert found["all"] == [f"line {number}." for number in range(20, 520)]
    assert found["some"] == ["line 51.", *(f"line {number}." for number in range(510, 520))]
    assert found["left"] == 0
    assert found["note"].startswith("0 messages")


def test_retry_after_is_read_as_seconds_and_as_a_date(visit: Visit) -> None:
    read = """async (headers) => {
      const { secondsOf } = await import("/http.js");
      return headers.map((one) => secondsOf(one, Date.UTC(2030, 0, 1)));
    }"""
    headers = ["7", "0", "Tue, 01 Jan 2030 00:00:09 GMT", "Mon, 31 Dec 2029 23:59:00 GMT", "soon"]
    assert visit.page.evaluate(read, headers) == [7, 0, 9, 0, None]


def test_it_pings_every_five_seconds_and_the_log_leaves_that_out(
    browser: Browser, server: Running
) -> None:
    with visiting(browser, server.url) as visit:
        visit.page.clock.install()
        visit.page.add_init_script(
            "window.sent = []; const send = RTCDataChannel.prototype.send;"
            "RTCDataChannel.prototype.send = function (text) {"
            " window.sent.push([this.label, text]); send.call(this, text); };"
        )
        visit.page.reload()
        visit.connect()
        visit.page.clock.run_for(15_500)
        sent = visit.page.evaluate("() => window.sent")
        pings = [label for label, text in sent if '"ping"' in text]
        assert pings == ["data"] * 3
        assert "ping" not in visit.page.locator("#log").inner_text()
        assert "requestSchema" in visit.page.locator("#log").inner_text()


def test_it_can_be_used_by_keyboard_alone(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "connect"
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    visit.is_now("READY")
    assert page.evaluate("() => document.activeElement.id") == "disconnect"

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Drop
    visit.is_now("DISCONNECTED")
    assert page.evaluate("() => document.activeElement.id") == "resume"
    page.keyboard.press("Enter")
    visit.is_now("READY")

    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("() => document.activeElement.getAttribute('data-parameter')"))
    assert {"image", "text", "prompt", "brightness", "action", "seed"} <= set(seen)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_when_the_video_starts(browser: Browser, server: Running, width: int) -> None:
    with visiting(browser, server.url, viewport={"width": width, "height": 844}) as visit:
        screen = visit.page.locator("#outputs .screen")
        before = screen.bounding_box()
        visit.connect()
        visit.until(lambda: visit.picture() is not None, "the video")
        assert before is not None
        assert screen.bounding_box() == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_screen_and_every_text_can_be_read(
    browser: Browser, server: Running, scheme: str
) -> None:
    size = {"width": 360, "height": 740}
    with visiting(browser, server.url, viewport=size, color_scheme=scheme) as visit:
        visit.connect()
        visit.form("set_seed").wait_for()
        number = visit.field("set_brightness", "brightness").nth(1)
        number.fill("5")
        number.press("Enter")
        visit.says("le(2.0)", "#controls")

        assert visit.page.evaluate("() => document.documentElement.scrollWidth") == 360
        below = "() => document.documentElement.scrollHeight"
        end = "() => scrollY + document.querySelector('main').getBoundingClientRect().bottom"
        assert visit.page.evaluate(below) <= visit.page.evaluate(end) + 1
        found = visit.probe("contrast")
        assert len(found) > 30
        assert found[0][0] >= 4.5, found[:3]


def test_its_files_are_served_with_a_strict_policy(server: Running) -> None:
    for path in PAGE.iterdir():
        answer = httpx.get(f"{server.url}/{'' if path.name == 'index.html' else path.name}")
        assert answer.status_code == 200, path.name
        assert answer.content == path.read_bytes()
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy


def test_nothing_is_written_into_the_page_that_the_policy_would_refuse() -> None:
    index = (PAGE / "index.html").read_text(encoding="utf-8")
    assert (
        re.findall(r"<style|style=|\son\w+=|https?://|<script(?! type=\"module\" src=)", index)
        == []
    )
    code = "".join(path.read_text(encoding="utf-8") for path in PAGE.glob("*.js"))
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|eval\(|localStorage", code) == []


def test_the_wheel_has_its_files() -> None:
    packed = {one.distribution_path for one in WheelBuilder(str(ROOT)).recurse_included_files()}
    ours = {f"risp/reference_impl/live/page/{path.name}" for path in PAGE.iterdir()}
    assert len(ours) > 5
    assert ours <= packed
