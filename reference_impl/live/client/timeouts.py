"""How long a client waits for what, and how it polls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, fields

from risp.protocol.live.limits import ANSWER_WITHIN_S, PUBLISH_ANSWER_S, WAITING_WITHIN_S

SLACK_S = 2.0
"""What an answer may take on its way, besides the time that the server has for it, in seconds."""
FIRST_POLL_S = 0.1
"""The wait after the first poll (L-CLIENT-7)."""
LONGEST_POLL_S = 5.0
"""Waits between polls double, but for no longer than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a client waits, in seconds. Raises ValueError for what is not positive."""

    request_s: float = 10.0
    """For the answer to one HTTP request; a file may take longer by its size."""
    busy_s: float = 2.0
    """For the place of a local session that is just ending."""
    place_s: float = WAITING_WITHIN_S + 10 * SLACK_S
    """For a place on the server: until the session can be connected to."""
    answer_s: float = ANSWER_WITHIN_S + SLACK_S
    """For the answer to an offer."""
    open_s: float = 15.0
    """For the channels to open, after the answer."""
    reply_s: float = PUBLISH_ANSWER_S + SLACK_S
    """For the answer to a request on a channel."""
    send_s: float = 10.0
    """For a message to leave, where the network is slower than the application."""
    silence_s: int = 12
    """Without a packet of the server, until the connection is lost."""
    close_s: float = 5.0
    """For what is still under way when a client ends."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise ValueError(f"{field.name} is in seconds, and greater than zero")


async def polls() -> AsyncIterator[None]:
    """The moments to look again: the first is now, the waits between them grow."""
    wait = FIRST_POLL_S
    while True:
        yield
        await asyncio.sleep(wait)
        wait = min(2 * wait, LONGEST_POLL_S)
