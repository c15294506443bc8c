"""One port: HTTP and WebSocket, Starlette on uvicorn."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from .action.server import ServerSession
from .action.serving.gate import NOT_FOUND, UPGRADE_REQUIRED, Gate, Refusal, redact
from .action.serving.service import Service
from .action.serving.settings import Settings
from .transport import HttpProtocol, WebSocketProtocol

logger = logging.getLogger("risp.server")

SWITCH_S = 0.0005
"""How long a Python thread may hold the interpreter: a policy of pure Python would delay others."""


def respond(refusal: Refusal) -> Callable[[Request], Response]:
    """An HTTP endpoint that always says the same."""

    def endpoint(request: Request) -> Response:
        # Closed at once, so that no second request can be begun and left unfinished.
        headers = {**refusal.headers, "Connection": "close"}
        return Response(refusal.body, refusal.status, headers, media_type="application/json")

    return endpoint


class Elsewhere:
    """Every other path: left to itself, Starlette says 403 there, which clients retry."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the handshake as the gate says."""
        await self.service.serve(scope, receive, send, self.service.gate.judge_elsewhere)


class Anywhere(Elsewhere):
    """Targets that no route fits, such as a whole URL: there too Starlette says 403."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a handshake as the gate says, and a request with 404."""
        if scope["type"] == "websocket":
            await super().__call__(scope, receive, send)
        else:
            await respond(NOT_FOUND)(Request(scope))(scope, receive, send)


def make_app(service: Service) -> Starlette:
    """The routes of one port."""
    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    app = Starlette(
        routes=[
            WebSocketRoute(service.settings.path, service),
            Route(service.settings.path, respond(UPGRADE_REQUIRED), methods=every),
            WebSocketRoute("/{path:path}", Elsewhere(service)),
            Route("/{path:path}", respond(NOT_FOUND), methods=every),
        ]
    )
    app.router.redirect_slashes = False  # A-HAND-20: nobody is redirected
    app.router.default = Anywhere(service)
    return app


LAST_WORDS_S = 0.5
"""Seconds between the failure to load a policy and the end, for those who are just opening."""


class Quiet(logging.Filter):
    """Keeps secrets out of the log, and uvicorn's complaint about handshakes that were denied."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the line; drop it if it is about a denial."""
        text = record.getMessage()
        record.msg, record.args = redact(text), None
        return not text.startswith("ASGI callable returned without completing handshake")


class Server(uvicorn.Server):
    """uvicorn, but its end is announced to the sessions, and its beginning to the caller."""

    def __init__(
        self, config: uvicorn.Config, service: Service, on_listening: Callable[[int], None]
    ) -> None:
        super().__init__(config)
        self.service = service
        self.on_listening = on_listening
        self.failure: Exception | None = None
        """Why the policy could not be loaded."""
        self._ending: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: Any = None) -> None:
        """Listen, then say where."""
        self._loop = asyncio.get_running_loop()
        self.service.start(self.on_failed)
        await super().startup(sockets=sockets)
        self.on_listening((sockets or self.servers[0].sockets)[0].getsockname()[1])

    def on_failed(self, error: Exception) -> None:
        """End because there is no policy to serve, once those who wait for it know."""
        self.failure = error
        self.service.fail()
        assert self._loop is not None, "it listens before it loads"
        self._loop.call_later(LAST_WORDS_S, self._leave)

    def _leave(self) -> None:
        self.service.fail()  # those who have opened since
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
        await self.service.shutdown()
        self.should_exit = True


def make_server(
    settings: Settings,
    policy: Any,
    on_listening: Callable[[int], None],
    *,
    session_class: type[ServerSession] = ServerSession,
    gate_class: type[Gate] = Gate,
    uvloop: bool = True,
) -> Server:
    """A server that is ready to run."""
    service = Service(settings, policy, session_class=session_class, gate_class=gate_class)
    config = uvicorn.Config(
        make_app(service),
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
    logging.getLogger("uvicorn.error").addFilter(Quiet())
    return Server(config, service, on_listening)


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
