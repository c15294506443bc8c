"""The endpoint of the action profile: gate, engine and connections behind one ASGI callable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from ..policy import Description
from ..server import ServerSession
from .connection import Connection
from .engine import Engine
from .gate import Gate, Handshake, Refusal, Welcome
from .settings import Settings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Verdict = Welcome | Refusal

TRANSPORT = "risp.transport"
"""Where the scope's `extensions` hold the WebSocket itself: messages go past ASGI."""


def handshake(scope: Message) -> Handshake:
    """What an ASGI scope says about a request."""
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return Handshake(headers, scope["query_string"].decode("latin-1"), scope["subprotocols"])


async def deny(send: Send, refusal: Refusal) -> None:
    """Answer a handshake with HTTP in place of the upgrade."""
    members = {"Content-Type": "application/json", **refusal.headers}
    headers = [(name.lower().encode(), value.encode()) for name, value in members.items()]
    kind = "websocket.http.response"
    await send({"type": f"{kind}.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": refusal.body})


class Service:
    """One published policy: who comes in gets a session of its own."""

    def __init__(
        self,
        settings: Settings,
        policy: Any,
        *,
        session_class: type[ServerSession] = ServerSession,
        gate_class: type[Gate] = Gate,
    ) -> None:
        self.settings = settings
        self.gate = gate_class(settings)
        self.engine = Engine(policy)
        self.session_class = session_class
        self.connections: set[Connection] = set()
        self._empty = asyncio.Event()

    def start(self, on_failed: Callable[[Exception], None]) -> None:
        """Start the policy's workers on the running loop."""
        self.engine.start(self._loaded, on_failed)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one WebSocket at the published path (ASGI)."""
        await self.serve(scope, receive, send, self.gate.judge)

    async def serve(
        self, scope: Message, receive: Receive, send: Send, judge: Callable[[Handshake], Verdict]
    ) -> None:
        """Serve one WebSocket, if it is let in."""
        await receive()  # websocket.connect
        verdict = judge(handshake(scope))
        if isinstance(verdict, Refusal):
            await deny(send, verdict)
            return
        now = time.monotonic()
        session = self.session_class(
            self.settings,
            self.engine.about,
            now,
            wall_ns=time.time_ns(),
            resets=self.engine.resets,
        )
        transport = scope["extensions"][TRANSPORT]
        connection = transport.listener = Connection(session, self.engine, transport)
        self.connections.add(connection)
        self.gate.sessions += 1
        try:
            await send({"type": "websocket.accept", "subprotocol": verdict.subprotocol})
            connection.open()
            await receive()  # websocket.disconnect: all else goes past ASGI
        except OSError:
            pass  # gone before the upgrade was through
        finally:
            connection.on_end()
            self.gate.sessions -= 1
            self.connections.discard(connection)
            if not self.connections:
                self._empty.set()

    def _loaded(self, about: Description) -> None:
        for connection in list(self.connections):
            connection.loaded(about)

    def fail(self) -> None:
        """There will be no policy: tell those who wait for it."""
        for connection in list(self.connections):
            connection.fail()

    async def shutdown(self, reason: str = "shutdown") -> None:
        """Announce the end, and wait until what is owed is answered or the grace has passed."""
        grace = self.settings.grace_s
        self.gate.ending = True
        for connection in list(self.connections):
            connection.shutdown(reason, grace)
        if self.connections:
            self._empty.clear()
            try:
                async with asyncio.timeout(grace + 0.5):
                    await self._empty.wait()
            except TimeoutError:
                self.abort()

    def abort(self) -> None:
        """End every session at once."""
        for connection in list(self.connections):
            connection.abort()
