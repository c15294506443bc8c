"""Calls that other threads leave for the event loop: what `call_soon_threadsafe` does, but sooner.

A bell that is rung by a system call lets go of the interpreter, so that the loop's thread wakes up
to a free one. uvloop rings its own with the interpreter in hand: the loop's thread wakes up, finds
it taken, sleeps again, and is woken once more, which costs more than all else between two threads.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class Doorbell:
    """Runs calls on the loop that was running when it was made, in the order in which they come."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._inside, self._outside = socket.socketpair()
        self._inside.setblocking(False)
        self._outside.setblocking(False)
        try:
            self._loop.add_reader(self._inside, self._answer)
        except NotImplementedError:
            # The loop of Windows watches no sockets; its own bell is of this kind already.
            self.close()

    def call(self, act: Callable[..., None], *arguments: Any) -> None:
        """Have the loop make a call, unless it has ended by then. Any thread may do so."""
        if self._outside.fileno() < 0:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(act, *arguments)
            return
        self._calls.append((act, arguments))
        # Rung so often that no more bells fit in: it will be heard. Closed just now: nobody will.
        with suppress(OSError):
            self._outside.send(b"\0")

    def close(self) -> None:
        """Leave what comes from now on to the loop's own bell."""
        with suppress(NotImplementedError):
            self._loop.remove_reader(self._inside)
        self._inside.close()
        self._outside.close()

    def _answer(self) -> None:
        self._inside.recv(4096)  # first, so that who rings from now on is heard later
        while self._calls:
            act, arguments = self._calls.popleft()
            # A round of the loop for each, so that one that raises keeps no other from its turn.
            self._loop.call_soon(act, *arguments)
