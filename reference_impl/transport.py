"""What uvicorn's protocols lack: a clock for slow requests, and a short way to the session.

ASGI brings a message through a queue, two tasks and a pause of the socket, which costs as much as
reading the message. So the endpoint takes the handshake by ASGI, finds this protocol in the scope,
and from then on the two call each other.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from enum import Enum, auto
from typing import Any, Protocol

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request
from websockets.protocol import OPEN

from risp.protocol.live import limits

from .action.serving.service import TRANSPORT

REQUEST_WITHIN_S = float(limits.REQUEST_WITHIN_S)
"""A client that has not sent its whole request within this many seconds is cut off (L-HTTP-24)."""
BODY_RATE = float(limits.BODY_RATE)
"""It has a second more for so many bytes of body as it announces."""
MOST_S = 86_400.0
"""No request may take longer than that, whatever it announces, in seconds."""
SPARE_S = 0.5
"""So much later it is cut off even if nobody has told it why, in seconds."""
LINGER_S = 1.5
"""How long the end of a connection may take, before it is cut: a client need not read, ever."""
UNTIL = "risp.until"
"""Where the scope holds the time, on the loop's clock, by which the body has to be there."""


class Due(Enum):
    """What of a request is waited for."""

    NOTHING = auto()
    HEAD = auto()
    BODY = auto()
    REST = auto()
    """The rest of a body that nobody reads any more: the answer is out."""


