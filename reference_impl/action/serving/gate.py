"""Who may come in: all that is decided before the first frame. No transport in it."""

from __future__ import annotations

import hmac
import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from risp.protocol.version import SUBPROTOCOL_JSON, SUBPROTOCOL_PREFIX

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
        """No service issues short-lived tokens yet, and a key is none (A-HAND-15)."""
        return False

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
        """Whether a page of this machine, or of this very server, asks.

        A `Host` that is a name proves nothing: its owner may have pointed it here. It counts only
        as an address, or as the name under which the operator listens.
        """
        try:
            page = urlsplit(origin)
            name, port = page.hostname or "", page.port
            here = urlsplit(f"//{host}")
        except ValueError:
            return False
        if page.scheme not in ("http", "https") or not name:
            return False
        if _is_loopback(name):
            return True
        same = (name, port or 80) == (here.hostname, here.port or 80)
        return same and (_address(name) is not None or name == self.settings.host)

    def choose_subprotocol(self, offers: Sequence[str]) -> Welcome | Refusal:
        """Select ours (A-HAND-4), ignore foreign ones, refuse unknown ones that bear our name."""
        if SUBPROTOCOL_JSON in offers:
            return Welcome(SUBPROTOCOL_JSON)
        if any(offer.startswith(SUBPROTOCOL_PREFIX) for offer in offers):
            detail = f"of risp's subprotocols only {SUBPROTOCOL_JSON} is spoken here"
            return Refusal(426, "unknown_subprotocol", detail, {"Upgrade": "websocket"})
        return Welcome()


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _is_loopback(name: str) -> bool:
    address = _address(name)
    if address is not None:
        return address.is_loopback
    return name == "localhost" or name.endswith(".localhost")


# A query goes as a whole: `%74oken=` is a token too, and quotes would end a narrower pattern.
_SECRET = re.compile(r"(?i)(\?)\S+?(?=\" \d|\s|$)|(\bbearer\s+)[^\s\"',;]+")


def redact(text: str) -> str:
    """Text for a log, without the keys and tokens in it (A-HAND-16)."""
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}[redacted]", text)
