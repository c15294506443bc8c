"""Who may come in: all that is decided before the first frame. No transport in it."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from risp.protocol.version import SUBPROTOCOL_JSON, SUBPROTOCOL_PREFIX

from ...origins import is_own_page
from .settings import Settings


@dataclass(frozen=True, slots=True)
class Handshake:
    """A request to open a WebSocket."""

    headers: Mapping[str, Sequence[str]]
    """Values by lower-case name, in the order in which they came."""
    query: str = ""
    """The query of the request target."""
    subprotocols: Sequence[str] = ()
    """What the client offers."""

    def one(self, name: str) -> str | None:
        """The value of a header that came once, or None; two that disagree count as none."""
        values = self.headers.get(name, ())
        return values[0] if len(values) == 1 else None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP answer in place of the upgrade."""

    status: int
    code: str
    """For programs."""
    detail: str
    """For a human."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the status asks for, such as `Retry-After`."""

    @property
    def body(self) -> bytes:
        """The JSON body (A-HAND-8)."""
        return json.dumps({"code": self.code, "detail": self.detail}).encode()


@dataclass(frozen=True, slots=True)
class Welcome:
    """The upgrade."""

    subprotocol: str | None = None
    """What is selected of what was offered."""


NOT_FOUND = Refusal(404, "not_found", "nothing is published at this path")
UPGRADE_REQUIRED = Refusal(
    426, "upgrade_required", "speak WebSocket here", {"Upgrade": "websocket"}
)


class Gate:
    """The decisions of one server about handshakes, and about what no session sees."""

    compresses = False
    """Whether permessage-deflate is accepted (A-HAND-7)."""
    pings_every_s: float | None = None
    """How often to ping; never, since a client owes no pong while it is busy (A-LIM-7)."""

    tokens: Callable[[str], bool] | None = None
    """Tells whether a short-lived token is good, where the live profile issues them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sessions = 0
        """Connections that are in."""
        self.ending = False
        """Whether the server has announced its end."""

    def judge(self, handshake: Handshake) -> Welcome | Refusal:
        """Let a client in, or say why not."""
        refusal = (
            self.check_ending()
            or self.check_key(handshake)
            or self.check_origin(handshake)
            or self.check_room()
        )
        return refusal or self.choose_subprotocol(handshake.subprotocols)

    def judge_elsewhere(self, handshake: Handshake) -> Welcome | Refusal:
        """The answer at a path that is not published (A-HAND-1)."""
        return NOT_FOUND

    def max_message(self) -> int:
        """The largest message that reaches a session; a larger one ends it (A-LIM-1)."""
        kept = self.settings.undeclared() if self.settings.terse else self.settings
        return kept.max_frame_bytes

    def check_ending(self) -> Refusal | None:
        """Refuse while the server ends."""
        return self.busy("shutting_down", "the server is about to end") if self.ending else None

    def check_room(self) -> Refusal | None:
        """Refuse more sessions than there is room for."""
        if self.sessions >= self.settings.max_sessions:
            return self.busy("unavailable", "there is no room for another session")
        return None

    def busy(self, code: str, detail: str) -> Refusal:
        """A refusal that is worth trying again (A-HAND-14)."""
        return Refusal(503, code, detail, {"Retry-After": str(self.settings.retry_after_s)})

    def check_key(self, handshake: Handshake) -> Refusal | None:
        """Ask for a key, if one is required; an Authorization header alone decides (A-HAND-13)."""
        if not self.settings.keys:
            return None
        if "authorization" in handshake.headers:
            given = self.bearer(handshake.one("authorization"))
            known = given is not None and self.is_key(given)
            detail = "the key in the Authorization header does not open here"
        else:
            query = dict(parse_qsl(handshake.query))
            known = self.is_token(query.get("token", ""))
            detail = "a key is required: send it as `Authorization: Bearer KEY`"
        return None if known else self.unauthorized(detail)

    def bearer(self, authorization: str | None) -> str | None:
        """The credentials in an Authorization header of the scheme Bearer."""
        scheme, _, credentials = (authorization or "").partition(" ")
        return credentials.strip() if scheme.lower() == "bearer" else None

    def is_key(self, given: str) -> bool:
        """Compare with every key, and take as long for each."""
        sent = given.encode("latin-1", "replace")  # the bytes that came: HTTP names no encoding
        found = False
        for key in self.settings.keys:
            found |= hmac.compare_digest(sent, key.encode())
        return found

    def is_token(self, token: str) -> bool:
        """Ask whoever issues short-lived tokens here; a key is none (A-HAND-15)."""
        return self.tokens is not None and self.tokens(token)

    def unauthorized(self, detail: str) -> Refusal:
        """The refusal of a missing or wrong key (A-HAND-9..11)."""
        return Refusal(401, "unauthorized", detail, {"WWW-Authenticate": "Bearer"})

    def check_origin(self, handshake: Handshake) -> Refusal | None:
        """Without a key, refuse foreign Origins: any web page can reach this port (A-HAND-18)."""
        if self.settings.keys or "origin" not in handshake.headers:
            return None
        origin = handshake.one("origin")
        if origin is not None and self.is_own(origin, handshake.one("host") or ""):
            return None
        detail = "a foreign Origin may come in only with a key"
        return Refusal(403, "foreign_origin", detail)

    def is_own(self, origin: str, host: str) -> bool:
        """Whether a page of this machine, or of this very server, asks."""
        return is_own_page(origin, host, self.settings.host)

    def choose_subprotocol(self, offers: Sequence[str]) -> Welcome | Refusal:
        """Select ours (A-HAND-4), ignore foreign ones, refuse unknown ones that bear our name."""
        if SUBPROTOCOL_JSON in offers:
            return Welcome(SUBPROTOCOL_JSON)
        if any(offer.startswith(SUBPROTOCOL_PREFIX) for offer in offers):
            detail = f"of risp's subprotocols only {SUBPROTOCOL_JSON} is spoken here"
            return Refusal(426, "unknown_subprotocol", detail, {"Upgrade": "websocket"})
        return Welcome()
