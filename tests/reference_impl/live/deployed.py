"""What a deployed client does, step by step: reactor-sdk 0.8.0, unmodified.

`python -m tests.reference_impl.live.deployed` prints how long each step takes.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import httpx
import numpy as np
import reactor_sdk
import reactor_sdk.reactor
from aiortc import VideoStreamTrack
from av import VideoFrame
from reactor_sdk import Reactor, ReactorStatus

from tests.live_server import KEY, Running, serving

MODES = {"local": (), "hosted": ("--key", KEY)}
"""Ways to a session, with what the server is started with."""


class Green(VideoStreamTrack):
    """A picture that is green all over."""

    async def recv(self) -> VideoFrame:
        pts, base = await self.next_timestamp()
        picture = np.zeros((120, 160, 3), np.uint8)
        picture[:, :, 1] = 200
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, Fraction(base)
        return frame


class Application:
    """Somebody's application on that client."""

    def __init__(self, mode: str, server: Running) -> None:
        self.server = server
        if mode == "local":
            reactor_sdk.reactor.LOCAL_API_URL = server.url
            self.reactor: Any = Reactor(model_name="probe", local=True)
        else:
            self.reactor = Reactor(model_name="probe", api_key=KEY, api_url=server.url)
        self.messages: list[Any] = []
        self.runtime: list[Any] = []
        self.statuses: list[Any] = []
        self.frames = 0
        self.newest: Any = None
        self.reactor.on("message", self.messages.append)
        self.reactor.on("runtime_message", self.runtime.append)
        self.reactor.on("status_changed", self.statuses.append)
        self.reactor.set_frame_callback(self._on_frame)

    def _on_frame(self, frame: Any) -> None:
        self.frames += 1
        self.newest = frame

    async def until(self, what: Callable[[], Any], within: float = 8.0) -> None:
        """Wait for something to be so."""
        async with asyncio.timeout(within):
            while not what():
                await asyncio.sleep(0.005)

    def is_ready(self) -> bool:
        return bool(self.reactor.get_status() == ReactorStatus.READY)

    async def ask(self, command: str, data: dict[str, Any] | None = None) -> Any:
        """Send a command that is replied to; returns the reply."""
        count = len(self.messages)
        await self.reactor.send_command(command, data or {})
        await self.until(lambda: len(self.messages) > count)
        return self.messages[count]

    async def colour(self, is_it: Callable[[int, int, int], bool]) -> None:
        """Wait until the middle of a frame has such a colour."""

        def look() -> bool:
            if self.newest is None:
                return False
            height, width, _ = self.newest.shape
            red, green, blue = (int(one) for one in self.newest[height // 2, width // 2])
            return is_it(red, green, blue)

        await self.until(look)


@asynccontextmanager
async def ready(mode: str, server: Running) -> AsyncIterator[Application]:
    """An application that is connected."""
    application = Application(mode, server)
    await application.reactor.connect()
    await application.until(application.is_ready)
    try:
        yield application
    finally:
        await application.reactor.disconnect()


async def connects(mode: str, server: Running) -> None:
    """connect, READY"""
    async with ready(mode, server) as application:
        assert [str(s.value) for s in application.statuses] == ["connecting", "waiting", "ready"]
        assert application.reactor.get_session_id()
        assert application.reactor.get_capabilities()["tracks"]


async def is_answered(mode: str, server: Running) -> None:
    """command with reply"""
    async with ready(mode, server) as application:
        reply = await application.ask("set_prompt", {"prompt": "a dark forest"})
        assert reply == {"type": "prompt_set", "data": {"prompt": "a dark forest", "length": 13}}
        state = await application.ask("get_state")
        assert state["data"]["prompt"] == "a dark forest"
        assert state["data"]["derived"] == "A DARK FOREST"


async def is_refused(mode: str, server: Running) -> None:
    """refused command leaves the state as it was"""
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("set_brightness", {"brightness": 5.0}),
        ("set_brightness", {"brightness": "x"}),
        ("set_brightness", {"nope": 1}),
        ("set_action", {"action": "fly"}),
        ("set_seed", {"seed": 7.5}),
        ("set_prompt", {"prompt": "x" * 21}),
        ("unknown_command", {}),
        ("add", {"b": 2}),
        ("crash", {}),
    ]
    async with ready(mode, server) as application:
        before = await application.ask("get_state")
        for command, data in wrong:
            await application.reactor.send_command(command, data)
        assert await application.ask("get_state") == before
        told = [m["data"] for m in application.runtime if m["type"] == "commandRejected"]
        assert [one["command"] for one in told] == [command for command, _ in wrong]


async def shows_frames(mode: str, server: Running) -> None:
    """frames arrive with the right colours"""
    async with ready(mode, server) as application:
        await application.colour(lambda r, g, b: 80 < r < 120 and g < 30 and b < 30)
        assert application.newest.shape == (240, 320, 3)
        assert application.newest.dtype == np.uint8
        await application.reactor.send_command("set_brightness", {"brightness": 2.0})
        await application.colour(lambda r, g, b: 180 < r < 220 and g < 30 and b < 30)


async def uploads(mode: str, server: Running) -> None:
    """upload and use"""
    async with ready(mode, server) as application:
        file = await application.reactor.upload_file(b"\x89PNG....", name="photo.png")
        reply = await application.ask("set_image", {"image": file, "caption": "cap"})
        assert reply["data"] == {"file_name": "photo.png", "size": 8, "first": 0x89}


async def publishes(mode: str, server: Running) -> None:
    """publish and unpublish"""
    async with ready(mode, server) as application:
        await application.colour(lambda r, g, b: g < 30)
        await application.reactor.publish_track("webcam", Green())
        await application.colour(lambda r, g, b: g > 150)
        await application.reactor.unpublish_track("webcam")
        await application.colour(lambda r, g, b: g < 30)


async def pauses(mode: str, server: Running) -> None:
    """pause and resume"""
    async with ready(mode, server) as application:
        await application.until(lambda: application.frames > 3)
        await application.reactor.pause_track("main_video")
        await asyncio.sleep(0.5)
        count = application.frames
        await asyncio.sleep(0.5)
        assert application.frames == count
        await application.reactor.resume_track("main_video")
        await application.until(lambda: application.frames > count + 3)


async def reconnects(mode: str, server: Running) -> None:
    """recoverable disconnect and reconnect with state kept"""
    async with ready(mode, server) as application:
        await application.ask("set_prompt", {"prompt": "kept"})
        session = application.reactor.get_session_id()
        await application.reactor.disconnect(recoverable=True)
        assert application.reactor.get_status() == ReactorStatus.DISCONNECTED
        await application.reactor.reconnect()
        await application.until(application.is_ready)
        assert application.reactor.get_session_id() == session
        state = await application.ask("get_state")
        assert (state["data"]["prompt"], state["data"]["derived"]) == ("kept", "KEPT")
        count = application.frames
        await application.until(lambda: application.frames > count)


async def disconnects(mode: str, server: Running) -> None:
    """disconnect"""
    application = Application(mode, server)
    await application.reactor.connect()
    await application.until(application.is_ready)
    session = application.reactor.get_session_id()
    await application.reactor.disconnect()
    assert application.reactor.get_status() == ReactorStatus.DISCONNECTED
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        if mode == "local":
            assert (await http.get("/session")).json()["state"] == "ready"
        else:
            token = await http.post("/tokens", headers={"Reactor-API-Key": KEY})
            bearer = {"Authorization": f"Bearer {token.json()['jwt']}"}
            seen = await http.get(f"/sessions/{session}", headers=bearer)
            assert seen.json()["state"] == "CLOSED"


STEPS: tuple[Callable[[str, Running], Awaitable[None]], ...] = (
    connects,
    is_answered,
    is_refused,
    shows_frames,
    uploads,
    publishes,
    pauses,
    reconnects,
    disconnects,
)


async def ready_in(mode: str, server: Running) -> float:
    """Seconds from `connect()` to READY."""
    started = time.monotonic()
    async with ready(mode, server):
        return time.monotonic() - started


def table() -> str:
    """Each step in both modes, with its seconds; READY is the median of five."""
    lines = ["| step | local | hosted |", "|---|---:|---:|"]
    rows: dict[str, list[str]] = {}
    for mode, options in MODES.items():
        with serving(*options) as server:
            first = asyncio.run(ready_in(mode, server))
            times = sorted(asyncio.run(ready_in(mode, server)) for _ in range(5))
            rows.setdefault("READY, the first connection of a server", []).append(f"{first:.2f} s")
            rows.setdefault("READY, median of five more", []).append(f"{times[2]:.2f} s")
            for step in STEPS:
                started = time.monotonic()
                asyncio.run(step(mode, server))
                name = (step.__doc__ or "").strip()
                rows.setdefault(name, []).append(f"{time.monotonic() - started:.2f} s")
    lines += [f"| {name} | {' | '.join(times)} |" for name, times in rows.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
