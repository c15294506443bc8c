"""Which pages and which names are of this machine, or of this very server.

Any web page can reach a port of the machine that it is looked at on. So a server that asks for no
key looks at who asks: `Origin` is the page, `Host` the name under which it found this server.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit


def is_own_page(origin: str, host: str, listening: str) -> bool:
    """Whether a page of this machine, or of this very server, asks; `listening` is its address.

    A `Host` that is a name proves nothing: its owner may have pointed it here. It counts only
    as an address, or as the name under which the operator listens.
    """
    page, here = _split(origin), _split(f"//{host}")
    if page is None or here is None:
        return False
    name = page.hostname or ""
    if page.scheme not in ("http", "https") or not name:
        return False
    if is_loopback(name):
        return True
    same = (name, page.port or 80) == (here.hostname, here.port or 80)
    return same and (_address(name) is not None or name == listening)


def is_own_host(host: str, listening: str) -> bool:
    """Whether a `Host` is an address, a name of this machine, or the name that is listened on."""
    here = _split(f"//{host}")
    if here is None or here.username is not None or here.path or here.query or here.fragment:
        return False
    name = here.hostname or ""
    return _address(name) is not None or is_loopback(name) or name == listening.lower()


def is_loopback(name: str) -> bool:
    """Whether a name or an address leads to the machine that looks it up."""
    address = _address(name)
    if address is not None:
        return address.is_loopback
    return name == "localhost" or name.endswith(".localhost")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _split(url: str) -> SplitResult | None:
    """The parts of a URL whose port is a number."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises where it is none
    except ValueError:
        return None
    return parts
