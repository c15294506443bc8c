"""What a caller may leave to the environment: the server, the key, the patience."""

from __future__ import annotations

import os
from dataclasses import dataclass

from .address import Address, dial

URL = "RISP_URL"
"""The server, if no `url` is given."""
API_KEY = "RISP_API_KEY"
"""The key, if no `api_key` is given and the URL carries no token."""
CONNECT_RETRY_SECONDS = "RISP_CONNECT_RETRY_SECONDS"
"""How long transient failures are retried, in seconds, if the caller does not say."""
DEFAULT_RETRY_SECONDS = 90.0
"""... and if the environment does not say either."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Where to dial, with which key, and for how long."""

    address: Address
    """The endpoint."""
    key: str | None
    """The key for the Authorization header; None sends no such header."""
    retry_seconds: float
    """The window for retries, in seconds from the call of `open`."""

    @classmethod
    def of(cls, url: str | None, api_key: str | None, retry_seconds: float | None) -> Environment:
        """Fill in what the caller leaves out; raises ValueError for what cannot be used."""
        url = url or os.environ.get(URL)
        if not url:
            raise ValueError(f"no server: give url, or set {URL}")
        address = dial(url)
        if api_key is None and not address.has_token:
            # A long-lived key is not added to an address that brings its own short-lived token.
            api_key = os.environ.get(API_KEY)
        if api_key and not (api_key.isascii() and api_key.isprintable() and " " not in api_key):
            raise ValueError("api_key holds characters that no HTTP header can carry")
        if retry_seconds is None:
            retry_seconds = _seconds(os.environ.get(CONNECT_RETRY_SECONDS))
        if not retry_seconds >= 0:
            raise ValueError("connect_retry_seconds is in seconds, and not negative")
        return cls(address, api_key or None, retry_seconds)


def _seconds(text: str | None) -> float:
    if not text:
        return DEFAULT_RETRY_SECONDS
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{CONNECT_RETRY_SECONDS} is no number of seconds: {text!r}") from None
