"""The page at `/`, in a browser, against a server in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.browser import (
    Browser,
    FilePayload,
    Playwright,
    Visit,
    launched,
    sync_playwright,
    visiting,
)
from tests.live_server import KEY, Running, serving

IDLE = (100, 40, 20)
"""What the toy draws in its left half at first."""
HALF_AS_BRIGHT_AGAIN = (150, 60, 30)
TWICE_AS_BRIGHT = (200, 80, 40)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as one:
        yield one


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with launched(playwright) as one:
        yield one


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving(model=None) as one:
        yield one


@pytest.fixture
def visit(browser: Browser, server: Running) -> Iterator[Visit]:
    """The page; nothing goes wrong on it, and nothing is asked for elsewhere."""
    with visiting(browser, server.url) as one:
        yield one
        assert one.errors == []
        assert [url for url in one.requests if not url.startswith(server.url + "/")] == []


def state(server: Running) -> str:
    found: str = httpx.get(f"{server.url}/session").json()["state"]
    return found


def test_it_connects_and_shows_the_video(visit: Visit, server: Running) -> None:
    assert visit.status == "DISCONNECTED"
    assert visit.page.locator("#controls:disabled").count() == 1

    visit.connect()

    visit.shows(IDLE)
    assert visit.page.locator("#controls:disabled").count() == 0
    assert state(server) == "streaming"


def test_the_slider_moved_by_keyboard_changes_the_decoded_picture(visit: Visit) -> None:
    visit.connect()
    visit.shows(IDLE)
    slider = visit.field("set_brightness", "brightness").first

    slider.focus()
    for _ in range(25):
        slider.press("ArrowRight")

    visit.shows(HALF_AS_BRIGHT_AGAIN)
    visit.says("now 1.5", 'form[data-command="set_brightness"]')


def test_a_refused_command_is_shown_at_its_field_until_the_next_success(visit: Visit) -> None:
    visit.connect()
    number = visit.field("set_brightness", "brightness").nth(1)
    error = visit.form("set_brightness").locator(".of-field")

    number.fill("5")
    number.press("Enter")
    visit.says("brightness: 5.0 > le(2.0)", 'form[data-command="set_brightness"] .of-field')
    assert number.get_attribute("aria-invalid") == "true"
    assert number.input_value() == "5"
    assert error.get_attribute("id") in (number.get_attribute("aria-describedby") or "").split()
    assert visit.page.locator(".error:not(:empty)").count() == 1

    number.fill("2")
    number.press("Enter")
    visit.until(lambda: error.text_content() == "", "the error is gone")
    assert number.get_attribute("aria-invalid") is None
    visit.shows(TWICE_AS_BRIGHT)


def test_a_refusal_of_one_command_is_not_taken_back_by_another(visit: Visit) -> None:
    visit.connect()
    seed = visit.field("set_seed", "seed")
    seed.fill("-1")
    seed.press("Enter")
    visit.says("seed: -1 < ge(0)", 'form[data-command="set_seed"]')

    visit.button("get_state").click()
    visit.says('"seed":42', 'form[data-command="get_state"] .reply')

    assert "seed: -1 < ge(0)" in visit.form("set_seed").inner_text()


def test_a_choice_and_a_text_are_sent_by_button_and_by_enter(visit: Visit) -> None:
    visit.connect()
    visit.field("set_action", "action").select_option(label="left")
    visit.button("Send set_action").click()
    visit.shows((20, 100, 40))

    text = visit.field("set_prompt", "prompt")
    text.fill("<b>x</b> \N{SNOWMAN}")
    text.press("Enter")

    visit.says('now "<b>x</b> \N{SNOWMAN}"', 'form[data-command="set_prompt"]')
    assert visit.form("set_prompt").locator(".count").inner_text() == "10/200"
    assert visit.page.locator("#controls b").count() == 0

    visit.button("prompt: back to the default").click()
    visit.says('now "a sunny meadow"', 'form[data-command="set_prompt"]')
    visit.until(lambda: text.input_value() == "a sunny meadow", "the field follows")


def test_a_file_is_uploaded_and_used(visit: Visit) -> None:
    visit.connect()
    picture = FilePayload(name="a photo.png", mimeType="image/png", buffer=b"x" * 1234)
    visit.field("set_image", "image").set_input_files(picture)

    visit.button("Send set_image").click()

    reply = 'form[data-command="set_image"] .reply'
    visit.says('"file_name":"a photo.png"', reply)
    visit.says('"size":1234', reply)


def test_a_missing_file_is_complained_about_at_its_field(visit: Visit) -> None:
    visit.connect()
    visit.button("Send set_image").click()
    visit.says("missing required argument", 'form[data-command="set_image"] .of-field')


def test_the_camera_is_published_and_stopped(visit: Visit) -> None:
    visit.connect()
    visit.shows(IDLE)
    dark = visit.picture(0.55, 0.95)
    assert dark is not None
    assert max(dark) < 60

    visit.button("Camera: webcam").click()
    visit.until(
        lambda: max(visit.picture(0.55, 0.95) or [0]) > 120,
        "the camera in the picture",
        lambda: visit.picture(0.55, 0.95),
    )
    visit.says("It is being sent.", "#inputs")

    visit.button("Stop: webcam").click()
    visit.until(lambda: max(visit.picture(0.55, 0.95) or [255]) < 60, "it is dark again")


def test_where_there_is_no_camera_a_drawn_picture_is_published(
    browser: Browser, server: Running
) -> None:
    with visiting(browser, server.url) as visit:
        visit.page.evaluate(
            "() => { navigator.mediaDevices.getUserMedia = () =>"
            " Promise.reject(new DOMException('none is there', 'NotFoundError')); }"
        )
        visit.connect()
        visit.button("Camera: webcam").click()
        visit.says("No camera (none is there): a test picture is sent.", "#inputs")
        visit.until(lambda: max(visit.picture(0.55, 0.95) or [0]) > 90, "the drawn picture")
        assert visit.errors == []


def test_an_output_is_paused_and_resumed(visit: Visit) -> None:
    frames = (
        "() => document.querySelector('#outputs video').getVideoPlaybackQuality().totalVideoFrames"
    )
    visit.connect()
    visit.shows(IDLE)

    visit.button("Pause main_video").click()
    visit.page.wait_for_timeout(800)
    paused = visit.page.evaluate(frames)
    visit.page.wait_for_timeout(500)
    assert visit.page.evaluate(frames) == paused
    assert visit.button("Pause main_video").get_attribute("aria-pressed") == "true"

    visit.button("Pause main_video").click()
    visit.until(lambda: visit.page.evaluate(frames) > paused + 5, "frames come again")


def test_what_was_dropped_is_resumed_with_its_state(visit: Visit, server: Running) -> None:
    visit.connect()
    number = visit.field("set_brightness", "brightness").nth(1)
    number.fill("2")
    number.press("Enter")
    visit.shows(TWICE_AS_BRIGHT)
    session = visit.page.locator("#facts dd").first.inner_text()

    visit.button("Drop").click()
    visit.is_now("DISCONNECTED")
    visit.says("The session can be resumed for ", "#countdown")
    assert visit.page.locator("#controls:disabled").count() == 1
    assert visit.button("Connect").is_disabled()
    visit.until(lambda: state(server) == "orphaned", "the server keeps it")

    visit.button("Resume").click()
    visit.is_now("READY")
    visit.says("now 2", 'form[data-command="set_brightness"]')
    visit.shows(TWICE_AS_BRIGHT)
    assert visit.page.locator("#facts dd").first.inner_text() == session
    assert visit.page.locator("#countdown").inner_text() == ""


def test_a_connection_that_is_lost_can_be_resumed(visit: Visit) -> None:
    visit.connect()
    offers = [url for url in visit.requests if url.endswith("/sdp_params")]

    assert visit.probe("offer", offers[-1]) == 202  # another offer takes its place

    visit.says("The server closed the connection.", "#step")
    visit.says("The session can be resumed for ", "#countdown")
    visit.button("Resume").click()
    visit.is_now("READY")
    visit.shows(IDLE)


def test_disconnecting_ends_the_session(visit: Visit, server: Running) -> None:
    visit.connect()
    visit.button("Disconnect").click()

    visit.is_now("DISCONNECTED")
    visit.until(lambda: state(server) == "ready", "the session has ended")
    assert visit.button("Resume").is_disabled()
    visit.connect()
    visit.shows(IDLE)


def test_a_dropped_session_can_be_ended_instead_of_resumed(visit: Visit, server: Running) -> None:
    visit.connect()
    visit.button("Drop").click()
    visit.is_now("DISCONNECTED")
    visit.button("Disconnect").click()
    visit.until(lambda: state(server) == "ready", "the session has ended")
    assert visit.page.locator("#countdown").inner_text() == ""


def test_an_end_that_the_server_announces_is_told_with_its_reason(
    visit: Visit, server: Running
) -> None:
    visit.connect()
    httpx.post(f"{server.url}/stop_session", json={"reason": "lunch"})
    visit.says("The session has ended: lunch.", "#step")
    assert visit.status == "DISCONNECTED"
    assert visit.button("Resume").is_disabled()
    assert visit.button("Connect").is_enabled()


def test_a_second_local_session_is_refused_plainly_and_the_first_can_be_ended(
    browser: Browser, server: Running, visit: Visit
) -> None:
    visit.connect()
    with visiting(browser, server.url) as other:
        other.button("Connect").click()
        other.says("session_running \N{MIDDLE DOT} 409", "#problem")
        assert other.status == "DISCONNECTED"

        other.button("End that session").click()
        visit.says("The session has ended", "#step")
        other.connect()
        assert other.page.locator("#problem").inner_text() == ""


def test_a_session_that_is_not_resumed_in_time_is_given_up(browser: Browser) -> None:
    with (
        serving("--resume-window-s", "1", model=None) as server,
        visiting(browser, server.url) as visit,
    ):
        visit.connect()
        visit.button("Drop").click()
        visit.says("The time to resume the session is over.", "#step")
        assert visit.button("Resume").is_disabled()
        assert visit.button("Connect").is_enabled()


def test_a_key_is_exchanged_for_a_token_and_kept_nowhere(browser: Browser) -> None:
    with serving("--key", KEY, model=None) as server, visiting(browser, server.url) as visit:
        assert visit.page.get_by_label("I have an API key").is_checked()
        secret = visit.page.get_by_label("API key", exact=True)

        secret.fill("a wrong one")
        secret.press("Enter")
        visit.says("unauthorized", "#problem")
        assert visit.status == "DISCONNECTED"

        secret.fill(KEY)
        secret.press("Enter")
        visit.is_now("READY")
        visit.shows(IDLE)
        assert secret.input_value() == ""
        assert KEY not in visit.page.content()

        visit.button("Drop").click()
        visit.is_now("DISCONNECTED")
        visit.button("Resume").click()
        visit.is_now("READY")
        visit.shows(IDLE)
        visit.button("Disconnect").click()
        visit.is_now("DISCONNECTED")


def test_a_key_that_was_taken_for_a_token_is_sent_to_its_own_field(browser: Browser) -> None:
    hint = "If this is a key, choose \N{LEFT DOUBLE QUOTATION MARK}I have an API key"
    with serving("--key", KEY, model=None) as server, visiting(browser, server.url) as visit:
        visit.page.get_by_label("I have a token").check()
        secret = visit.page.get_by_label("Token", exact=True)
        secret.fill(KEY)
        secret.press("Enter")
        visit.says("unauthorized \N{MIDDLE DOT} 401", "#problem")
        assert hint in visit.page.locator("#problem").inner_text()

        visit.page.get_by_label("I have an API key").check()
        key = visit.page.get_by_label("API key", exact=True)
        key.fill(KEY)
        key.press("Enter")
        visit.is_now("READY")


def test_a_browser_that_hides_its_addresses_connects_too(
    playwright: Playwright, server: Running
) -> None:
    with (
        launched(playwright, hides_addresses=True) as browser,
        visiting(browser, server.url) as visit,
    ):
        visit.connect()
        visit.shows(IDLE)
        assert visit.errors == []
