"""What is decided about a request before anybody looks at what it asks for.

1. Without keys, pages and names from elsewhere are sent away: they may be somebody's browser.
2. With keys, every page may ask: it has to bring a token, and no cookie counts here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from starlette.requests import Request

from risp.protocol.live.endpoint import ACCEPT_HEADER, API_HEADER, KEY_HEADER, WEBRTC_HEADER
from risp.protocol.live.limits import API_VERSION, WEBRTC_VERSION

from ...origins import is_own_host, is_own_page
from ..refusal import Refusal
from ..settings import LiveSettings

MAX_AGE_S = 600
"""How long a browser may remember a preflight's answer, in seconds."""
ALLOWED_HEADERS = ", ".join(
    [
        "authorization",
        "content-type",
        *(name.lower() for name in (API_HEADER, ACCEPT_HEADER, WEBRTC_HEADER, KEY_HEADER)),
        "last-event-id",
        "*",
    ]
)
"""By name, since a wildcard does not cover `authorization` (L-HTTP-17)."""
EXPOSED_HEADERS = "Retry-After, WWW-Authenticate, Allow"
PRIVATE = "access-control-request-private-network"
_INTEGER = re.compile(r"\d+", re.ASCII)
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?", re.ASCII)
_DIGITS = 18


class Doors:
    """Who may ask, and from where."""

    def __init__(self, settings: LiveSettings) -> None:
        self._settings = settings
        self._origins = {origin.rstrip("/").lower() for origin in settings.origins}

    def cors(self, request: Request) -> dict[str, str]:
        """The headers that go with every answer (L-HTTP-18..20)."""
        exposed = {"Access-Control-Expose-Headers": EXPOSED_HEADERS}
        if self._settings.keys:
            return {"Access-Control-Allow-Origin": "*", **exposed}
        origin = request.headers.get("origin")
        if origin is None or not self._is_allowed(request):
            return {"Vary": "Origin"}
        return {"Access-Control-Allow-Origin": origin, **exposed, "Vary": "Origin"}

    def check(self, request: Request) -> None:
        """Send pages and names from elsewhere away. Raises Refusal (L-HTTP-21, L-HTTP-22)."""
        if self._settings.keys:
            return
        host = one(request, "host")
        if host is None and "host" in request.headers:
            raise Refusal("foreign_host", "there are several `Host` headers", param="Host")
        if host is not None and not is_own_host(host, self._settings.host):
            detail = "`Host` is no name of this server: use its address, or serve with --host NAME"
            raise Refusal("foreign_host", detail, param="Host")
        if "origin" in request.headers and not self._is_allowed(request):
            detail = "a page from elsewhere may come in only with a key"
            raise Refusal("foreign_origin", detail, param="Origin")

    def _is_allowed(self, request: Request) -> bool:
        origin = one(request, "origin")
        if origin is None:
            return False
        host = one(request, "host") or ""
        return origin.lower() in self._origins or is_own_page(origin, host, self._settings.host)

    def preflight(self, request: Request, methods: Iterable[str]) -> Mapping[str, str]:
        """The headers of the answer to `OPTIONS` (L-HTTP-16, L-HTTP-17)."""
        allow = ", ".join(methods)
        headers = {"Allow": allow}
        if "origin" in request.headers:
            headers |= {
                "Access-Control-Allow-Methods": allow,
                "Access-Control-Allow-Headers": ALLOWED_HEADERS,
                "Access-Control-Max-Age": str(MAX_AGE_S),
            }
            if request.headers.get(PRIVATE, "").lower() == "true":
                headers["Access-Control-Allow-Private-Network"] = "true"
        return headers


def one(request: Request, name: str) -> str | None:
    """The value of a header that came once, or None; two of them count as none."""
    values = request.headers.getlist(name)
    return values[0] if len(values) == 1 else None


def check_versions(request: Request) -> None:
    """Send clients of other versions away. Raises Refusal (L-HTTP-13..15)."""
    speaks, reads = _integer(request, API_HEADER), _integer(request, ACCEPT_HEADER)
    webrtc = _version(request, WEBRTC_HEADER)
    ours = tuple(int(part) for part in WEBRTC_VERSION.split("."))
    for name, least, version in (
        (API_HEADER, API_VERSION, speaks),
        (ACCEPT_HEADER, API_VERSION, reads),
        (WEBRTC_HEADER, ours, webrtc),
    ):
        if version is not None and version < least:  # type: ignore[operator]  # row by row they match
            detail = f"`{name}` asks for a version that is spoken here no more"
            raise Refusal("client_too_old", detail, param=name)
    for name, is_newer in (
        (API_HEADER, speaks is not None and speaks > API_VERSION),
        (WEBRTC_HEADER, webrtc is not None and webrtc[0] > ours[0]),
    ):
        if is_newer:
            detail = f"`{name}` asks for a version that is not yet spoken here"
            raise Refusal("server_too_old", detail, param=name)


def _integer(request: Request, name: str) -> int | None:
    if name not in request.headers:
        return None
    found = _INTEGER.fullmatch(one(request, name) or "")
    if found is None:
        raise Refusal("invalid_header", f"`{name}` must be an integer", param=name)
    return _number(found[0])


def _version(request: Request, name: str) -> tuple[int, int] | None:
    if name not in request.headers:
        return None
    found = _VERSION.fullmatch(one(request, name) or "")
    if found is None:
        raise Refusal("invalid_header", f"`{name}` must be as in 1.0", param=name)
    return _number(found[1]), _number(found[2] or "0")


def _number(digits: str) -> int:
    """A number; one of many digits only has to be large, since it would take long to read."""
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= _DIGITS else 10**_DIGITS
