"""Frames between NumPy and aiortc, for both sides of a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from typing import Any

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

CLOCK_HZ = 90_000
"""The clock of video in RTP (RFC 7741, 4.1)."""


def encoded(frame: np.ndarray[Any, Any], at: float) -> VideoFrame:
    """A frame for encoders: `(H, W, 3)` uint8 RGB at a time in seconds, as YUV 4:2:0."""
    made = VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p")
    made.pts = int(at * CLOCK_HZ)
    made.time_base = Fraction(1, CLOCK_HZ)
    return made


def decoded(frame: VideoFrame) -> np.ndarray[Any, Any]:
    """A frame as NumPy has it: `(H, W, 3)` uint8 RGB."""
    return frame.to_ndarray(format="rgb24")


class NewestFrame(MediaStreamTrack):
    """A track of the newest frame: one that was not fetched in time is passed over."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._newest: VideoFrame | None = None
        self._there = asyncio.Event()

    def show(self, frame: VideoFrame) -> None:
        """Take a frame."""
        if self.readyState == "live":
            self._newest = frame
            self._there.set()

    def forget(self) -> None:
        """Drop a frame that was not fetched yet."""
        self._newest = None
        self._there.clear()

    async def recv(self) -> VideoFrame:
        """The next frame. Raises MediaStreamError at the end."""
        while self.readyState == "live":
            await self._there.wait()
            self._there.clear()
            frame, self._newest = self._newest, None
            if frame is not None:
                return frame
        raise MediaStreamError

    def stop(self) -> None:
        """End the track."""
        super().stop()
        self._there.set()


async def read_frames(
    track: Any,
    wanted: Callable[[], bool],
    show: Callable[[Any], None],
    passed: Callable[[VideoFrame], None] = lambda _: None,
) -> None:
    """Read a peer's track to its end, and hand over the newest frame that is wanted, decoded.

    All are read at once, also while one is made ready: aiortc would pile them up. `passed` is
    given each one as it comes.
    """
    newest: VideoFrame | None = None
    there = asyncio.Event()

    async def hand_over() -> None:
        nonlocal newest
        while True:
            await there.wait()
            there.clear()
            frame, newest = newest, None
            if frame is not None:
                show(await asyncio.to_thread(decoded, frame))

    handing = asyncio.create_task(hand_over())
    try:
        with suppress(MediaStreamError):
            while True:
                frame: Any = await track.recv()
                if not isinstance(frame, VideoFrame):
                    continue
                passed(frame)
                if wanted():
                    newest = frame
                    there.set()
    finally:
        handing.cancel()
        await asyncio.gather(handing, return_exceptions=True)
