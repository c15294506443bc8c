"""Which server an application means, and with which key."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

logger = logging.getLogger("risp.live.client")

URL = "RISP_URL"
"""The server, if no `api_url` is given."""
API_KEY = "RISP_API_KEY"
"""The key, if no `api_key` is given."""
LOCAL_URL = "RISP_LOCAL_URL"
"""The server of this machine, for `local=True`."""
LOCAL_DEFAULT = "http://localhost:8080"
"""... if the environment does not say either."""

_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Where:
    """A server."""

    base: str
    """Scheme, host, port and perhaps a path, with no slash at the end."""
    key: str | None = field(repr=False)
    """The key that is exchanged for tokens; None: the server asks for none."""
    local: bool
    """Whether the routes of one machine are used."""

    @classmethod
    def of(cls, api_url: str | None, api_key: str | None, local: bool) -> Where:
        """Fill in what the caller leaves out; raises ValueError for what cannot be used."""
        if local:
            if api_url:
                logger.warning("local=True: api_url is ignored, and %s names the server", LOCAL_URL)
            return cls(base(os.environ.get(LOCAL_URL) or LOCAL_DEFAULT), None, True)
        url = api_url or os.environ.get(URL)
        if not url:
            raise ValueError(
                f"no server: give api_url, or set {URL}; local=True means one on this machine"
            )
        key = os.environ.get(API_KEY) if api_key is None else api_key
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            raise ValueError("api_key holds characters that no HTTP header can carry")
        return cls(base(url), key or None, False)


def base(url: str) -> str:
    """The address that paths are added to; raises ValueError for what is no server's URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(_wrong(url)) from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ValueError(_wrong(url))
    if parts.username is not None:
        raise ValueError(f"{parts.hostname}: the key goes into api_key, not into the URL")
    if parts.query or parts.fragment:
        raise ValueError(f"{_wrong(url)}, without a query")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_ws = parts.scheme.startswith("ws")  # RISP_URL may name the endpoint of the action profile
    path = "" if is_ws else parts.path.rstrip("/")
    return f"{_SCHEMES[parts.scheme]}://{host}{'' if port is None else f':{port}'}{path}"


def _wrong(url: str) -> str:
    # A query may hold a token, and a message may land in a log.
    return f"{url.partition('?')[0][:80]!r}: a server's URL reads like http://host:port"
