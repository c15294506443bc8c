"""What both sides of a connection need of aiortc."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from aiortc import RTCPeerConnection, RTCTransportStats

logger = logging.getLogger("risp.live")

ENDED = frozenset({"failed", "closed"})
"""The states of a connection from which nothing comes back."""
CLOSE_S = 1.0
"""How long aiortc may take to close a connection, in seconds."""
PART_S = 0.2
"""How long a part of it may take to stop after that, in seconds."""


async def packets(pc: RTCPeerConnection) -> int:
    """How many packets have come so far; those of ICE do not count."""
    report: Any = await pc.getStats()
    stats: list[Any] = list(report.values())
    if not pc.getTransceivers() and pc.sctp is not None:
        # getStats leaves the transport out where there are only channels.
        transport: Any = pc.sctp.transport
        stats = list(transport._get_stats().values())
    return sum(int(one.packetsReceived) for one in stats if isinstance(one, RTCTransportStats))


async def close(pc: RTCPeerConnection) -> None:
    """Close a connection and free all of it, in bounded time."""
    _send_nothing_again(pc)
    own = own_tasks(pc)
    try:
        async with asyncio.timeout(CLOSE_S):
            await pc.close()
    except TimeoutError:
        await _break_off(pc)
    own |= own_tasks(pc)
    if own:
        _, late = await asyncio.wait(own, timeout=PART_S)
        for task in late:
            task.cancel()


def _send_nothing_again(pc: RTCPeerConnection) -> None:
    """Stop the timer by which aiortc repeats what was not received: it outlives the connection."""
    sctp: Any = pc.sctp
    if hasattr(sctp, "_t3_cancel"):
        sctp._t3_cancel()
        sctp._t3_start = sctp._t3_restart = lambda: None


def own_tasks(pc: RTCPeerConnection) -> set[asyncio.Task[Any]]:
    """Tasks of a connection that aiortc keeps no reference to, so that nobody looks at their end.

    They fail where an answer is no use, or a connection is closed while it comes about or sends;
    from now on that is borne in silence.
    """
    found: set[asyncio.Task[Any]] = set()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        frame: Any = getattr(task.get_coro(), "cr_frame", None)
        owner = frame.f_locals.get("self") if frame is not None else None
        if owner is not None and (owner is pc or owner is pc.sctp):
            task.add_done_callback(_look)
            found.add(task)
    return found


def _look(task: asyncio.Task[Any]) -> None:
    """Look at how a task has ended, since asyncio complains where nobody does."""
    if not task.cancelled():
        task.exception()


async def _break_off(pc: RTCPeerConnection) -> None:
    """Free what aiortc has not: forged packets can end a task of its own that it waits for."""
    logger.info("a connection is broken off, since it cannot be closed")
    transceivers = pc.getTransceivers()
    parts: list[Any] = [part for one in transceivers for part in (one.receiver, one.sender)]
    await _stopped(parts)
    transports: set[Any] = {part.transport for part in parts}
    transports |= {pc.sctp.transport} if pc.sctp is not None else set()
    await _stopped(transports)
    await _stopped(one.transport for one in transports)


async def _stopped(parts: Iterable[Any]) -> None:
    """Stop parts of a connection, as far as they can be, and not for long."""
    stops = (asyncio.wait_for(part.stop(), PART_S) for part in parts)
    await asyncio.gather(*stops, return_exceptions=True)
