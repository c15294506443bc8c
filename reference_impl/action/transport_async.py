"""The network by asyncio's streams."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time

from .transport import READ_SIZE

_CLOSE_S = 1.0
"""How long TLS may take to say good-bye."""


class AsyncioTransport:
    """One TCP connection over asyncio's streams. See `transport.Transport`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def start_tls(self, host: str, deadline: float) -> None:
        """Speak TLS from now on, by the system's trusted certificates."""
        async with asyncio.timeout(_left(deadline)):
            await self._writer.start_tls(ssl.create_default_context(), server_hostname=host)

    async def send(self, data: bytes, deadline: float) -> None:
        """Write all of the bytes, and wait while the server is slow to take them."""
        self._writer.write(data)
        async with asyncio.timeout(_left(deadline)):
            await self._writer.drain()

    async def receive(self, deadline: float) -> bytes:
        """Return the next bytes; none at the end of the stream."""
        left = _left(deadline)
        if not left:
            # What the kernel holds reaches the reader only when the loop has turned.
            await asyncio.sleep(0)
        async with asyncio.timeout(left):
            return await self._reader.read(READ_SIZE)

    async def close(self) -> None:
        """Close the connection; what TLS has left to say is cut off after a moment."""
        self._writer.close()
        try:
            async with asyncio.timeout(_CLOSE_S):
                with contextlib.suppress(OSError):
                    await self._writer.wait_closed()
        except TimeoutError:
            self._writer.transport.abort()


class AsyncioNetwork:
    """Makes connections on the running loop. See `transport.Network`."""

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let others run for a while."""
        await asyncio.sleep(seconds)

    async def connect(self, host: str, port: int, deadline: float) -> AsyncioTransport:
        """Connect to the first of the host's addresses that answers."""
        async with asyncio.timeout(_left(deadline)):
            # asyncio sets TCP_NODELAY by itself.
            return AsyncioTransport(*await asyncio.open_connection(host, port, limit=READ_SIZE))


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
