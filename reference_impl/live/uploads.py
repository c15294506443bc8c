"""The files of one session: reserved, received, waited for, gone with it.

A file lies under a name that was drawn for it: what a client calls it is never part of a path.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from io import BufferedWriter
from pathlib import Path

from risp.protocol.live.bodies import UploadPlace, UploadRequest
from risp.protocol.live.limits import SESSION_ID_BITS

from .modelling.files import UploadedFile
from .refusal import Refusal
from .settings import LiveSettings

logger = logging.getLogger("risp.live")

WRITE_BYTES = 1 << 18
"""So many bytes are gathered before they are written, in a thread."""
_ODD = re.compile(r"[^\w.-]|^\.+", re.ASCII)


class Stage(StrEnum):
    """How far a file has come."""

    RESERVED = "reserved"
    RECEIVING = "receiving"
    THERE = "there"


@dataclass(eq=False)
class Place:
    """Where one file goes."""

    uploads: Uploads = field(repr=False)
    """Those of its session."""
    upload_id: str
    """What commands call it by."""
    name: str
    """What the client calls it."""
    mime_type: str
    """What the client says that it is."""
    size: int
    """Its size in bytes, as it was announced."""
    secret: str = field(repr=False)
    """The part of its URL that nobody can guess."""
    ends: float
    """When nothing is taken there any more."""
    stage: Stage = Stage.RESERVED
    file: UploadedFile | None = None
    """The file, once all of it is there."""
    settled: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set when it is there, or never will be."""

    def check_free(self) -> None:
        """Raise Refusal where the file is there, or on its way (L-UP-3)."""
        if self.stage is not Stage.RESERVED:
            raise Refusal("already_uploaded", "the file has been sent before, or is being sent")

    async def receive(self, chunks: AsyncIterator[bytes]) -> None:
        """Take the bytes (L-UP-3, L-UP-4). Raises Refusal."""
        await self.uploads.receive(self, chunks)


