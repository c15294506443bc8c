"""What our client does with a server, step by step: with ours, and with one nobody here wrote.

`python -m tests.reference_impl.live.interop` prints how long each step takes, `--write` writes
tests/INTEROP.md. A deployed client does the same with the stranger, as a control.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np

from risp.protocol.live.model import ModelSchema
from tests.peers.applications import Green, Meeting, journal
from tests.peers.install import VERSION, lacking
from tests.peers.places import PLACES, Place

FILE = Path(__file__).parents[2] / "INTEROP.md"
STEP_S = 30.0
"""How long one step may take, in seconds."""
ZERO_ID = "00000000-0000-0000-0000-000000000000"
"""The id of every session of the runtime."""
TRACKS = [("webcam", "video", "sendonly"), ("main_video", "video", "recvonly")]
WRONG: tuple[tuple[str, dict[str, object]], ...] = (
    ("set_brightness", {"brightness": 5.0}),
    ("set_brightness", {"brightness": "x"}),
    ("set_brightness", {"nope": 1}),
    ("set_action", {"action": "fly"}),
    ("set_seed", {"seed": 7.5}),
    ("set_prompt", {"prompt": "x" * 21}),
    ("unknown_command", {}),
    ("add", {"b": 2}),
)
"""Commands that are refused, each for a reason of its own."""


async def connects(meeting: Meeting) -> None:
    """connect, READY, and what is known then"""
    async with meeting.ready() as own:
        seen, client = own.seen, own.client
        assert [str(s.value) for s in seen["status_changed"]] == ["connecting", "waiting", "ready"]
        session = client.get_session_id()
        assert session
        assert (session == ZERO_ID) == (not meeting.place.is_ours)
        assert seen["session_id_changed"] == [session]
        tracks = client.get_capabilities()["tracks"]
        assert [(t["name"], t["kind"], t["direction"]) for t in tracks] == TRACKS
        assert len(seen["capabilities_received"]) == 1
        assert client.get_session_info()["session_id"] == session
        await own.until(lambda: seen["track_received"])
        assert [name for name, _ in seen["track_received"]] == ["main_video"]
        assert list(client.get_remote_tracks()) == ["main_video"]
        assert seen["error"] == []
        assert client.get_last_error() is None
    assert client.get_session_id() is None


async def is_answered(meeting: Meeting) -> None:
    """command with reply"""
    async with meeting.ready() as own:
        reply = await own.ask("set_prompt", {"prompt": "a dark forest"})
        assert reply == {"type": "prompt_set", "data": {"prompt": "a dark forest", "length": 13}}
        assert await own.prompt() == ("a dark forest", "A DARK FOREST")
        assert (await own.ask("add", {"a": 2, "b": 3}))["data"] == {"total": 5}


async def is_refused(meeting: Meeting) -> None:
    """refused command leaves the state as it was"""
    place, commands = meeting.place, [command for command, _ in WRONG]
    async with meeting.ready() as own:
        before = await own.ask("get_state")
        async with journal(place) as refused:
            for command, data in WRONG:
                await own.client.send_command(command, data)
            assert await own.ask("get_state") == before
            if refused is not None:
                await own.until(lambda: len(refused) == len(WRONG))
                assert [text.split("'")[1] for text in refused] == commands
        told = [m["data"] for m in own.seen["runtime_message"] if m["type"] == "commandRejected"]
        assert [one["command"] for one in told] == (commands if place.is_ours else [])
        errors = [str(error.message) for error in own.seen["error"]]
        assert len(errors) == (len(WRONG) if place.is_ours and meeting.is_ours else 0)
        for error, command in zip(errors, commands, strict=False):
            assert command in error


async def shows_frames(meeting: Meeting) -> None:
    """frames arrive with the right colours, shape and dtype"""
    async with meeting.ready() as own:
        await own.colour(lambda r, g, b: 80 < r < 120 and g < 30 and b < 30)
        assert own.newest.shape == (240, 320, 3)
        assert own.newest.dtype == np.uint8
        await own.client.send_command("set_brightness", {"brightness": 2.0})
        await own.colour(lambda r, g, b: 180 < r < 220 and g < 30 and b < 30)


async def uploads(meeting: Meeting) -> None:
    """upload bytes, a path and a file object, and use them"""
    data = b"\x89PNG...."
    async with meeting.ready() as own:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "path.png")
            await asyncio.to_thread(path.write_bytes, data)
            stream = io.BytesIO(data)
            files = [
                await own.client.upload_file(data, name="bytes.png"),
                await own.client.upload_file(path),
                await own.client.upload_file(stream, name="stream.png"),
            ]
        for file, stem in zip(files, ("bytes", "path", "stream"), strict=True):
            assert (file.name, file.size, file.mime_type) == (f"{stem}.png", 8, "image/png")
            reply = await own.ask("set_image", {"image": file, "caption": "cap"})
            assert reply == {
                "type": "got",
                "data": {"file_name": f"{stem}.png", "size": 8, "first": 0x89},
            }


async def publishes(meeting: Meeting) -> None:
    """publish and unpublish"""
    async with meeting.ready() as own:
        await own.colour(lambda r, g, b: 80 < r < 120 and g < 30)
        await own.client.publish_track("webcam", Green())
        await own.colour(lambda r, g, b: g > 150)
        await own.client.unpublish_track("webcam")
        if not meeting.place.is_flat:  # there, nobody can tell the server
            await own.colour(lambda r, g, b: 80 < r < 120 and g < 30)


async def pauses(meeting: Meeting) -> None:
    """pause and resume"""
    async with meeting.ready() as own:
        await own.until(lambda: own.frames > 3)
        await own.client.pause_track("main_video")
        await asyncio.sleep(0.5)
        count = own.frames
        await asyncio.sleep(0.5)
        assert own.frames == count
        await own.client.resume_track("main_video")
        await own.until(lambda: own.frames > count + 3)


async def reconnects(meeting: Meeting) -> None:
    """recoverable disconnect and reconnect with state kept"""
    async with meeting.ready() as own:
        await own.ask("set_prompt", {"prompt": "kept"})
        session = own.client.get_session_id()
        await own.client.disconnect(recoverable=True)
        assert own.status == "disconnected"
        await own.client.reconnect()
        await own.until(lambda: own.status == "ready")
        assert own.client.get_session_id() == session
        assert await own.prompt() == ("kept", "KEPT")
        count = own.frames
        await own.until(lambda: own.frames > count)
        assert own.seen["error"] == []


async def publishes_again(meeting: Meeting) -> None:
    """what was published is published again after a reconnect"""
    async with meeting.ready() as own:
        track = Green()
        await own.client.publish_track("webcam", track)
        await own.colour(lambda r, g, b: g > 150)
        await own.client.disconnect(recoverable=True)
        track.level = 100  # what is left of the connection before is no proof
        await own.client.reconnect()
        await own.colour(lambda r, g, b: 70 < g < 130)
        assert own.seen["error"] == []


async def disconnects(meeting: Meeting) -> None:
    """disconnect: the session is over on the server"""
    async with meeting.ready() as own:
        session = own.client.get_session_id()
        await own.client.disconnect()
        assert own.status == "disconnected"
        await meeting.place.is_over(session)


async def is_ended(meeting: Meeting) -> None:
    """the session is ended by the server's side, which says so"""
    async with meeting.ready() as own:
        await meeting.place.end(own.client.get_session_id())
        await own.until(lambda: own.status == "disconnected")
        assert [error.code for error in own.seen["error"]] == ["session_ended"]
        assert own.client.get_session_id() is None


