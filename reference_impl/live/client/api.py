"""HTTP as a client speaks it: one call per row of the table of endpoints, each in bounded time."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, cast
from urllib.parse import urlsplit

import aiohttp

from risp.protocol.codec import dump, parse
from risp.protocol.errors import DecodeError
from risp.protocol.frame import Part
from risp.protocol.live.endpoint import (
    ACCEPT_HEADER,
    API_HEADER,
    KEY_HEADER,
    WEBRTC_HEADER,
    Auth,
    Endpoint,
    Group,
)
from risp.protocol.live.http import CREATE_TOKEN
from risp.protocol.live.limits import API_VERSION, WEBRTC_VERSION

from .failures import Component, LiveError, refused
from .where import LOCAL_URL, Where

MAX_ANSWER_BYTES = 8 << 20
"""A longer answer is not read."""
EARLY_S = 10.0
"""A token is exchanged anew so many seconds before its end."""
_SIGNALING: Final = (Group.SIGNALING, Group.FLAT)


class Api:
    """The server's HTTP side, for one model."""

    def __init__(self, where: Where, request_s: float) -> None:
        self._where = where
        self._request_s = request_s
        self._token: str | None = None
        self._token_ends = 0.0
        # No proxies out of the environment, no cookies, no redirects: a token goes to one server.
        # Clocks are kept here: one of aiohttp's own would end a long upload.
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=None)
        )

    async def __aenter__(self) -> Api:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close what is open."""
        await self._http.close()

    async def call(
        self,
        endpoint: Endpoint,
        body: Part | None = None,
        /,
        **parameters: str | int,
    ) -> tuple[int, dict[str, Any]]:
        """Call an endpoint; returns status and JSON body (empty where there is none).

        Raises LiveError: a refusal with the server's code, `unreachable`, `timed_out`,
        `bad_answer`.
        """
        url = self._where.base + endpoint.url(**parameters)
        data = (
            None
            if body is None
            else dump(body.model_dump(mode="json", by_alias=True, exclude_none=True)).encode()
        )
        for is_last in (False, True):
            held = self._token
            headers = await self._headers(endpoint)
            if data is not None:
                headers["Content-Type"] = "application/json"
            try:
                return await self._request(endpoint.method, url, headers, data, self._request_s)
            except LiveError as error:
                # An old token may have ended before its time: the server's secret can change.
                if is_last or error.status != 401 or held is None:
                    raise
                self._token = None
        raise AssertionError("the second attempt returns or raises")

    async def put(self, url: str, data: bytes, mime_type: str, within_s: float) -> None:
        """Put a file's bytes where the server wants them; raises LiveError."""
        if not _is_http(url):
            raise bad_answer(f"PUT {url[:80]}", "", "an http URL")
        await self._request("PUT", url, {"Content-Type": mime_type}, data, within_s)

    async def _headers(self, endpoint: Endpoint) -> dict[str, str]:
        if endpoint.group in _SIGNALING:
            headers = {WEBRTC_HEADER: WEBRTC_VERSION}
        else:
            headers = {API_HEADER: str(API_VERSION), ACCEPT_HEADER: str(API_VERSION)}
        if endpoint.auth is Auth.TOKEN and self._where.key is not None:
            headers["Authorization"] = f"Bearer {await self._fresh_token(self._where.key)}"
        return headers

    async def _fresh_token(self, key: str) -> str:
        if self._token is not None and time.time() < self._token_ends - EARLY_S:
            return self._token
        url = self._where.base + CREATE_TOKEN.url()
        _, answer = await self._request(
            CREATE_TOKEN.method, url, {KEY_HEADER: key}, None, self._request_s
        )
        token, ends = answer.get("jwt"), answer.get("expires_at")
        if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
            raise bad_answer(f"{CREATE_TOKEN.move}", "/jwt", "a token")
        # Where the server does not say when a token ends, its first 401 does.
        self._token, self._token_ends = token, number_of(ends, math.inf)
        return token

    async def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: bytes | None,
        within_s: float,
    ) -> tuple[int, dict[str, Any]]:
        what = f"{method} {url.partition('?')[0]}"
        if self._http.closed:
            raise LiveError("connection_lost", f"{what}: the connection is closed")
        try:
            async with (
                asyncio.timeout(within_s),
                self._http.request(
                    method, url, headers=headers, data=data, allow_redirects=False
                ) as answer,
            ):
                status, came, text = answer.status, answer.headers, await _whole(answer, what)
        except TimeoutError:
            message = f"{what}: no answer within {within_s:g} s. Try again."
            raise LiveError("timed_out", message, component=Component.API) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if self._http.closed:
                raise LiveError("connection_lost", f"{what}: the connection is closed") from error
            reason = (str(error) or type(error).__name__).replace(" ssl:default", "")
            elsewhere = f", or set {LOCAL_URL}" if self._where.local else ""
            message = f"{what}: {reason}. Look whether a server runs there{elsewhere}."
            raise LiveError("unreachable", message, component=Component.API) from error
        tree = _tree(text)
        if not 200 <= status < 300:
            raise refused(status, tree, came, what)
        if tree is None and text.strip() not in (b"", b"null"):
            raise bad_answer(what, "", "a JSON object")
        return status, tree or {}


async def _whole(answer: aiohttp.ClientResponse, what: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_chunked(1 << 16):
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise bad_answer(what, "", f"at most {MAX_ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _tree(text: bytes) -> dict[str, Any] | None:
    try:
        return parse(text)
    except DecodeError:
        return None


def bad_answer(what: str, pointer: str, due: str) -> LiveError:
    """An answer that is not what this protocol says; `due` is what should have come."""
    place = f"{pointer}: " if pointer else ""
    return LiveError("bad_answer", f"{what}: {place}{due} is due", component=Component.API)


def number_of(value: Any, default: float) -> float:
    """A number, or the default for what is none; an integer beyond all floats is none either."""
    try:
        return default if isinstance(value, bool | str) else float(value)
    except (TypeError, ValueError, OverflowError):
        return default


def text_of(tree: Mapping[str, Any], name: str, what: str) -> str:
    """A member that is a string of at least one character; raises LiveError."""
    found = tree.get(name)
    if isinstance(found, str) and found:
        return found
    raise bad_answer(what, f"/{name}", "a string")


def object_of(tree: Mapping[str, Any], name: str, what: str) -> dict[str, Any]:
    """A member that is an object; raises LiveError."""
    found = tree.get(name)
    if isinstance(found, dict):
        return cast(dict[str, Any], found)
    raise bad_answer(what, f"/{name}", "an object")
