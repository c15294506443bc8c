"""The few things a stream asks of the network, so that its logic can be written once.

Two skins give them: `transport_sync` blocks, `transport_async` awaits. A deadline is a time on
`Network.now`; one that has passed means "what is here already, without waiting". Every wait raises
TimeoutError at its deadline and OSError where the network fails (A-CLIENT-6).
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

READ_SIZE = 1 << 18
"""Bytes asked of the kernel at a time: more than a usual chunk."""


class Transport(Protocol):
    """One TCP connection."""

    async def start_tls(self, host: str, deadline: float) -> None:
        """Speak TLS from now on, with a certificate that is valid for the host."""
        ...

    async def send(self, data: bytes, deadline: float) -> None:
        """Hand over all of the bytes."""
        ...

    async def receive(self, deadline: float) -> bytes:
        """Return the next bytes, as many as are there; none at the end of the stream."""
        ...

    async def close(self) -> None:
        """Let go of the connection. Raises nothing, and takes no longer than a moment."""
        ...


class Network(Protocol):
    """Makes connections and knows the time."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    async def connect(self, host: str, port: int, deadline: float) -> Transport:
        """Connect to one of the host's addresses, IPv6 or IPv4."""
        ...


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine whose awaitables all complete at once; raises RuntimeError if one does not.

    So the stream's logic, which is written for `await`, serves blocking sockets as it stands.
    """
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    work.close()
    raise RuntimeError("a blocking transport must not suspend")
