"""What a row of the table of HTTP endpoints says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from ..frame import Part
from ..machine import Move, Sender
from ..requirement import Requirement
from .codes import HTTP_CODES, HttpCode

JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"
ANY_BYTES: Final = "application/octet-stream"

KEY_HEADER: Final = "Reactor-API-Key"
"""The header with the key, for `POST /tokens`."""
API_HEADER: Final = "Reactor-API-Version"
"""The header with the version of the session routes that the client speaks."""
ACCEPT_HEADER: Final = "Reactor-API-Accept-Version"
"""The header with the newest version of their answers that the client reads."""
WEBRTC_HEADER: Final = "Reactor-WebRTC-Version"
"""The header with the version of signaling that the client speaks."""


class Auth(StrEnum):
    """What a server with keys asks for."""

    NOTHING = "nothing"
    KEY = "key"
    TOKEN = "token"


class Group(StrEnum):
    """Which routes come together."""

    TOKENS = "tokens"
    SESSIONS = "sessions"
    SIGNALING = "signaling"
    FLAT = "flat signaling"
    UPLOADS = "uploads"
    LOCAL = "local"
    DISCOVERY = "discovery"


@dataclass(frozen=True, slots=True)
class Good:
    """An answer of success."""

    status: int
    meaning: str
    """When it comes, for the documents."""
    body: type[Part] | None = None
    """Its JSON body; None: the answer has none, or one that is not JSON of this profile."""
    media: str = JSON
    """What its body is, where there is one."""
    nothing: bool = True
    """Whether there is no body, where `body` is None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One row of the table."""

    name: str
    """In snake case, for operation ids and functions."""
    group: Group
    """What it belongs to."""
    method: str
    path: str
    """With its parameters in braces, as in `/sessions/{session_id}`."""
    summary: str
    """What it does, in one sentence."""
    why: Requirement
    """The requirement that it exists by."""
    good: tuple[Good, ...]
    """The answers of success, the usual one first."""
    auth: Auth = Auth.TOKEN
    """What a server with keys asks for."""
    body: type[Part] | None = None
    """The JSON body of the request."""
    body_due: bool = True
    """Whether the body has to be there; `null` counts as absent."""
    raw: bool = False
    """Whether the body is bytes of any kind."""
    errors: tuple[str, ...] = ()
    """Codes of refusals, besides those that go with its other properties."""
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    """Optional parameters of the query, each with its meaning."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the path's parameters."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    @property
    def move(self) -> Move:
        """What it does to a session, for tables."""
        return Move(f"{self.method} {self.path}", Sender.CLIENT)

    @property
    def codes(self) -> tuple[HttpCode, ...]:
        """Every refusal that it may be answered with, by status and code."""
        names = {*self.errors, "foreign_origin", "foreign_host", "not_found", "internal"}
        names |= {"client_too_old", "server_too_old", "invalid_header", "shutting_down"}
        if self.auth is not Auth.NOTHING:
            names.add("unauthorized")
        if self.body is not None or self.raw:
            names |= {"too_large", "too_slow"}
        if self.body is not None:
            names.add("invalid_body")
        if "session_id" in self.parameters:
            names.add("unknown_session")
        if "connection_id" in self.parameters:
            names.add("invalid_path")
        return tuple(sorted((HTTP_CODES[one] for one in names), key=lambda c: (c.status, c.code)))

    def url(self, **parameters: str | int) -> str:
        """The path with its parameters filled in, percent-encoded."""
        path = self.path
        for name in self.parameters:
            path = path.replace(f"{{{name}}}", quote(str(parameters[name]), safe=""))
        return path
