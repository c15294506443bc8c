"""Text messages over a transport: the client's side of RFC 6455, framed by `websockets`."""

from __future__ import annotations

import contextlib
from collections import deque

from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol as Framing
from websockets.protocol import Side, State

from risp.protocol.action.limits import CLOSE_WITHIN_S

from .failures import ConnectionEnded
from .transport import Network, Transport

MAX_MESSAGE = 1 << 28
"""The largest message taken, in bytes: a bound, far beyond any chunk."""


class WebSocket:
    """An upgraded connection. Pings are answered while it is read from, and only then."""

    def __init__(self, network: Network, transport: Transport, early: bytes) -> None:
        self._network = network
        self._transport = transport
        self._framing = Framing(Side.CLIENT, max_size=MAX_MESSAGE)
        self._texts: deque[bytes | bytearray] = deque()
        self._parts: list[bytes | bytearray] = []
        self._is_text = False
        self._mute = ""
        if early:
            self._feed(early)

    async def send(self, text: bytes, deadline: float) -> None:
        """Send one unfragmented text message; raises TimeoutError or ConnectionEnded.

        After that nothing more can be sent, but what has arrived can be read, as far as the
        network kept it: often it says why the server hung up.
        """
        self._check_alive()
        if self._mute:
            raise ConnectionEnded(self._mute)
        self._framing.send_text(text)
        await self._flush(deadline)

    async def receive(self, deadline: float) -> bytes | bytearray:
        """Return the next text message; binary ones are passed over.

        Raises TimeoutError from the deadline on, however much has arrived (A-CLIENT-6: what nobody
        awaits must not prolong a wait), and ConnectionEnded if no message can come any more.
        """
        while self._network.now() < deadline:
            if self._texts:
                return self._texts.popleft()
            await self._read(deadline)
        raise TimeoutError

    async def poll(self) -> bytes | bytearray | None:
        """Return a text message that has arrived, or None; raises ConnectionEnded."""
        if not self._texts:
            with contextlib.suppress(TimeoutError):
                await self._read(0.0)
        return self._texts.popleft() if self._texts else None

    async def close(self, last_words: bytes | None, deadline: float) -> None:
        """Say good-bye, wait until the deadline for the server to do so, let go. Raises nothing."""
        try:
            if not self._mute and self._framing.state is State.OPEN:
                if last_words is not None:
                    self._framing.send_text(last_words)
                self._framing.send_close()
                await self._flush(deadline)
                while True:
                    await self.receive(deadline)
        except (TimeoutError, ConnectionEnded):
            pass
        finally:
            await self._transport.close()

    async def _read(self, deadline: float) -> None:
        self._check_alive()
        try:
            data = await self._transport.receive(deadline)
        except TimeoutError:
            raise
        except OSError as error:
            self._framing.receive_eof()
            raise ConnectionEnded(f"the connection broke: {error}") from error
        self._feed(data)
        if self._framing.writes and not self._mute:
            # A pong, or the answer to a Close: too late if the server is gone.
            with contextlib.suppress(ConnectionEnded, TimeoutError):
                await self._flush(self._network.now() + CLOSE_WITHIN_S)

    def _check_alive(self) -> None:
        if self._framing.state is State.OPEN:
            return
        broken, close = self._framing.parser_exc, self._framing.close_rcvd
        if close is not None:
            what = f"the server closed with {close.code}" + f": {close.reason}" * bool(close.reason)
            raise ConnectionEnded(what, int(close.code), close.reason)
        if broken is not None and not isinstance(broken, EOFError):
            raise ConnectionEnded(f"the server breaks the WebSocket protocol: {broken}")
        if self._framing.reader.eof:
            raise ConnectionEnded("the connection ended without a Close")

    async def _flush(self, deadline: float) -> None:
        data = b"".join(self._framing.data_to_send())
        if not data:
            return
        try:
            await self._transport.send(data, deadline)
        except TimeoutError:
            # Half a message may be out, so that nothing can follow it.
            self._mute = "a message could not be sent in time"
            raise
        except OSError as error:
            self._mute = f"the connection broke: {error}"
            raise ConnectionEnded(self._mute) from error

    def _feed(self, data: bytes) -> None:
        if data:
            self._framing.receive_data(data)
        else:
            self._framing.receive_eof()
        for event in self._framing.events_received():
            if isinstance(event, Frame):
                self._take(event)

    def _take(self, frame: Frame) -> None:
        """Put fragments together; our own servers send none, others may."""
        if frame.opcode is Opcode.TEXT and frame.fin:
            self._texts.append(bytes(frame.data))
            return
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._parts, self._is_text = [], frame.opcode is Opcode.TEXT
        elif frame.opcode is not Opcode.CONT:
            return
        self._parts.append(bytes(frame.data))
        if frame.fin and self._is_text:
            self._texts.append(b"".join(self._parts))
