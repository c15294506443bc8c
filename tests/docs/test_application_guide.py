"""What the guide to applications prints is run, and what it tells is what the code says."""

import ast
import asyncio
import importlib
import inspect
import os
import re
import subprocess
import sys
from typing import Any

import httpx
import pytest

from risp.reference_impl import LiveClient, LiveError, Status
from risp.reference_impl.live.client import CLIENT_CODES, Timeouts, where
from risp.reference_impl.live.client.handlers import EVENTS
from tests.docs.pages import FENCE
from tests.live_server import serving
from tests.support import ROOT

GUIDE = (ROOT / "docs/guides/application.md").read_text(encoding="utf-8")
BLOCKS = [(one["info"], one["body"]) for one in FENCE.finditer(GUIDE)]
PIECES = [body for info, body in BLOCKS if info == "python"]
WITHIN = 8.0


def printed(page: str, language: str, holding: str) -> str:
    text = (ROOT / page).read_text(encoding="utf-8")
    (found,) = [
        one["body"]
        for one in FENCE.finditer(text)
        if one["info"].split(" ")[0] == language and holding in one["body"]
    ]
    return found


@pytest.fixture
def glow(tmp_path):
    """The model that the other guide prints, served."""
    (tmp_path / "my_model.py").write_text(printed("docs/guides/model.md", "python", "class Glow("))
    with serving(model="my_model:Glow", cwd=tmp_path) as server:
        yield server


