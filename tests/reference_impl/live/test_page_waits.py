"""What the page does where it has to wait, and where a session is over by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.browser import Browser, launched, sync_playwright, visiting
from tests.live_server import PROBE, serving

ENDS = """
import numpy as np
from risp.reference_impl.interface import LiveModel, Output, Video

class Out(Output):
    main_video: Video

class AtOnce(LiveModel):
    output: Out
    fps = 30
    size = (48, 64)

    def inference(self):
        return
        yield

class WhenLeft(AtOnce):
    is_left = False

    def on_disconnect(self, connection):
        self.is_left = True

    def inference(self):
        while not self.is_left:
            yield Out(main_video=np.zeros((*self.size, 3), np.uint8))
        raise RuntimeError("nobody looks")
"""
BY_MODEL = "The model has ended the session: {}; the server's log says more."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright) as one:
        yield one


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Where `models.py` has models that come to an end."""
    (tmp_path / "models.py").write_text(ENDS, encoding="utf-8")
    return tmp_path


def test_a_full_server_is_asked_again_when_it_says_until_there_is_a_place(
    browser: Browser,
) -> None:
    with serving("--places", "1", model=None) as server, visiting(browser, server.url) as visit:
        other = httpx.post(f"{server.url}/sessions", json={"model": {"name": "toy"}}).json()
        visit.button("Connect").click()
        visit.says("Not yet: every place is taken.", "#step")
        visit.says("The next attempt is in ", "#countdown")
        assert visit.page.locator("#problem").inner_text() == ""
        assert visit.button("Connect").is_disabled()

        httpx.delete(f"{server.url}/sessions/{other['session_id']}").raise_for_status()
        visit.is_now("READY")
        assert visit.page.locator("#countdown").inner_text() == ""


def test_the_wait_for_a_full_server_is_called_off_by_disconnecting(browser: Browser) -> None:
    with serving("--places", "1", model=None) as server, visiting(browser, server.url) as visit:
        httpx.post(f"{server.url}/sessions", json={"model": {"name": "toy"}}).raise_for_status()
        visit.button("Connect").click()
        visit.says("The next attempt is in ", "#countdown")

        visit.button("Disconnect").click()

        visit.is_now("DISCONNECTED")
        assert visit.page.locator("#countdown").inner_text() == ""
        assert visit.page.locator("#problem").inner_text() == ""
        assert visit.button("Connect").is_enabled()


def test_a_model_that_loads_is_waited_for(browser: Browser) -> None:
    slow = "tests.live_models:SlowToLoad"
    with serving(model=slow) as server, visiting(browser, server.url) as visit:
        visit.button("Connect").click()
        visit.says("Not yet: the model is still being loaded.", "#step")
        visit.is_now("READY")
        assert visit.page.locator("#problem").inner_text() == ""
        asked = [url for url in visit.requests if url.endswith("/start_session")]
        assert 2 <= len(asked) <= 4


@pytest.mark.parametrize(("status", "code"), [(429, "rate_limited"), (503, "loading")])
def test_it_asks_again_no_earlier_than_it_is_told_and_not_for_ever(
    browser: Browser, status: int, code: str
) -> None:
    with serving(model=None) as server, visiting(browser, server.url) as visit:
        page = visit.page
        page.clock.install()
        page.route(
            "**/start_session",
            lambda route: route.fulfill(
                status=status,
                headers={"Retry-After": "50"},
                json={"code": code, "detail": "come later"},
            ),
        )

        def asked() -> int:
            return sum(url.endswith("/start_session") for url in visit.requests)

        visit.button("Connect").click()
        for times in (1, 2):
            visit.says("The next attempt is in ", "#countdown")
            page.clock.run_for(45_000)
            assert asked() == times
            with page.expect_request("**/start_session"):
                page.clock.run_for(5_000)

        visit.says(f"{code} \N{MIDDLE DOT} {status}", "#problem")  # 150 s would be too long
        visit.says("The server asks to wait: ", "#countdown")
        assert visit.status == "DISCONNECTED"
        assert visit.button("Connect").is_disabled()


def test_a_refusal_that_time_does_not_mend_is_told_at_once(browser: Browser) -> None:
    with serving(model=None) as server, visiting(browser, server.url) as visit:
        refusal = {"code": "broken", "detail": "out of order"}
        visit.page.route(
            "**/start_session",
            lambda route: route.fulfill(status=503, headers={"Retry-After": "1"}, json=refusal),
        )
        visit.button("Connect").click()
        visit.says("broken \N{MIDDLE DOT} 503", "#problem")
        assert visit.status == "DISCONNECTED"


def test_a_model_that_finishes_is_told_of_with_its_reason(browser: Browser) -> None:
    with serving(model=PROBE) as server, visiting(browser, server.url) as visit:
        visit.connect()
        visit.button("finish").click()
        visit.says(BY_MODEL.format("finished"), "#step")
        assert visit.status == "DISCONNECTED"
        assert visit.button("Resume").is_disabled()
        assert visit.button("Connect").is_enabled()


def test_a_model_that_finishes_before_there_is_a_connection_is_told_of_too(
    browser: Browser, models: Path
) -> None:
    with (
        serving(model="models:AtOnce", cwd=models) as server,
        visiting(browser, server.url) as visit,
    ):
        visit.button("Connect").click()
        visit.says(BY_MODEL.format("finished"), "#step")
        assert visit.page.locator("#problem").inner_text() == ""
        assert visit.button("Resume").is_disabled()
        assert visit.button("Connect").is_enabled()


def test_a_session_that_is_over_is_not_resumed_and_says_why(browser: Browser, models: Path) -> None:
    with (
        serving(model="models:WhenLeft", cwd=models) as server,
        visiting(browser, server.url) as visit,
    ):
        visit.connect()
        visit.button("Drop").click()
        visit.is_now("DISCONNECTED")
        visit.until(
            lambda: httpx.get(f"{server.url}/session").json()["state"] == "ready", "it has ended"
        )
        visit.button("Resume").click()
        visit.says(BY_MODEL.format("model_error"), "#step")
        assert visit.page.locator("#problem").inner_text() == ""
        assert visit.page.locator("#countdown").inner_text() == ""
        assert visit.button("Resume").is_disabled()
        assert visit.button("Connect").is_enabled()
