"""A browser without a window, for what only a browser shows."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.need import need

NAME = "chromium" if shutil.which("chromium") else "google-chrome"
need("playwright", "drives the browser that meets the page")
need(NAME if shutil.which(NAME) else "chromium", "is the browser that meets the page")

import httpx  # noqa: E402
from playwright.sync_api import (  # noqa: E402
    Browser,
    ConsoleMessage,
    FilePayload,
    Locator,
    Page,
    Playwright,
    sync_playwright,
)

__all__ = [
    "Browser",
    "FilePayload",
    "Playwright",
    "Visit",
    "launched",
    "sync_playwright",
    "visiting",
]


MEDIA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
PLAIN_ADDRESSES = "--disable-features=WebRtcHideLocalIpsWithMdns"
READY_S = 15.0
PROBES = Path(__file__).with_name("page_probes")
"""Functions in JavaScript, one per file."""


@contextmanager
def launched(playwright: Playwright, *, hides_addresses: bool = False) -> Iterator[Browser]:
    """Run the browser; by default it tells the server its addresses as they are."""
    options = ["--no-sandbox", *MEDIA, *(() if hides_addresses else (PLAIN_ADDRESSES,))]
    browser = playwright.chromium.launch(executable_path=shutil.which(NAME), args=options)
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def visiting(browser: Browser, url: str, **how: Any) -> Iterator[Visit]:
    """Look at the page, and leave no local session behind."""
    context = browser.new_context(**how)
    try:
        yield Visit(context.new_page(), url)
    finally:
        context.close()
        httpx.post(f"{url}/stop_session", json={})


@dataclass
class Visit:
    """The page of a server, as somebody looks at it."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    """What went wrong, as the browser's console tells it."""
    requests: list[str] = field(default_factory=list)
    """Where something was asked for."""

    def __post_init__(self) -> None:
        self.page.set_default_timeout(READY_S * 1000)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._on_console)
        self.page.goto(self.url)

    def _on_console(self, line: ConsoleMessage) -> None:
        if line.type in {"error", "warning"}:
            self.errors.append(line.text)

    def probe(self, name: str, argument: Any = None) -> Any:
        """Run a function of `page_probes` in the page."""
        code = PROBES.joinpath(f"{name}.js").read_text(encoding="utf-8")
        return self.page.evaluate(code, argument)

    @property
    def status(self) -> str:
        return self.page.locator("#word").inner_text()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def form(self, command: str) -> Locator:
        """The form of a command."""
        return self.page.locator(f'form[data-command="{command}"]')

    def field(self, command: str, name: str) -> Locator:
        """The controls of an argument: of a slider, the slider and then the number."""
        return self.form(command).locator(f'[data-parameter="{name}"]')

    def connect(self) -> None:
        self.button("Connect").click()
        self.is_now("READY")

    def is_now(self, status: str) -> None:
        """Wait until the client is in this state."""
        self.page.locator("#word", has_text=status).wait_for()

    def says(self, text: str, where: str = "body") -> None:
        """Wait until this text is shown."""
        self.until(lambda: text in self.page.locator(where).inner_text(), f"{text!r} in {where}")

    def picture(self, left: float = 0.1, right: float = 0.4) -> list[float] | None:
        """The mean colour of a strip of the model's video, as it was decoded; None: none yet."""
        found: list[float] | None = self.probe(
            "picture", ['video[data-track="main_video"]', left, right]
        )
        return found

    def shows(self, colour: tuple[int, int, int], left: float = 0.1, right: float = 0.4) -> None:
        """Wait until a strip of the video has a colour; what a codec does to it is allowed for."""

        def does() -> bool:
            seen = self.picture(left, right)
            return seen is not None and all(
                abs(a - b) < 12 for a, b in zip(seen, colour, strict=True)
            )

        self.until(does, f"{colour} in the picture", lambda: self.picture(left, right))

    def until(
        self, holds: Callable[[], bool], what: str, seen: Callable[[], Any] = lambda: ""
    ) -> None:
        """Wait until something holds."""
        end = time.monotonic() + READY_S
        while not holds():
            assert time.monotonic() < end, f"never: {what}; {seen()} {self.errors}"
            self.page.wait_for_timeout(30)
