"""From an address to an open session: connect, upgrade, `session.open`, and try again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from risp.protocol.action.frames import SERVER_FRAMES, Error, SessionReady, SessionStatus
from risp.protocol.action.limits import CLOSE_WITHIN_S

from .books import Json
from .environment import Environment
from .failures import ConnectionEnded, MalformedFrame, ServerError, WebSocketHandshakeError
from .handshake import upgrade
from .incoming import parse
from .retry import Retry
from .transport import Network, Transport
from .websocket import WebSocket

_READY, _STATUS, _ERROR = SessionReady.tag(), SessionStatus.tag(), Error.tag()


@dataclass(frozen=True, slots=True)
class Opened:
    """What a successful opening leaves behind."""

    socket: WebSocket
    """The connection."""
    ready: Json
    """The server's `session.ready`."""
    timing: dict[str, float] = field(default_factory=dict[str, float])
    """Milliseconds by step, as `Stream.open_timing` names them."""


class Opening:
    """One call of `open`, with its attempts."""

    def __init__(self, network: Network, where: Environment, timeout: float, text: bytes) -> None:
        self._network = network
        self._where = where
        self._timeout = timeout
        self._text = text
        self._timing: dict[str, float] = {}
        self._began = network.now()
        self._retry = Retry(where.retry_seconds, self._began)

    async def run(self) -> Opened:
        """Open a session; `text` is its `session.open`.

        Raises WebSocketHandshakeError, ServerError, ConnectionEnded, MalformedFrame, TimeoutError
        or another OSError: at once if it is final, else when the time for retries is over.
        """
        while True:
            try:
                socket = await self._connect()
            except (OSError, WebSocketHandshakeError) as problem:
                await self._pause(problem)
                continue
            try:
                ready = await self._begin_session(socket)
            except (ServerError, ConnectionEnded) as problem:
                await self._abandon(socket)
                await self._pause(problem)
                continue
            except BaseException:
                await self._abandon(socket)
                raise
            self._timing["open_ms"] = self._since(self._began)
            return Opened(socket, ready, self._timing)

    async def _connect(self) -> WebSocket:
        """Connect, speak TLS if the address says so, upgrade; all within one time-out."""
        network, address = self._network, self._where.address
        began = network.now()
        deadline = began + self._timeout
        transport: Transport = await network.connect(address.host, address.port, deadline)
        try:
            lap = self._laps(began)
            self._timing["tcp_ms"] = lap()
            if address.secure:
                await transport.start_tls(address.host, deadline)
            self._timing["tls_ms"] = lap() if address.secure else 0.0
            early = await upgrade(network, transport, address, self._where.key, deadline)
            self._timing["websocket_upgrade_ms"] = lap()
            self._timing["connect_ms"] = self._since(began)
            return WebSocket(network, transport, early)
        except BaseException:
            await transport.close()
            raise

    async def _begin_session(self, socket: WebSocket) -> Json:
        began = self._network.now()
        deadline = began + self._timeout
        # A-CLIENT-1: whatever else there is to say comes later.
        await socket.send(self._text, deadline)
        while True:
            try:
                frame = parse(await socket.receive(deadline))
            except TimeoutError:
                message = f"no {_READY} came within {self._timeout:g} s"
                raise TimeoutError(message) from None
            kind = frame["type"]
            if kind == _READY:
                self._timing["session_ready_ms"] = self._since(began)
                return frame
            if kind == _STATUS:
                # A-CLIENT-11: a model that loads is not a server that hangs.
                deadline = self._network.now() + self._timeout
            elif kind == _ERROR:
                raise ServerError(frame)
            elif kind in SERVER_FRAMES:
                raise MalformedFrame(f"the server sent {kind} in place of {_READY}")

    async def _abandon(self, socket: WebSocket) -> None:
        await socket.close(None, self._network.now() + CLOSE_WITHIN_S)

    async def _pause(self, problem: Exception) -> None:
        delay = self._retry.delay(problem, self._network.now())
        if delay is None:
            raise problem
        await self._network.sleep(delay)

    def _since(self, begin: float) -> float:
        return (self._network.now() - begin) * 1000

    def _laps(self, begin: float) -> Callable[[], float]:
        last = begin

        def lap() -> float:
            nonlocal last
            before, last = last, self._network.now()
            return (last - before) * 1000

        return lap