class HttpProtocol(H11Protocol):
    """HTTP/1.1 that does not wait forever for a request."""

    _slow: asyncio.TimerHandle | None = None
    _due = Due.NOTHING
    _begun = 0.0
    """When the request that is waited for began."""

    def connection_made(self, transport: Any) -> None:
        """Start the clock of the first request."""
        super().connection_made(transport)
        self._begun = self.loop.time()
        self._wait(Due.HEAD, REQUEST_WITHIN_S)

    def data_received(self, data: bytes) -> None:
        """Set the clock for what is still missing."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Set the clock for the next request, which may be there already."""
        super().on_response_complete()
        self._look()

    def _look(self) -> None:
        due = Due.NOTHING if self.transport.is_closing() else self._missing()
        if due is self._due:
            return
        if self._due is not Due.HEAD:
            self._begun = self.loop.time()
        if due is Due.BODY:
            self._wait(due, self._until() - self.loop.time() + SPARE_S)
        elif due is Due.NOTHING:
            self._stop()
        else:
            self._wait(due, REQUEST_WITHIN_S)

    def _missing(self) -> Due:
        now: Any = self.transport.get_protocol()
        if isinstance(now, WebSocketProtocol):
            # `websockets` may refuse a head that h11 took
            return Due.NOTHING if now.handshake_initiated else Due.HEAD
        if self.conn.their_state is h11.SEND_BODY:
            return Due.REST if self.conn.our_state is h11.DONE else Due.BODY
        cycle: Any = self.cycle  # None until there is a request, whatever its annotation says
        if self.conn.their_state is h11.IDLE and (self.conn.trailing_data[0] or cycle is None):
            return Due.HEAD
        return Due.NOTHING

    def _until(self) -> float:
        """When the body of the request that has just begun has to be there; the scope knows too."""
        announced = dict(self.headers).get(b"content-length", b"0")
        seconds = REQUEST_WITHIN_S + int(announced) / BODY_RATE
        until = self._begun + min(seconds, MOST_S)
        scope: Any = self.scope
        scope[UNTIL] = until
        return until

    def _wait(self, due: Due, seconds: float) -> None:
        self._stop()
        self._due = due
        self._slow = self.loop.call_later(seconds, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock with the connection."""
        super().connection_lost(exc)
        self._stop()

    def _stop(self) -> None:
        self._due = Due.NOTHING
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None


class Listener(Protocol):
    """Who takes the messages of one WebSocket."""

    def on_message(self, message: str | bytes, /) -> None:
        """One message has come."""
        ...

    def on_ping(self) -> None:
        """A ping has come, and is answered; or a pong."""
        ...

    def on_writable(self) -> None:
        """The client reads again."""
        ...


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A WebSocket that calls its listener, and is called by it."""

    listener: Listener | None = None
    """Set by the endpoint before it accepts."""
    _finishing: asyncio.Task[None] | None = None
    _cut: asyncio.TimerHandle | None = None
    _is_unwanted = False
    """Whether the listener wants to hear no more for now."""
    _is_clogged = False
    """Whether pings wait for a client that does not read their pongs."""

    def data_received(self, data: bytes) -> None:
        """Read on; a head that is none for `websockets` is refused, which uvicorn forgets."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._refuse(str(self.conn.handshake_exc))

    def _refuse(self, why: str) -> None:
        self.conn.data_to_send()  # an answer of its own, in plain text and for some causes only
        body = json.dumps({"code": "bad_request", "detail": f"no opening handshake: {why}"})
        lines = [
            "HTTP/1.1 400 Bad Request",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        self.transport.write("\r\n".join([*lines, "", body]).encode())
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is left to be cut."""
        super().connection_lost(exc)
        if self._cut is not None:
            self._cut.cancel()

    def eof_received(self) -> None:
        """Close, as uvicorn does; but the rest need not be read any more, so do not wait long."""
        super().eof_received()
        self.let_go()

    def shutdown(self) -> None:
        """Close with the server."""
        if not self.is_writable:
            self.transport.abort()  # no Close would get through
        elif self.conn.eof_sent:
            self.transport.close()  # all is said; uvicorn would say it again, and fail
        else:
            super().shutdown()

    def handle_close(self, event: Frame) -> None:
        """Answer a Close, and go."""
        super().handle_close(event)
        self.let_go()

    def handle_parser_exception(self) -> None:
        """Close because of what the client sent, and go."""
        if self.conn.close_sent is None:  # it came before the handshake was through
            self.transport.close()
        else:
            super().handle_parser_exception()
        self.let_go()

    def handle_connect(self, event: Request) -> None:
        """Put this protocol into the scope, where the endpoint finds it."""
        super().handle_connect(event)
        extensions: Any = getattr(self, "scope", {}).get("extensions")
        if extensions is not None:
            extensions[TRANSPORT] = self

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message to the listener."""
        if self.listener is None:
            super().send_receive_event_to_app()
            return
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return
        if self.curr_msg_data_type == "bytes":
            self.listener.on_message(bytes(data))
            return
        try:
            text = str(data, "utf-8")
        except UnicodeDecodeError:
            self._on_bad_text()
        else:
            self.listener.on_message(text)

    def _on_bad_text(self) -> None:
        if self.conn.state is OPEN:  # else the client's own Close came with it
            self.conn.send_close(1007)  # A-ERR-19
            self.handle_parser_exception()

    def handle_ping(self) -> None:
        """Answer it, and tell of it: any frame is a sign of life."""
        super().handle_ping()
        if not self.is_writable:
            self._is_clogged = True  # pongs count too: they must not pile up without bounds
            self._heed()
        if self.listener is not None:
            self.listener.on_ping()

    def handle_pong(self, event: Frame) -> None:
        """Take one that nobody asked for as the sign of life that it is."""
        super().handle_pong(event)
        if self.listener is not None:
            self.listener.on_ping()

    def resume_writing(self) -> None:
        """Tell the listener that there is room again."""
        super().resume_writing()
        if self._is_clogged:
            self._is_clogged = False
            self._heed()
        if self.listener is not None:
            self.listener.on_writable()

    @property
    def is_writable(self) -> bool:
        """Whether a message would go out now, and not pile up."""
        return self.writable.is_set()

    def say(self, message: str | bytes) -> None:
        """Send one message, unfragmented."""
        if self.conn.state is not OPEN or self.transport.is_closing():
            return  # a Close may have come in one segment with what is answered here
        if isinstance(message, str):
            self.conn.send_text(message.encode())
        else:
            self.conn.send_binary(message)
        self.transport.write(b"".join(self.conn.data_to_send()))

    def finish(self, code: int) -> None:
        """Close with a code."""
        self.let_go()
        self._finishing = self.loop.create_task(self._finish(code))

    async def _finish(self, code: int) -> None:
        if self.disconnected or self.close_sent:
            return
        with suppress(OSError):  # it is gone, which is what was wanted
            await self.send({"type": "websocket.close", "code": code})
        self.listen(True)  # for the client's Close

    def let_go(self) -> None:
        """Cut the connection soon, whether or not the client has read what it was sent."""
        if self._cut is None and not self.disconnected:
            self._cut = self.loop.call_later(LINGER_S, self.transport.abort)

    def listen(self, listening: bool) -> None:
        """Read on, or stop reading for a while."""
        self._is_unwanted = not listening
        self._heed()

    def _heed(self) -> None:
        """Read if nothing speaks against it."""
        if self.transport.is_closing():
            return
        if self._is_unwanted or self._is_clogged:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()
