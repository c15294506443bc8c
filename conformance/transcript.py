"""Transcripts: everything that went over the wire in one check, as JSON lines.

The first line is the header: `{"risp_transcript": 1, "check": ..., "seed": ..., "target": ...}`,
and in `facts` whatever else `risp judge` has to know; a reader passes over members that it does not
know. Each further line is one event, with `at` in nanoseconds since the transcript began. Secrets
are redacted before an event is recorded, so that no file ever holds one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import orjson

from risp.protocol.codec import parse
from risp.protocol.errors import DecodeError

from .json_values import mapping

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
        # The text of a Close is for people, whatever it looks like.
        if self.text is None or self.kind is not Kind.TEXT:
            return None
        try:
            return parse(self.text)
        except DecodeError:
            return None

    @cached_property
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
        data, text, code = line.get("data"), line.get("text"), line.get("code")
        told: object = line.get("info") or {}
        way, kind = _WAYS[line["way"]], _KINDS[line["kind"]]
        if not (text is None or isinstance(text, str)):
            raise ValueError("`text` is no string")
        if not (code is None or isinstance(code, int)):
            raise ValueError("`code` is no number")
        if not isinstance(told, dict):
            raise ValueError("`info` is no object")
        info = mapping(told)
        if kind is Kind.HANDSHAKE and way is Way.IN and not _is_response(info):
            raise ValueError("a response has a `status` and `headers`, pairs of strings")
        return cls(
            at=int(line["at"]),
            channel=int(line["channel"]),
            way=way,
            kind=kind,
            text=text,
            data=None if data is None else base64.b64decode(data),
            code=code,
            info=info,
        )


_WAYS = {str(way): way for way in Way}
_KINDS = {str(kind): kind for kind in Kind}


def _is_response(info: dict[str, Any]) -> bool:
    headers: object = info.get("headers")
    return isinstance(info.get("status"), int) and (
        isinstance(headers, list) and all(map(_is_header, cast("list[object]", headers)))
    )


def _is_header(pair: object) -> bool:
    if not isinstance(pair, list):
        return False
    parts = cast("list[object]", pair)
    return len(parts) == 2 and isinstance(parts[0], str) and isinstance(parts[1], str)


@dataclass
class Transcript:
    """The events of one check, in the order in which the kit saw them."""

    check: str
    seed: int = 0
    target: str = ""
    events: list[Event] = field(default_factory=list[Event])
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the events do not show and a judge has to know, by name:

    `subject`: what was known of the target before (see `Subject.to_json`);
    `deadline_s`: when the check had to be over;
    `outcome`: the verdict and the reason of a check, and what it found broken, as the run told it;
    `choice`: `only`, `skip` and `slow` of the run; in its first conversation only.
    """

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

    def begin(self, repeats: bool) -> None:
        """Note at the first event that a generated conversation begins there.

        `repeats` says that the policy was seen to answer equal sessions with equal actions.
        """
        if self.events:
            self.events[0].info["begins"] = {"repeats": repeats}

    def lines(self) -> Iterator[str]:
        """The transcript as JSON lines."""
        head: dict[str, Any] = {
            "risp_transcript": FORMAT,
            "check": self.check,
            "seed": self.seed,
            "target": self.target,
        }
        if self.facts:
            head["facts"] = self.facts
        for line in (head, *(event.to_json() for event in self.events)):
            # ASCII, so that a lone surrogate on the wire cannot make the file unwritable.
            yield json.dumps(line, ensure_ascii=True, separators=(",", ":"))

    def write(self, path: Path) -> None:
        """Write the transcript; raises OSError."""
        path.write_text("".join(f"{line}\n" for line in self.lines()), encoding="ascii")

    @classmethod
    def read(cls, path: Path) -> Transcript:
        """Read a transcript; raises OSError, or ValueError that names the line and its fault."""
        transcript: Transcript | None = None
        # The format is ASCII; what is not is shown as the line that is no JSON.
        whole = path.read_text(encoding="ascii", errors="replace")
        for number, text in enumerate(whole.splitlines(), 1):
            try:
                if transcript is None:
                    transcript = cls._from_header(json.loads(text))
                else:
                    transcript.events.append(Event.from_json(_load(text)))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise ValueError(f"{path.name}, line {number}: no transcript: {error}") from None
        if transcript is None:
            raise ValueError(f"{path.name}: empty, where a transcript has at least a header")
        return transcript

    @classmethod
    def _from_header(cls, head: dict[str, Any]) -> Transcript:
        if head["risp_transcript"] != FORMAT:
            raise ValueError(f"format {head['risp_transcript']}, and this reads {FORMAT}")
        facts = head.get("facts", {})
        if not isinstance(facts, dict):
            raise ValueError("`facts` is no object")
        return cls(str(head["check"]), int(head["seed"]), str(head["target"]), facts=mapping(facts))


def _load(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text)  # It takes a lone surrogate, and names the fault of what is none.


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
