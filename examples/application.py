"""An application: it steers a model, keeps its newest frame, and comes back after a drop.

risp serve --model examples.drawing_model:Drawing &
python examples/application.py
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from aiortc import VideoStreamTrack
from av import VideoFrame
from numpy.typing import NDArray

from risp.reference_impl import LiveClient, LiveError, Status

COMMANDS: dict[str, dict[str, Any]] = {
    "set_prompt": {"prompt": "GOOD MORNING"},
    "set_brightness": {"brightness": 9.0},  # too bright: it is refused, and nothing changes
    "set_change": {"change": "both"},
}
STRIPES = np.tile(np.array([[[220, 160, 40]] * 20 + [[0, 0, 0]] * 20], np.uint8), (120, 4, 1))


class Camera(VideoStreamTrack):
    async def recv(self) -> VideoFrame:
        frame = VideoFrame.from_ndarray(STRIPES, format="rgb24")
        frame.pts, frame.time_base = await self.next_timestamp()
        return frame


def ppm(picture: NDArray[np.uint8]) -> bytes:
    height, width, _ = picture.shape
    return b"P6\n%d %d\n255\n" % (width, height) + picture.tobytes()


def listen(client: LiveClient, seen: SimpleNamespace) -> None:
    @client.on_frame
    def on_frame(frame: NDArray[np.uint8]) -> None:  # (height, width, 3)
        seen.frames, seen.newest = seen.frames + 1, frame

    @client.on_message
    def on_message(message: dict[str, Any]) -> None:
        print("message:", message["type"], message.get("data"))

    @client.on_status([Status.CONNECTING, Status.WAITING, Status.DISCONNECTED])
    def on_other(status: Status) -> None:
        print("status:", status)

    @client.on_status(Status.READY)
    async def on_ready(status: Status) -> None:
        print("status:", status, "in session", client.get_session_id())
        await steer(client, is_back=seen.is_steered)
        seen.is_steered = True

    @client.on_error
    async def on_error(error: LiveError) -> None:
        print(f"error: [{error.component}:{error.code}] {error.message}")
        if error.component in ("model", "application") or client.get_status() is Status.READY:
            return  # a refused command, a failed handler: nothing is lost
        if not error.recoverable:
            seen.over.set()
            return
        await asyncio.sleep(1.0 if error.retry_after is None else error.retry_after)
        with suppress(LiveError):  # which comes here as the next error
            await client.reconnect()


async def steer(client: LiveClient, is_back: bool) -> None:
    schema = await client.request_schema()  # what the model does not offer is left out
    commands = {path.removeprefix("/events/") for path in schema["paths"]}
    if not is_back:  # after a drop, the session still has all of it
        for name in commands & COMMANDS.keys():
            await client.send_command(name, COMMANDS[name])
        if "set_picture" in commands:
            picture = await client.upload_file(ppm(STRIPES), name="stripes.ppm")
            await client.send_command("set_picture", {"picture": picture})
        for track in (client.get_capabilities() or {}).get("tracks", ()):
            if track["direction"] == "sendonly" and track["kind"] == "video":
                await client.publish_track(track["name"], Camera())
    if "get_state" in commands:
        await client.send_command("get_state")


async def run(client: LiveClient, over: asyncio.Event, seconds: float) -> bool:
    async with client:  # its end is the session's end, at Ctrl-C too
        with suppress(LiveError):  # `on_error` is told, and tries again
            await client.connect()
        ending = asyncio.create_task(over.wait())
        await asyncio.wait([ending], timeout=seconds / 2)
        if client.get_status() is Status.READY:  # a drop, made on purpose
            await client.disconnect(recoverable=True)
            with suppress(LiveError):
                await client.reconnect()
        await asyncio.wait([ending], timeout=seconds / 2)
        return client.get_status() is Status.READY


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", help="a server; without it, the one on this machine")
    parser.add_argument("--key", help="its key; or RISP_API_KEY says it")
    parser.add_argument("--model", default="drawing", help="the model's name there")
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    try:
        client = LiveClient(given.model, given.key, given.url, local=given.url is None)
    except ValueError as error:
        parser.error(str(error))
    seen = SimpleNamespace(frames=0, newest=None, is_steered=False, over=asyncio.Event())
    listen(client, seen)
    is_well = True
    with suppress(KeyboardInterrupt):
        is_well = asyncio.run(run(client, seen.over, given.seconds))
    print(seen.frames, "frames")
    if seen.newest is not None:
        Path("newest.ppm").write_bytes(ppm(seen.newest))
    return 0 if is_well else 1


if __name__ == "__main__":
    raise SystemExit(main())
