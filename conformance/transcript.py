"""Transcripts: everything that went over the wire in one check, as JSON lines.

The first line is the header: `{"risp_transcript": 1, "check": ..., "seed": ..., "target": ...}`.
Each further line is one event, with `at` in nanoseconds since the transcript began. Secrets are
redacted before an event is recorded, so that no file ever holds one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from risp.protocol.codec import parse
from risp.protocol.errors import DecodeError

FORMAT = 1
"""The version of the JSON lines format."""
REDACTED = "[redacted]"


class Way(StrEnum):
    """Seen from the kit."""

    OUT = "out"
    IN = "in"


class Kind(StrEnum):
    """What an event is."""

    HANDSHAKE = "handshake"
    """The HTTP request (out) or response (in) that opens a WebSocket; see `info`."""
    TEXT = "text"
    """A text message."""
    BINARY = "binary"
    """A binary message."""
    PING = "ping"
    PONG = "pong"
    CLOSE = "close"
    """A Close frame, with its code (1005 if it had none)."""
    END = "end"
    """The end of the connection: `info["how"]` is `eof`, `reset`, `abort` or `broken`."""


@dataclass
class Event:
    """One thing that went over the wire."""

    at: int
    """Nanoseconds since the transcript began."""
    channel: int
    """Which connection, counted from 1."""
    way: Way
    kind: Kind
    text: str | None = None
    """Content of a text message; None if it was not UTF-8."""
    data: bytes | None = None
    """Content of a binary message, ping or pong, or of text that was not UTF-8."""
    code: int | None = None
    """Close code."""
    info: dict[str, Any] = field(default_factory=dict[str, Any])
    """What else there is, by kind: status, headers, body, fragments, how it ended."""

    @cached_property
    def tree(self) -> dict[str, Any] | None:
        """The message as a JSON object, or None if it is none."""
        if self.text is None:
            return None
        try:
            return parse(self.text)
        except DecodeError:
            return None

    @property
    def frame_type(self) -> str | None:
        """The frame's `type`, or None where there is none."""
        tag = self.tree.get("type") if self.tree else None
        return tag if isinstance(tag, str) else None

    def to_json(self) -> dict[str, Any]:
        """This event as one line of the format."""
        line: dict[str, Any] = {
            "at": self.at,
            "channel": self.channel,
            "way": self.way,
            "kind": self.kind,
        }
        if self.text is not None:
            line["text"] = self.text
        if self.data is not None:
            line["data"] = base64.b64encode(self.data).decode()
        if self.code is not None:
            line["code"] = self.code
        return line | ({"info": self.info} if self.info else {})

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> Event:
        """Read one line; raises KeyError or ValueError for what is no event."""
        data = line.get("data")
        return cls(
            at=int(line["at"]),
            channel=int(line["channel"]),
            way=Way(line["way"]),
            kind=Kind(line["kind"]),
            text=line.get("text"),
            data=None if data is None else base64.b64decode(data),
            code=line.get("code"),
            info=line.get("info") or {},
        )


@dataclass
class Transcript:
    """The events of one check, in the order in which the kit saw them."""

    check: str
    seed: int = 0
    target: str = ""
    events: list[Event] = field(default_factory=list[Event])

    def channel(self, number: int) -> list[tuple[int, Event]]:
        """The events of one connection with their indices."""
        return self.by_channel().get(number, [])

    @property
    def channels(self) -> list[int]:
        """The connections, in the order in which they began."""
        return list(self.by_channel())

    def by_channel(self) -> dict[int, list[tuple[int, Event]]]:
        """The events of each connection with their indices, in the order of their beginnings."""
        found: dict[int, list[tuple[int, Event]]] = {}
        for index, event in enumerate(self.events):
            found.setdefault(event.channel, []).append((index, event))
        return found

    def lines(self) -> Iterator[str]:
        """The transcript as JSON lines."""
        head = {
            "risp_transcript": FORMAT,
            "check": self.check,
            "seed": self.seed,
            "target": self.target,
        }
        for line in (head, *(event.to_json() for event in self.events)):
            # ASCII, so that a lone surrogate on the wire cannot make the file unwritable.
            yield json.dumps(line, ensure_ascii=True, separators=(",", ":"))

    def write(self, path: Path) -> None:
        """Write the transcript; raises OSError."""
        path.write_text("".join(f"{line}\n" for line in self.lines()), encoding="ascii")

    @classmethod
    def read(cls, path: Path) -> Transcript:
        """Read a transcript; raises OSError, or ValueError that names the line and its fault."""
        head: dict[str, Any] | None = None
        events: list[Event] = []
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                line = json.loads(text)
                if head is not None:
                    events.append(Event.from_json(line))
                    continue
                head = line
                if line["risp_transcript"] != FORMAT:
                    raise ValueError(f"format {line['risp_transcript']}, and this reads {FORMAT}")
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{path.name}, line {number}: no transcript: {error}") from None
        if head is None:
            raise ValueError(f"{path.name}: empty, where a transcript has at least a header")
        return cls(str(head["check"]), int(head["seed"]), str(head["target"]), events)


def redact_headers(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers without the secret that an Authorization header carries."""
    return [(n, REDACTED if n.lower() == "authorization" else v) for n, v in headers]


def redact_url(url: str) -> str:
    """A URL without the value of its `token` and without user information."""
    from urllib.parse import parse_qsl, quote, urlencode, urlsplit

    parts = urlsplit(url)
    query = [(k, REDACTED if k == "token" else v) for k, v in parse_qsl(parts.query, True)]
    netloc = parts.netloc.rpartition("@")[2]
    safe = urlencode(query, safe="[]/:", quote_via=quote)
    return parts._replace(netloc=netloc, query=safe).geturl()
