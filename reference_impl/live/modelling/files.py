"""A file that a client has uploaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file, as a command's argument and as `file_uploaded` see it; gone when its session ends."""

    upload_id: str
    """What commands call it by."""
    name: str
    """What the client calls it: for people, and never a path."""
    mime_type: str
    """What the client says that it is."""
    size: int
    """Its size in bytes."""
    path: Path
    """Where it lies on disk."""

    @property
    def data(self) -> bytes:
        """Its bytes, read anew each time."""
        return self.path.read_bytes()

    def reference(self) -> dict[str, Any]:
        """What goes over the wire in its place."""
        return {
            "upload_id": self.upload_id,
            "name": self.name,
            "mime_type": self.mime_type,
            "size": self.size,
        }
