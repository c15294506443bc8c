"""The models that the README and the guide print are served, and do what is said of them."""

import asyncio
import inspect
import re

import pytest

from risp.reference_impl.live.journal import MAX_EVENTS, MAX_KEPT
from risp.reference_impl.live.service import LiveService
from risp.reference_impl.live.session import LiveSession
from risp.reference_impl.live.settings import LiveSettings
from risp.reference_impl.live.stage import FINISHED, MODEL_ERROR
from tests.live_client import client
from tests.live_server import serving
from tests.support import ROOT

PAGES = {"README.md": "brightness", "docs/guides/model.md": "file"}


def printed(page):
    text = (ROOT / page).read_text()
    blocks = re.findall(r"```python[^\n]*\n(.*?)```", text, re.DOTALL)
    (found,) = [one for one in blocks if "class Glow(LiveModel)" in one]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_printed_model_is_served(page, tmp_path):
    (tmp_path / "my_model.py").write_text(printed(page))

    async def scene(url):
        async with client(url) as own:
            link = own.link(await own.create("glow"))
            await link.open()
            await link.until(lambda: link.frames > 0 and 80 < link.pixel()[0] < 120)
            assert await link.ask("set_colour", {"colour": "blue"}) == []
            await link.until(lambda: 80 < link.pixel()[2] < 120)
            (refusal,) = await link.ask("set_brightness", {"brightness": 9})
            assert refusal["data"]["type"] == "commandRejected"
            if PAGES[page] != "file":
                return
            place = {"name": "a", "size": 3, "mime_type": "a/b"}
            file = (await own.http.post(f"/sessions/{link.session}/uploads", json=place)).json()
            await own.http.put(file["presigned_url"], content=b"abc")
            reference = {"upload_id": file["presigned_id"], **place}
            link.say("application", "set_file", {}, uploads={"file": reference})
            (reply,) = await link.fenced()
            assert reply["data"] == {"type": "got", "data": {"size": 3}}

    with serving(model="my_model:Glow", cwd=tmp_path) as server:
        asyncio.run(scene(server.url))


def rows(page, head):
    """The rows of the table with that head, as lists of cells."""
    _, found, after = (ROOT / page).read_text().partition(head + "\n")
    assert found, f"{page} has no table {head}"
    lines = after.partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_defaults_of_the_options_are_those_of_the_settings():
    table = rows("docs/guides/model.md", "| option | default | what it is |")
    told = {option.strip("`-"): default for option, default, _ in table}
    settings = LiveSettings()
    assert told == {
        "places": f"{settings.places}",
        "resume-window-s": f"{settings.resume_window_s:g}",
        "session-s": f"{settings.session_s:g}",
        "max-upload-bytes": f"{settings.max_upload_bytes >> 20} MiB",
        "key": "none",
        "ice-server": "none",
    }
    assert settings.keys == settings.ice_servers == ()


def test_every_reason_by_which_the_reference_ends_a_session_is_told():
    told = rows("docs/spec/live/sessions.md", "| `reason` | what has ended the session |")
    by_time = set(re.findall(r'return "(\w+)"', inspect.getsource(LiveSession.due)))
    by_end = inspect.signature(LiveService.shutdown).parameters["reason"].default
    assert {row[0].strip("`") for row in told} == {
        *by_time,
        *("client", FINISHED, MODEL_ERROR, by_end, "failed"),
    }


def test_as_many_events_are_kept_as_the_page_says():
    (row,) = [
        row
        for row in rows("docs/spec/live/local.md", "| asked with | begins with |")
        if row[0] == "`?since=0`"
    ]
    assert f"the newest {MAX_EVENTS} events, up to {MAX_KEPT >> 20} MiB" in row[1]
