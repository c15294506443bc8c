"""Tracks: frames of the model to aiortc, and back."""

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

from risp.protocol.live.model import Track

CLOCK_HZ = 90_000
"""The clock of video in RTP (RFC 7741, 4.1)."""


def encoded(frame: np.ndarray[Any, Any], at: float) -> VideoFrame:
    """A frame for encoders: `(H, W, 3)` uint8 RGB at a time in seconds, as YUV 4:2:0."""
    made = VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p")
    made.pts = int(at * CLOCK_HZ)
    made.time_base = Fraction(1, CLOCK_HZ)
    return made


def decoded(frame: VideoFrame) -> np.ndarray[Any, Any]:
    """A frame for the model: `(H, W, 3)` uint8 RGB."""
    return frame.to_ndarray(format="rgb24")


class OutTrack(MediaStreamTrack):
    """What one connection is sent of an output: the newest frame, while it is not paused."""

    kind = "video"

    def __init__(self, track: Track, paused: bool) -> None:
        super().__init__()
        self.track = track
        self.paused = paused
        self._newest: VideoFrame | None = None
        self._there = asyncio.Event()

    def show(self, frame: VideoFrame) -> None:
        """Take a frame; one that has not been sent yet is passed over for it."""
        if not self.paused and self.readyState == "live":
            self._newest = frame
            self._there.set()

    def pause(self) -> None:
        """Send no more frames (L-MEDIA-3)."""
        self.paused, self._newest = True, None
        self._there.clear()

    def resume(self) -> None:
        """Send frames again (L-MEDIA-2)."""
        self.paused = False

    async def recv(self) -> VideoFrame:
        """The next frame, for aiortc. Raises MediaStreamError at the end."""
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


async def read_frames(track: Any, wanted: Callable[[], bool], show: Callable[[Any], None]) -> None:
    """Read a client's track to its end, and hand over the newest frame that is wanted.

    All are read at once, also while one is made ready: aiortc would pile them up.
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
                if wanted() and isinstance(frame, VideoFrame):
                    newest = frame
                    there.set()
    finally:
        handing.cancel()
        await asyncio.gather(handing, return_exceptions=True)
