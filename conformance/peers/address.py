"""Where a target listens, taken apart once."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from risp.protocol.version import ACTION_PATH

_PORTS = {"ws": 80, "wss": 443}
_WEBSOCKET = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


@dataclass(frozen=True, slots=True)
class Address:
    """A WebSocket endpoint."""

    scheme: str
    host: str
    port: int
    target: str
    """Path and query, as in the request line."""

    @classmethod
    def parse(cls, url: str) -> Address:
        """Take a URL apart as deployed clients do; raises ValueError with the remedy."""
        parts = urlsplit(url)
        scheme = _WEBSOCKET.get(parts.scheme)
        if scheme is None or not parts.hostname:
            raise ValueError(f"{url!r} is no address; write it as ws://host:port{ACTION_PATH}")
        port = parts.port or _PORTS[scheme]
        path, query = parts.path, parts.query
        if parts.scheme in ("http", "https") or (path in ("", "/") and not query):
            path, query = ACTION_PATH, ""
        target = (path or "/") + (f"?{query}" if query else "")
        return cls(scheme, parts.hostname, port, target)

    @property
    def host_header(self) -> str:
        """Value of the Host header: without the port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The endpoint as a URL."""
        return f"{self.scheme}://{self.host_header}{self.target}"
