"""What a server may do in place of a good answer, at any step."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from .scripted import Misdeed, Scripted

BIG = 10 << 20
"""A body that no answer needs, in bytes."""


class Says:
    """Answer with a body (JSON, unless it is text) and a status; so many times, or always."""

    def __init__(
        self, body: Any, status: int, headers: Mapping[str, str] | None, times: int | None
    ) -> None:
        self._what = body, status, headers, times
        self._text = body if isinstance(body, str) else json.dumps(body)
        self._left = times

    def fresh(self) -> Says:
        """The same, as it was at first."""
        return Says(*self._what)

    async def __call__(self, server: Scripted, request: web.Request) -> web.StreamResponse | None:
        if self._left is not None:
            if self._left == 0:
                return None
            self._left -= 1
        _, status, headers, _ = self._what
        return web.Response(text=self._text, status=status, headers=headers)


def says(
    body: Any = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    times: int | None = None,
) -> Misdeed:
    """Answer with this."""
    return Says(body, status, headers, times)


def refuses(status: int, code: str = "", **headers: str) -> Misdeed:
    """Refuse, as this protocol says."""
    body = {"detail": "as it was told to", **({"code": code} if code else {})}
    return says(body, status, {name.replace("_", "-"): one for name, one in headers.items()})


async def hangs(server: Scripted, request: web.Request) -> web.StreamResponse:
    """Say nothing."""
    await server.over.wait()
    return web.Response()


async def stops_halfway(server: Scripted, request: web.Request) -> web.StreamResponse:
    """Begin an answer, and say nothing more."""
    answer = web.StreamResponse(headers={"Content-Length": "1000"})
    await answer.prepare(request)
    await answer.write(b'{"session_id": "')
    await server.over.wait()
    return answer


async def drips(server: Scripted, request: web.Request) -> web.StreamResponse:
    """Answer one byte after the other, without an end."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    while not server.over.is_set():
        await answer.write(b" ")
        await asyncio.sleep(0.05)
    return answer


async def resets(server: Scripted, request: web.Request) -> web.StreamResponse:
    """Begin an answer, and break the connection."""
    answer = web.StreamResponse(headers={"Content-Length": "1000"})
    await answer.prepare(request)
    await answer.write(b'{"session_id": "')
    assert request.transport is not None
    request.transport.abort()
    return answer


async def is_no_http(server: Scripted, request: web.Request) -> web.StreamResponse:
    """Answer what is not HTTP."""
    assert isinstance(request.transport, asyncio.Transport)
    request.transport.write(b"\x00\x01 SSH-2.0-whatever\r\n\r\n")
    request.transport.close()
    return web.Response()


async def is_huge(server: Scripted, request: web.Request) -> web.StreamResponse:
    """Answer more than anybody needs."""
    return web.Response(text='{"a": "' + "x" * BIG + '"}')


async def is_a_bomb(server: Scripted, request: web.Request) -> web.StreamResponse:
    """The same, packed small."""
    answer = web.Response(text='{"a": "' + "x" * BIG + '"}')
    answer.enable_compression(web.ContentCoding.gzip)
    return answer


class Reached:
    """Hold a request back, and tell that it has come."""

    def __init__(self) -> None:
        self.now = asyncio.Event()

    def fresh(self) -> Reached:
        """Another one."""
        return Reached()

    async def __call__(self, server: Scripted, request: web.Request) -> web.StreamResponse:
        self.now.set()
        await server.over.wait()
        return web.Response()
