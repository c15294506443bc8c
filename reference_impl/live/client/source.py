"""What an input of the model is sent: the application's tracks, one after the other."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.frame import Frame
from av.packet import Packet

logger = logging.getLogger("risp.live.client")


class Source(MediaStreamTrack):
    """One input's frames, whichever track they come from at the time.

    aiortc sends nothing more after a track that ends or raises, so that none may end here; and the
    connection's end does not stop the application's track.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._track: Any = None
        self._changed = asyncio.Event()

    def show(self, track: MediaStreamTrack | None) -> None:
        """Send a track from now on; None: nothing."""
        self._track = track
        self._changed.set()

    async def recv(self) -> Any:
        """The next frame; without a track, it is waited for."""
        while True:
            if self._track is None:
                await self._changed.wait()
            self._changed.clear()
            frame = await self._next()
            if frame is not None:
                return frame

    async def _next(self) -> Any:
        """A frame of the track; None where there is no more, or another track by now."""
        track = self._track
        if track is None:
            return None
        coming = asyncio.ensure_future(track.recv())
        changing = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait((coming, changing), return_when=asyncio.FIRST_COMPLETED)
            if self._track is track and coming.done():
                return self._checked(coming.result())
        except Exception as error:  # noqa: BLE001  # whatever the application's track raises
            level = logging.INFO if isinstance(error, MediaStreamError) else logging.ERROR
            logger.log(level, "a published track has ended: %r", error)
            if self._track is track:
                self._track = None
        finally:
            for one in (coming, changing):
                one.cancel()
            await asyncio.gather(coming, changing, return_exceptions=True)
        return None

    def _checked(self, frame: Any) -> Any:
        if not isinstance(frame, Frame | Packet):
            raise TypeError(f"a frame is due, and not a {type(frame).__name__}")
        return cast(Any, frame)