def program(folder, source: str, url: str) -> str:
    """Run a program; returns what it prints."""
    (folder / "program.py").write_text(source)
    done = subprocess.run(
        [sys.executable, "-W", "error", "program.py"],
        cwd=folder,
        env={**os.environ, where.LOCAL_URL: url},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_first_program_shows_blue_frames(glow, tmp_path):
    said = program(tmp_path, printed("docs/guides/application.md", "python", "def show("), glow.url)
    shown = re.findall(r"^\(240, 320, 3\) \[ *(\d+) +(\d+) +(\d+)\]$", said, re.MULTILINE)
    assert len(shown) > 10
    red, green, blue = map(int, shown[-1])
    assert (red < 10, green < 10, 80 < blue < 120) == (True, True, True)


def test_the_readme_s_application_steers_the_readme_s_model(tmp_path):
    (tmp_path / "my_model.py").write_text(printed("README.md", "python", "class Glow("))
    with serving(model="my_model:Glow", cwd=tmp_path) as server:
        said = program(tmp_path, printed("README.md", "python", "LiveClient("), server.url)
    assert said.count("(240, 320, 3)") > 10


class Reader:
    """Somebody who puts the pieces of the guide into a program, one after the other."""

    def __init__(self, client: LiveClient) -> None:
        self.client = client
        self.names: dict[str, Any] = {"client": client}
        self.messages: list[Any] = []
        client.on("message", self.messages.append)

    async def puts(self, holding: str) -> None:
        """Run the piece that holds a text."""
        (piece,) = [one for one in PIECES if holding in one]
        code = compile(piece, "guide", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        awaited = eval(code, self.names)
        if awaited is not None:
            await awaited

    async def until(self, what) -> None:
        async with asyncio.timeout(WITHIN):
            while not what():
                await asyncio.sleep(0.01)


async def imports(reader: Reader) -> None:
    await reader.puts("from contextlib import suppress")


async def where_it_is(reader: Reader) -> None:
    await reader.puts("there = LiveClient")
    assert reader.names["there"].get_status() is Status.DISCONNECTED


async def commands(reader: Reader) -> None:
    seen: list[Any] = []
    reader.client.set_frame_callback(seen.append)
    await reader.puts("offered = [")
    assert sorted(reader.names["offered"]) == ["set_brightness", "set_colour", "set_file"]
    assert reader.names["schema"]["openapi"] == "3.1.0"
    await reader.until(lambda: seen and 80 < seen[-1][120, 160, 1] < 120)
    reader.client.set_frame_callback(None)


async def events(reader: Reader) -> None:
    await reader.puts("def hear(message)")
    seen: list[Any] = []
    reader.client.set_frame_callback(seen.append)
    await reader.client.disconnect(recoverable=True)
    await reader.client.reconnect()
    await reader.until(lambda: seen and 40 < seen[-1][120, 160, 1] < 60)
    reader.client.set_frame_callback(None)


async def frames(reader: Reader) -> None:
    await reader.puts("async def look(frame)")
    await reader.until(lambda: os.path.exists("newest.npy"))


async def coming_back(reader: Reader) -> None:
    await reader.puts("async def recover(error)")
    lost = LiveError("connection_lost", retry_after=0.01)
    await reader.client.disconnect(recoverable=True)
    await reader.names["recover"](lost)
    assert reader.client.get_status() is Status.READY
    await reader.names["recover"](lost)  # which fails: it is connected, and nothing is raised


async def going_on_purpose(reader: Reader) -> None:
    session = reader.client.get_session_id()
    await reader.puts("await client.disconnect(recoverable=True)\nawait client.reconnect()")
    assert reader.client.get_status() is Status.READY
    assert reader.client.get_session_id() == session


async def beginning_anew(reader: Reader) -> None:
    client, seen = reader.client, list[Any]()
    session = client.get_session_id()
    await reader.puts("async def renew(error)")
    client.set_frame_callback(seen.append)
    await asyncio.to_thread(httpx.post, f"{os.environ[where.LOCAL_URL]}/stop_session")
    await reader.until(lambda: client.get_session_id() not in (session, None))
    await reader.until(lambda: client.get_status() is Status.READY)
    seen.clear()
    await reader.until(lambda: seen and 40 < seen[-1][120, 160, 1] < 60)  # as `begin` dims it
    client.set_frame_callback(None)


async def files(reader: Reader) -> None:
    await reader.puts("upload_file(")
    await reader.until(lambda: {"type": "got", "data": {"size": 3}} in reader.messages)


async def tracks(reader: Reader) -> None:
    await reader.puts("class Camera(")
    assert reader.client.get_last_error() is None


async def waits(reader: Reader) -> None:
    await reader.puts("patient = ")


async def other_names(reader: Reader) -> None:
    await reader.puts("import Reactor")
    assert reader.names["Reactor"] is LiveClient


STEPS = [
    imports,
    where_it_is,
    commands,
    events,
    frames,
    tracks,
    coming_back,
    going_on_purpose,
    beginning_anew,
    files,
    waits,
    other_names,
]


def test_the_pieces_of_the_guide_do_what_it_says(glow, tmp_path, monkeypatch):
    monkeypatch.setenv(where.LOCAL_URL, glow.url)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.png").write_bytes(b"abc")

    async def scene() -> None:
        async with LiveClient("glow", local=True) as client:
            await client.connect()
            reader = Reader(client)
            for step in STEPS:
                await step(reader)

    asyncio.run(scene())


def test_every_piece_is_put_into_the_program():
    texts = [inspect.getsource(step) for step in STEPS]
    pattern = re.compile(r'reader\.puts\("(.*?)"\)')
    held = [ast.literal_eval(f'"{one}"') for text in texts for one in pattern.findall(text)]
    assert len(PIECES) == len(held)
    assert all(sum(text in piece for text in held) == 1 for piece in PIECES)


def test_the_complete_example_is_taken_from_its_file():
    (body,) = [body for info, body in BLOCKS if "examples/application.py" in info]
    assert body.strip() == "{{example application.py}}"


def rows(head: str) -> list[list[str]]:
    """The cells of the table with that head."""
    _, found, after = GUIDE.partition(f"| {head} |")
    assert found, head
    lines = after.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names(head: str) -> list[str]:
    return [row[0].strip("`") for row in rows(head)]


def test_the_tables_name_all_there_is():
    assert sorted(names("event")) == sorted(EVENTS)
    assert names("status") == [one.name for one in Status]
    assert names("in the environment") == [where.URL, where.API_KEY, where.LOCAL_URL]
    assert names("attribute") == [*vars(LiveError("unreachable"))]


def test_the_defaults_that_the_prose_tells_are_so():
    assert f"`{where.LOCAL_DEFAULT}`" in GUIDE
    signature = inspect.signature(LiveClient)
    shown = ", ".join(
        one.name + ("" if one.default is one.empty else f"={one.default!r}")
        for one in signature.parameters.values()
    )
    assert f"`LiveClient({shown})`" in GUIDE


def test_the_names_of_a_deployed_client_are_there_but_for_those_that_the_guide_lists(need):
    need("reactor_sdk", "has the names that applications use")
    sdk = importlib.import_module("reactor_sdk")
    public = {
        name
        for kind in sdk.Reactor.__mro__
        for name in vars(kind)
        if not name.startswith("_") and kind is not object
    }
    missing = {name for name in public if not hasattr(LiveClient, name)}
    clips = {"request_clip", "request_recording", "download_clip_as_file", "recording"}
    assert missing == {"on_track", "on_internal_message", *clips}
    for name in missing - clips:
        assert f"`{name}`" in GUIDE


@pytest.fixture
def tables(need) -> Any:
    need("mkdocs", "builds the pages")
    from docs import tables

    return tables


def test_the_tables_of_the_client_come_from_the_code(tables):
    text = tables.expand(GUIDE, "guides/application.md")
    assert "{{client" not in text
    assert "{{example" not in text
    for code in CLIENT_CODES:
        assert f"| `{code}` |" in text
    assert f"| `place_s` | {Timeouts().place_s:g} | For a place" in text
    assert "`await disconnect(recoverable=False)`\n:   Hang up.\n" in text
    assert "| `model` | At the model:" in text
    assert "`no_capacity` (503)" in text
    assert "class Camera(VideoStreamTrack)" in text
    for name, _ in inspect.getmembers(LiveClient, inspect.isfunction):
        assert name.startswith("_") or f"{name}(" in text


@pytest.mark.parametrize("text", ["{{client weather}}", "{{example no_such.py}}"])
def test_a_table_that_is_not_there_ends_the_build(tables, text):
    from mkdocs.exceptions import PluginError

    with pytest.raises(PluginError, match=r"guides/x\.md: nothing is called"):
        tables.expand(text, "guides/x.md")


def test_the_page_of_the_client_names_lines_that_the_example_has():
    page = (ROOT / "docs/spec/live/client.md").read_text(encoding="utf-8")
    lines = re.findall(r"^`(.+?)`\n:   ", page, re.MULTILINE)
    example = (ROOT / "examples/application.py").read_text(encoding="utf-8")
    assert len(lines) == 10
    for line in lines:
        assert line in example