async def has_schema(meeting: Meeting) -> None:
    """request_schema: the model's OpenAPI document"""
    place = meeting.place
    async with meeting.ready() as own:
        document = await own.client.request_schema()
        schema = ModelSchema.of_openapi(document)
        assert {"set_prompt", "get_state", "set_seed"} <= {c.name for c in schema.commands}
        if place.key is None:
            assert await place.schema() == document


async def follows(meeting: Meeting) -> None:
    """two clients in a row: the second has a session of its own"""
    async with meeting.ready() as first:
        await first.ask("set_prompt", {"prompt": "of the first"})
        session = first.client.get_session_id()
    async with meeting.ready() as second:
        assert (second.client.get_session_id() == session) == (session == ZERO_ID)
        assert await second.prompt() == ("a sunny meadow", "None")


Step = Callable[[Meeting], Awaitable[None]]
"""What two programs do together."""
STEPS: tuple[Step, ...] = (
    connects,
    is_answered,
    is_refused,
    shows_frames,
    uploads,
    publishes,
    pauses,
    reconnects,
    publishes_again,
    disconnects,
    is_ended,
    has_schema,
    follows,
)
MEETINGS = (
    ("deployed", "runtime"),
    ("ours", "runtime"),
    ("ours", "local"),
    ("ours", "hosted"),
    ("ours", "flat"),
)
"""Who meets whom; the deployed client meets our server in `deployed.py`."""


