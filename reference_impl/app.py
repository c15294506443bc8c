"""One port: HTTP and WebSocket, Starlette on uvicorn."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from .action.server import ServerSession
from .action.serving.gate import NOT_FOUND, UPGRADE_REQUIRED, Gate, Refusal
from .action.serving.service import Service
from .action.serving.settings import Settings
from .live.settings import LiveSettings
from .live.web import page
from .live.web.handlers import Discovery, Handlers
from .live.web.site import Nowhere, Site
from .redacting import Quiet
from .transport import HttpProtocol, WebSocketProtocol

if TYPE_CHECKING:
    from .live.service import LiveService

logger = logging.getLogger("risp.server")

SWITCH_S = 0.0005
"""How long a Python thread may hold the interpreter: a policy of pure Python would delay others."""


class Fixed:
    """A path at which HTTP is always answered the same, whatever the method (ASGI)."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and close: who expects something else here has nothing more to say."""
        refusal = self.refusal
        headers = {**refusal.headers, "Connection": "close"}
        response = Response(refusal.body, refusal.status, headers, media_type="application/json")
        await response(scope, receive, send)


class Elsewhere:
    """Every other path: left to itself, Starlette says 403 there, which clients retry."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the handshake as the gate says."""
        await self.service.serve(scope, receive, send, self.service.gate.judge_elsewhere)


class Anywhere(Elsewhere):
    """Targets that no route fits, such as a whole URL: there too Starlette says 403."""

    def __init__(self, service: Service, nowhere: ASGIApp) -> None:
        super().__init__(service)
        self.nowhere = nowhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a handshake as the gate says, and a request with 404."""
        if scope["type"] == "websocket":
            await super().__call__(scope, receive, send)
        else:
            await self.nowhere(scope, receive, send)


def make_app(service: Service, site: Site, *, live: bool) -> Starlette:
    """The routes of one port: the action profile's path, the site, and nothing else."""
    path = service.settings.path
    app = Starlette(
        routes=[
            WebSocketRoute(path, service),
            Route(path, Fixed(UPGRADE_REQUIRED)),
            WebSocketRoute("/{path:path}", Elsewhere(service)),
            *site.routes(),
        ]
    )
    app.router.redirect_slashes = False  # A-HAND-20: nobody is redirected
    app.router.default = Anywhere(service, Nowhere(site) if live else Fixed(NOT_FOUND))
    return app


def make_site(settings: Settings, live: LiveService | None, handlers_class: type[Handlers]) -> Site:
    """What is published over HTTP; without the live profile, only what the server speaks."""
    profiles = {"action": settings.path}
    if live is None:
        bounds = LiveSettings(host=settings.host, keys=settings.keys)
        return Site(Discovery(bounds, version=our_version(), profiles=profiles))
    handlers = handlers_class(live, version=our_version(), profiles={**profiles, "live": "/"})
    return Site(handlers, page.files() if live.settings.page else None)


def our_version() -> str:
    """The version of this program."""
    try:
        return importlib.metadata.version("risp")
    except importlib.metadata.PackageNotFoundError:
        return "0"


LOGGERS = ("uvicorn.error", "risp.server", "risp.live", "risp.model")
"""Whose lines may hold what a client has sent."""
QUIET = Quiet()
LAST_WORDS_S = 0.5
"""Seconds between the failure to load a policy and the end, for those who are just opening."""


class Server(uvicorn.Server):
    """uvicorn, but its end is announced to the sessions, and its beginning to the caller."""

    def __init__(
        self,
        config: uvicorn.Config,
        service: Service,
        on_listening: Callable[[int], None],
        live: LiveService | None = None,
    ) -> None:
        super().__init__(config)
        self.service = service
        self.live = live
        self.on_listening = on_listening
        self.failure: Exception | None = None
        """Why the policy or the model could not be loaded."""
        self._ending: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: Any = None) -> None:
        """Listen, then say where."""
        self._loop = asyncio.get_running_loop()
        self.service.start(self.on_failed)
        if self.live is not None:
            self.live.start(self.on_failed)
        await super().startup(sockets=sockets)
        self.on_listening((sockets or self.servers[0].sockets)[0].getsockname()[1])

    def on_failed(self, error: Exception) -> None:
        """End because there is nothing to serve, once those who wait for it know."""
        self.failure = error
        self.service.fail()
        assert self._loop is not None, "it listens before it loads"
        self._loop.call_later(LAST_WORDS_S, self._leave)

    def _leave(self) -> None:
        self.service.fail()  # those who have opened since
        if self.live is None:
            self.should_exit = True
        elif self._ending is None:
            self._ending = asyncio.create_task(self._leave_live(self.live))

    async def _leave_live(self, live: LiveService) -> None:
        try:
            await live.shutdown("failed")
        finally:
            self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal: the first one announces the end, the second one ends at once."""
        if self._loop is None:
            self.should_exit = True
        else:
            self._loop.call_soon_threadsafe(self.end)

    def end(self) -> None:
        """Begin to end; asked again, end at once."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())
        else:
            self.service.abort()
            self.should_exit = self.force_exit = True

    async def _end(self) -> None:
        # Both at once: neither profile has to wait for what the other one still owes.
        ends = (
            [self.service.shutdown()]
            if self.live is None
            else [self.live.shutdown(), self.service.shutdown()]
        )
        try:
            await asyncio.gather(*ends)
        finally:
            self.should_exit = True


def make_server(
    settings: Settings,
    policy: Any,
    on_listening: Callable[[int], None],
    *,
    session_class: type[ServerSession] = ServerSession,
    gate_class: type[Gate] = Gate,
    live: LiveService | None = None,
    handlers_class: type[Handlers] = Handlers,
    uvloop: bool = True,
) -> Server:
    """A server that is ready to run; with `live`, one port serves both profiles."""
    service = Service(settings, policy, session_class=session_class, gate_class=gate_class)
    if live is not None and live.settings.keys:
        service.gate.tokens = live.tokens.is_good  # L-TOKEN-15
    site = make_site(settings, live, handlers_class)
    config = uvicorn.Config(
        make_app(service, site, live=live is not None),
        host=settings.host,
        port=settings.port,
        loop="uvloop" if uvloop and has_uvloop() else "asyncio",
        http=HttpProtocol,
        ws=WebSocketProtocol,
        ws_max_size=service.gate.max_message(),
        ws_per_message_deflate=service.gate.compresses,
        ws_ping_interval=service.gate.pings_every_s,
        lifespan="off",
        access_log=False,
        server_header=False,
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    for name in LOGGERS:
        logging.getLogger(name).addFilter(QUIET)
    return Server(config, service, on_listening, live)


def has_uvloop() -> bool:
    """Whether uvloop is installed."""
    try:
        import uvloop
    except ImportError:
        return False
    return bool(uvloop)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError where none can be had."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    return listening


def serve(
    settings: Settings, policy: Any, on_listening: Callable[[int], None], **classes: Any
) -> None:
    """Serve until a signal comes. Raises what kept the policy from loading, or the port."""
    sys.setswitchinterval(SWITCH_S)
    with bind(settings.host, settings.port) as listening:
        server = make_server(settings, policy, on_listening, **classes)
        server.run(sockets=[listening])
    if server.failure is not None:
        raise server.failure
