"""The routes, made from the table of endpoints: each row goes through the same steps.

1. Whether the server ends; which page and which `Host` ask.
2. `OPTIONS`, and methods that the path does not take.
3. Versions, then a key or a token, then what the path names, then the body.
4. The row's handler, and its answer. Whatever is refused on the way is a Refusal.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from risp.protocol.live.endpoint import Endpoint, Group
from risp.protocol.live.http import ENDPOINTS

from ..refusal import Refusal
from . import page, replies
from .doors import Doors, check_versions
from .handlers import Asked, Discovery
from .reading import read, understand

logger = logging.getLogger("risp.live")


class Site:
    """Everything that is published over HTTP."""

    def __init__(self, handlers: Discovery, files: Mapping[str, Path] | None = None) -> None:
        self.handlers = handlers
        self.settings = handlers.settings
        self.doors = Doors(self.settings)
        self.rows: dict[str, dict[str, Endpoint]] = {}
        """The published rows by path and method."""
        for row in handlers.endpoints:
            handlers.handler(row)  # a row that nothing carries out is found at the start
            self.rows.setdefault(row.path, {})[row.method] = row
        self.files = dict(files or {})
        """The files of the page, by path."""

    def routes(self) -> list[Route]:
        """The routes, for Starlette; what none of them fits goes to `Nowhere`."""
        routes = [Route(path, Published(self, rows)) for path, rows in self.rows.items()]
        return routes + [Route(path, File(self, file)) for path, file in self.files.items()]


class Resource:
    """What is published at one path (ASGI)."""

    methods: Sequence[str] = ()
    """What the path takes."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever comes of it."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            if not self.site.handlers.ending:
                raise
            # The server waits no longer for the rest of the request, and need not log that.
            response = self._refuse(Refusal("shutting_down", "the server ends"))
        except Exception:
            logger.exception("a request could not be answered")  # L-HTTP-8
            response = self._refuse(Refusal("internal", "the server failed"))
        for name, value in self.site.doors.cors(request).items():
            response.headers[name] = value
        try:
            await response(scope, receive, send)
        except ClientDisconnect:
            return

    async def _respond(self, request: Request) -> Response:
        site = self.site
        try:
            if site.handlers.ending:
                raise Refusal("shutting_down", "the server is about to end")
            site.doors.check(request)
            return await self.answer(request)
        except Refusal as refusal:
            return self._refuse(refusal)

    def _refuse(self, refusal: Refusal) -> Response:
        headers = {"Allow": ", ".join(self.methods)} if refusal.status == 405 else None
        return replies.refuse(refusal, self.site.settings.retry_after_s, headers)

    async def answer(self, request: Request) -> Response:
        """Answer a request that may be asked from there. Raises Refusal."""
        if request.method == "OPTIONS":
            response = replies.nothing(204)
            response.headers.update(self.site.doors.preflight(request, self.methods))
            return response
        if request.method not in self.methods:
            detail = f"this path takes {', '.join(self.methods)}"
            raise Refusal("method_not_allowed", detail)
        return await self.carry_out(request)

    async def carry_out(self, request: Request) -> Response:
        """Do what is asked for, with a method that the path takes. Raises Refusal."""
        raise NotImplementedError


class Published(Resource):
    """The rows of one path."""

    def __init__(self, site: Site, rows: Mapping[str, Endpoint]) -> None:
        super().__init__(site)
        self.rows = rows
        seen = ["HEAD"] if "GET" in rows else []
        self.methods = [*rows, *seen, "OPTIONS"]

    async def carry_out(self, request: Request) -> Response:
        """Take the steps of a row."""
        handlers = self.site.handlers
        row = self.rows["GET" if request.method == "HEAD" else request.method]
        check_versions(request)
        asked = Asked(row, request)
        handlers.admit(asked)
        handlers.find(asked)
        if row.body is not None:
            body = await read(request, self.site.settings.max_body_bytes)
            asked.body = understand(body, row.body, row.body_due)
        elif row.raw and not row.body_due:
            await read(request, self.site.settings.max_body_bytes)  # of any kind, and ignored
        result = handlers.handler(row)(asked)
        if inspect.isawaitable(result):
            result = await result
        return replies.succeed(row, result)


class File(Resource):
    """A file of the page."""

    methods = ("GET", "HEAD", "OPTIONS")

    def __init__(self, site: Site, path: Path) -> None:
        super().__init__(site)
        self.path = path

    async def carry_out(self, request: Request) -> Response:
        """The file, read anew, so that it can be worked on."""
        media = page.MEDIA[self.path.suffix]
        return Response(self.path.read_bytes(), headers=page.HEADERS, media_type=media)


NOTHING = "nothing is published at this path"
HINTS = {
    Group.LOCAL: f"{NOTHING}: it is not offered, or this server has keys (see POST /tokens)",
    Group.TOKENS: f"{NOTHING}: this server asks for no key, and no token is needed",
}
"""What those are told who ask for what other servers have."""


class Nowhere(Resource):
    """Every path at which nothing is published; whoever asks learns that, and nothing else."""

    async def _respond(self, request: Request) -> Response:
        path = request.url.path
        hidden = next((row for row in ENDPOINTS if row.path == path), None)
        detail = HINTS.get(hidden.group, NOTHING) if hidden is not None else NOTHING
        return self._refuse(Refusal("not_found", detail))
