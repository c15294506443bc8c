"""Applications on a client of the live profile: ours, and one that is deployed."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import httpx
import numpy as np
from aiortc import VideoStreamTrack
from av import VideoFrame

from .places import Place

EVENTS = (
    "message",
    "runtime_message",
    "status_changed",
    "session_id_changed",
    "capabilities_received",
    "error",
)
"""Those that come with one argument."""


class Green(VideoStreamTrack):
    """A picture that is green all over."""

    level = 200
    """How green."""

    async def recv(self) -> VideoFrame:
        pts, base = await self.next_timestamp()
        picture = np.zeros((120, 160, 3), np.uint8)
        picture[:, :, 1] = self.level
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, base
        return frame


def ours(place: Place) -> Any:
    """Our client."""
    from risp.reference_impl.live.client.client import LiveClient

    if place.key is not None:
        return LiveClient("probe", api_key=place.key, api_url=place.url)
    with patch.dict(os.environ, {"RISP_LOCAL_URL": place.url}):
        return LiveClient("probe", local=True)


def deployed(place: Place) -> Any:
    """reactor-sdk 0.8.0, unmodified."""
    import reactor_sdk.reactor

    if place.key is not None:
        return reactor_sdk.Reactor("probe", api_key=place.key, api_url=place.url)
    with patch.object(reactor_sdk.reactor, "LOCAL_API_URL", place.url):
        return reactor_sdk.Reactor("probe", local=True)


class Application:
    """Somebody's application on a client."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.seen: dict[str, list[Any]] = {}
        """What came with each event, in order."""
        self.frames = 0
        self.newest: Any = None
        for event in EVENTS:
            client.on(event, self.seen.setdefault(event, []).append)
        self.seen["track_received"] = []
        client.on("track_received", self._on_track)
        client.set_frame_callback(self._on_frame)

    def _on_track(self, name: str, track: Any) -> None:
        self.seen["track_received"].append((name, track))

    def _on_frame(self, frame: Any) -> None:
        self.frames += 1
        self.newest = frame

    @property
    def status(self) -> str:
        return str(self.client.get_status().value)

    async def until(self, what: Callable[[], Any], within: float = 8.0) -> None:
        """Wait for something to be so."""
        async with asyncio.timeout(within):
            while not what():
                await asyncio.sleep(0.005)

    async def connect(self) -> None:
        await self.client.connect()
        await self.until(lambda: self.status == "ready")

    async def ask(self, command: str, data: dict[str, Any] | None = None) -> Any:
        """Send a command that is replied to; returns the reply."""
        messages = self.seen["message"]
        count = len(messages)
        await self.client.send_command(command, data or {})
        await self.until(lambda: len(messages) > count)
        return messages[count]

    async def prompt(self) -> tuple[str, str]:
        """What the session remembers: a public value and a private one."""
        state = (await self.ask("get_state"))["data"]
        return state["prompt"], state["derived"]

    async def colour(self, is_it: Callable[[int, int, int], bool]) -> None:
        """Wait until the middle of a frame has such a colour."""

        def look() -> bool:
            if self.newest is None:
                return False
            height, width, _ = self.newest.shape
            red, green, blue = (int(one) for one in self.newest[height // 2, width // 2])
            return is_it(red, green, blue)

        await self.until(look)


CLIENTS: dict[str, Callable[[Place], Any]] = {"ours": ours, "deployed": deployed}


@dataclass(frozen=True)
class Meeting:
    """A kind of client and a server."""

    client: str
    """Its name in CLIENTS."""
    place: Place

    @property
    def is_ours(self) -> bool:
        """Whether the client is."""
        return self.client == "ours"

    @asynccontextmanager
    async def ready(self) -> AsyncGenerator[Application]:
        """An application that is connected."""
        if not self.is_ours and self.place.key is None:
            await self.place.freed()  # the deployed client does not wait for a session to end
        application = Application(CLIENTS[self.client](self.place))
        try:
            await application.connect()
            yield application
        finally:
            await application.client.disconnect()


@asynccontextmanager
async def journal(place: Place) -> AsyncGenerator[list[str] | None]:
    """What `GET /events` tells of refused commands from now on; None where that is hidden."""
    if place.key is not None:
        yield None
        return
    refused: list[str] = []
    came = asyncio.Event()

    async def read(http: httpx.AsyncClient) -> None:
        async with http.stream("GET", "/events", timeout=None) as answer:
            came.set()
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    entry: dict[str, Any] = json.loads(line.removeprefix("data:"))
                    if entry["event"] == "error":
                        refused.append(str(entry["detail"]["message"]))

    async with httpx.AsyncClient(base_url=place.url, trust_env=False) as http:
        reading = asyncio.create_task(read(http))
        try:
            await came.wait()
            yield refused
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