class Uploads:
    """The files of one session. All but `close` is used on the event loop."""

    def __init__(self, settings: LiveSettings, session_id: str, now: Callable[[], float]) -> None:
        self._settings = settings
        self._session_id = session_id
        self._now = now
        self._places: dict[str, Place] = {}
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def reserve(self, request: UploadRequest, base_url: str) -> UploadPlace:
        """Reserve a place under `base_url`, as in `http://host:port`. Raises Refusal (L-UP-1)."""
        self._check_room(request)
        upload_id = request.upload_id or secrets.token_hex(SESSION_ID_BITS // 8 + 1)
        place = Place(
            uploads=self,
            upload_id=upload_id,
            name=request.name,
            mime_type=request.mime_type,
            size=request.size,
            secret=secrets.token_urlsafe(SESSION_ID_BITS // 6 + 4),
            ends=self._now() + self._settings.upload_url_s,
        )
        self._places[upload_id] = place
        kept = f"sessions/{self._session_id}/uploads/{harmless(upload_id)}/{harmless(request.name)}"
        return UploadPlace(
            presigned_id=upload_id,
            presigned_url=f"{base_url}/uploads/{place.secret}",
            path=kept,
        )

    def _check_room(self, request: UploadRequest) -> None:
        if self._is_closed:
            raise Refusal("session_closed", "the session has ended")
        self._forget_late()
        settings = self._settings
        largest = min(settings.max_upload_bytes, settings.max_session_upload_bytes)
        if request.size > largest:
            raise Refusal("too_large", f"files of at most {largest} bytes are taken", param="/size")
        if request.upload_id in self._places:
            raise Refusal(
                "upload_reserved", "the session has this `upload_id` already", param="/upload_id"
            )
        taken = sum(place.size for place in self._places.values())
        is_full = taken + request.size > settings.max_session_upload_bytes
        if is_full or len(self._places) >= settings.max_uploads:
            detail = "the session has as many uploads as it may have"
            raise Refusal("too_many_uploads", detail, retry_after_s=settings.retry_after_s)

    def _forget_late(self) -> None:
        """Forget places whose time is over and that no file has come to."""
        for place in list(self._places.values()):
            if place.stage is Stage.RESERVED and self._now() > place.ends:
                del self._places[place.upload_id]
                place.settled.set()

    def find(self, secret: str) -> Place | None:
        """The place with that secret, as long as it is one (L-UP-6..8)."""
        sent = secret.encode("utf-8", "replace")
        for place in self._places.values():
            if secrets.compare_digest(place.secret.encode(), sent):
                return place if self._is_open(place) else None
        return None

    def _is_open(self, place: Place) -> bool:
        return not self._is_closed and self._now() <= place.ends

    async def receive(self, place: Place, chunks: AsyncIterator[bytes]) -> None:
        """Take the bytes of a file, once; a wrong number of them may be mended.

        Raises Refusal: `already_uploaded`, also while another receives; `wrong_length`;
        `unknown_upload` where the session or the place has ended meanwhile.
        """
        place.check_free()
        self._loop = asyncio.get_running_loop()
        place.stage = Stage.RECEIVING
        try:
            file = await asyncio.to_thread(self._new_file)
            path = Path(file.name)
            try:
                with file:
                    await self._write(place, file, chunks)
                self._check_open(place)
            except BaseException:
                path.unlink(missing_ok=True)  # noqa: ASYNC240  # it may be cancelled; this is quick
                raise
            self._settle(place, path)
        finally:
            if place.file is None:
                place.stage = Stage.RESERVED

    async def _write(
        self, place: Place, file: BufferedWriter, chunks: AsyncIterator[bytes]
    ) -> None:
        came, gathered = 0, bytearray()
        async for chunk in chunks:
            came += len(chunk)
            if came > place.size:
                raise _wrong(place, f"more than {place.size}")
            gathered += chunk
            if len(gathered) >= WRITE_BYTES:
                await asyncio.to_thread(file.write, bytes(gathered))
                gathered.clear()
            self._check_open(place)
        if came != place.size:
            raise _wrong(place, str(came))
        await asyncio.to_thread(file.write, bytes(gathered))

    def _settle(self, place: Place, path: Path) -> None:
        place.file = UploadedFile(place.upload_id, place.name, place.mime_type, place.size, path)
        place.stage = Stage.THERE
        place.settled.set()

    def _check_open(self, place: Place) -> None:
        if not self._is_open(place):
            raise Refusal("unknown_upload", "the place for the file is gone")

    def _new_file(self) -> BufferedWriter:
        """A new file, in a folder that only this user may look into."""
        with self._lock:  # else the folder might be deleted before the file is in it
            if self._is_closed:
                raise Refusal("unknown_upload", "the session has ended")
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="risp-"))
            return (self._folder / secrets.token_hex(16)).open("xb")

    def get(self, upload_id: str) -> UploadedFile | None:
        """A file that is there."""
        place = self._places.get(upload_id)
        return place.file if place is not None and not self._is_closed else None

    async def wait(self, upload_id: str, timeout_s: float) -> UploadedFile | None:
        """A file, once it is there (L-UP-11); None if it is not in time, or not reserved."""
        place = self._places.get(upload_id)
        if place is None or self._is_closed:
            return None
        self._loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await place.settled.wait()
        return self.get(upload_id)

    def close(self) -> None:
        """Delete every file, and refuse what comes; may be called in any thread, and again."""
        with self._lock:
            self._is_closed = True
            folder, self._folder = self._folder, None
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and who waited with it
                self._loop.call_soon_threadsafe(self._give_up)
        if folder is not None:
            shutil.rmtree(folder, onerror=_complain)

    def _give_up(self) -> None:
        for place in self._places.values():
            place.settled.set()
        self._places.clear()


def harmless(name: str) -> str:
    """A name as one part of a path: letters, digits, `_`, `-` and `.`, and no dot at its head."""
    return _ODD.sub("_", name)[:100] or "_"


def _wrong(place: Place, came: str) -> Refusal:
    return Refusal("wrong_length", f"{place.size} bytes were announced, and {came} came")


def _complain(function: object, path: str, error: object) -> None:
    """A file that cannot be deleted is no reason to keep the others."""
    logger.warning("a file of a session that has ended could not be deleted")