def lacks(client: str, place: str, step: Step) -> str:
    """Why a step cannot be taken; empty if it can."""
    if client == "deployed" and step in (publishes_again, is_ended, has_schema):
        return "not in it"
    if place == "flat" and step is pauses:
        return "no `control`"
    return ""


async def hold(client: str, place: Place, step: Step) -> None:
    """Take a step in bounded time; no session is left behind, even where it fails."""
    try:
        async with asyncio.timeout(STEP_S):
            await step(Meeting(client, place))
    except BaseException:
        await place.clear()
        raise


async def ready_in(client: str, place: Place) -> float:
    """Seconds from `connect()` to READY."""
    meeting = Meeting(client, place)
    if place.key is None:
        await place.freed()
    started = time.monotonic()
    async with meeting.ready():
        return time.monotonic() - started


def column(client: str, name: str) -> Iterator[tuple[str, str]]:
    """What each row of the table says of a meeting."""
    with PLACES[name]() as place:
        times = [asyncio.run(ready_in(client, place)) for _ in range(6)]
        yield "READY, the first connection of a server", f"{times[0]:.2f} s"
        yield "READY, median of five more", f"{median(times[1:]):.2f} s"
        for step in STEPS:
            row = (step.__doc__ or "").strip()
            if why := lacks(client, name, step):
                yield row, why
                continue
            if place.key is None:
                asyncio.run(place.freed())
            started = time.monotonic()
            asyncio.run(hold(client, place, step))
            yield row, f"{time.monotonic() - started:.2f} s"


HEADS = {
    ("deployed", "runtime"): "control, runtime",
    ("ours", "runtime"): "ours, runtime",
    ("ours", "local"): "ours, local",
    ("ours", "hosted"): "ours, hosted",
    ("ours", "flat"): "ours, flat",
}


def table() -> str:
    """Each step of each meeting, with its seconds."""
    rows: dict[str, list[str]] = {}
    for client, name in MEETINGS:
        for row, said in column(client, name):
            rows.setdefault(row, []).append(said)
    lines = [f"| step | {' | '.join(HEADS[one] for one in MEETINGS)} |"]
    lines.append(f"|---|{'---:|' * len(MEETINGS)}")
    lines += [f"| {row} | {' | '.join(said)} |" for row, said in rows.items()]
    return "\n".join(lines)


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout


def report() -> str:
    """The whole page."""
    commit = _git("rev-parse", "--short", "HEAD").strip()
    changed = _git("status", "--porcelain", "--", "protocol", "reference_impl")
    at = f"`{commit}`{', with changes' if changed else ''}"
    return f"""# Our client with a server that nobody here wrote

Written by `python -m tests.reference_impl.live.interop --write` at commit {at}.
Loopback, two cores, server and client together; each step connects anew.

Clients: ours is `LiveClient`; the control is reactor-sdk {version("reactor-sdk")}, unmodified.

Servers: *runtime* is reactor-runtime {VERSION}, unmodified, with
[a probe](peers/runtime_probe/model.py) of the same commands and colours as [ours](live_models.py);
*local* and *hosted* are `risp serve` without and with a key; *flat* is a server without the routes
by connection. The deployed client with our server: [LIVE.md](LIVE.md).

{table()}
"""


def main() -> None:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write tests/INTEROP.md")
    given = parser.parse_args()
    if why := lacking():
        sys.exit(why)
    if given.write:
        FILE.write_text(report(), encoding="utf-8")
    else:
        sys.stdout.write(table() + "\n")


if __name__ == "__main__":
    main()
