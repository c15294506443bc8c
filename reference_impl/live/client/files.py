"""What `upload_file` takes: a path, bytes, or a file that was opened to be read as bytes."""

from __future__ import annotations

import asyncio
import mimetypes
import os
from typing import Any, BinaryIO

from risp.protocol.live.limits import MAX_NAME

Given = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
"""What can be uploaded."""

NAMELESS = "upload"
"""The name of bytes that were given none."""
UNKNOWN = "application/octet-stream"
"""What a file is whose name does not say it."""


async def read(given: Given, name: str | None, mime_type: str | None) -> tuple[bytes, str, str]:
    """Read a file whole; returns its bytes, its name and its MIME type.

    Raises OSError for a path that cannot be read, TypeError and ValueError for what is no file, or
    an empty one.
    """
    data, found = await _bytes(given)
    if not data:
        raise ValueError(f"{name or found}: an empty file cannot be uploaded")
    name = name if name is not None else found
    if not 0 < len(name) <= MAX_NAME:
        raise ValueError(f"the name of a file has 1 to {MAX_NAME} characters, not {len(name)}")
    mime_type = mime_type or mimetypes.guess_type(name)[0] or UNKNOWN
    if not (mime_type.isascii() and mime_type.isprintable() and len(mime_type) <= MAX_NAME):
        raise ValueError(f"{mime_type[:40]!r} is no MIME type")
    return data, name, mime_type


async def _bytes(given: Given) -> tuple[bytes, str]:
    """The bytes, and the name that goes with them."""
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given), NAMELESS
    if isinstance(given, str | os.PathLike):
        path = os.fsdecode(given)
        return await asyncio.to_thread(_of_path, path), os.path.basename(path) or NAMELESS
    whole: Any = given
    if not callable(getattr(whole, "read", None)):
        kind = type(whole).__name__
        raise TypeError(f"a path, bytes or a file opened with 'rb' is due, and not a {kind}")
    data: Any = await asyncio.to_thread(whole.read)
    if not isinstance(data, bytes | bytearray):
        raise TypeError(f"the file gives {type(data).__name__}: open it with 'rb'")
    label = getattr(whole, "name", None)
    return bytes(data), os.path.basename(label) if isinstance(label, str) and label else NAMELESS


def _of_path(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
