"""Where a client dials, made of what its user wrote."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

from risp.protocol.version import ACTION_PATH

_DEFAULT_PORT = {False: 80, True: 443}
_KEPT = "/%:@!$&'()*+,;=~?"
"""What stays as it is in a path or a query; other characters are percent-encoded."""


@dataclass(frozen=True, slots=True)
class Address:
    """A WebSocket endpoint."""

    secure: bool
    """Whether TLS is spoken."""
    host: str
    """Name or IP address, without brackets."""
    port: int
    """TCP port."""
    target: str
    """The request target: path and query."""

    @property
    def host_header(self) -> str:
        """The value of the Host header: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.secure] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as a WebSocket URL."""
        return f"ws{'s' * self.secure}://{self.host_header}{self.target}"

    @property
    def has_token(self) -> bool:
        """Whether the query carries a `token`, which stands for a key."""
        return bool(parse_qs(urlsplit(self.target).query).get("token"))


def dial(url: str) -> Address:
    """Find the endpoint that a URL means; raises ValueError for one that means none.

    `ws://host` and `http(s)://host/...` mean the usual path there; any other `ws(s)` URL is meant
    as it stands.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss", "http", "https") or not parts.hostname:
        raise ValueError(f"{_shown(url)}: a server's URL reads like ws://host:port/path")
    if parts.username is not None:
        raise ValueError(f"{parts.hostname}: the key goes into api_key, not into the URL")
    secure = parts.scheme in ("wss", "https")
    path, query = quote(parts.path, safe=_KEPT), quote(parts.query, safe=_KEPT)
    if parts.scheme.startswith("http") or (path in ("", "/") and not query):
        target = ACTION_PATH
    else:
        target = (path or "/") + (f"?{query}" if query else "")
    return Address(secure, parts.hostname, parts.port or _DEFAULT_PORT[secure], target)


def _shown(url: str) -> str:
    # A query may hold a token, and a message may land in a log.
    return repr(url.partition("?")[0][:80])
