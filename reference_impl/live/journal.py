"""What happens on a server, for those who watch `GET /events`."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from risp.protocol.codec import dump

MAX_EVENTS = 500
"""So many events are kept."""
MAX_KEPT = 4 << 20
"""So many characters of them are kept."""
MAX_DETAIL = 16 << 10
"""A detail with more characters is told of in short."""
MAX_BEHIND = 256
"""A watcher who has not taken so many events is sent away, and may come again."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that has happened."""

    id: int
    """Greater than that of every event before it."""
    text: str
    """Its JSON, as `data:` carries it."""


class Watch:
    """One watcher's events, in their order; it ends with the journal, or if it is not read."""

    def __init__(self, journal: Journal, waiting: list[Event]) -> None:
        self._journal = journal
        self._events = deque(waiting)
        self._changed = asyncio.Event()
        self._is_over = False

    async def __aenter__(self) -> Watch:
        return self

    async def __aexit__(self, *error: object) -> None:
        self._journal.forget(self)

    async def __aiter__(self) -> AsyncIterator[Event]:
        while (event := await self.next()) is not None:
            yield event

    async def next(self) -> Event | None:
        """The next event; None at the end. It may be cancelled, and loses none by it."""
        while not self._events and not self._is_over:
            self._changed.clear()
            await self._changed.wait()
        return self._events.popleft() if self._events else None

    def take(self, event: Event) -> bool:
        """Take one more; False where too many wait already."""
        if len(self._events) >= MAX_BEHIND + MAX_EVENTS:
            return False
        self._events.append(event)
        self._changed.set()
        return True

    def end(self) -> None:
        """Let there be no more."""
        self._is_over = True
        self._changed.set()


class Journal:
    """The newest events, and who watches. It is used on the event loop only."""

    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._events: deque[Event] = deque()
        self._kept = 0
        self._last = 0
        self._watches: set[Watch] = set()
        self._is_closed = False

    def add(self, event: str, before: str, after: str, detail: Mapping[str, Any]) -> None:
        """Write down what has happened, in the words of the local routes (L-LOCAL-11)."""
        entry = {
            "type": "transition",
            "event": event,
            "from": before,
            "to": after,
            "ts": int(self._wall() * 1000),
        }
        self._last += 1
        self._keep(Event(self._last, dump({**entry, "detail": _short(detail)})))

    def _keep(self, event: Event) -> None:
        self._events.append(event)
        self._kept += len(event.text)
        while len(self._events) > MAX_EVENTS or self._kept > MAX_KEPT:
            self._kept -= len(self._events.popleft().text)
        for watch in list(self._watches):
            if not watch.take(event):
                watch.end()
                self._watches.discard(watch)

    def since(self, known: int) -> list[Event]:
        """The events after the one with that id, as far as they are kept."""
        return [event for event in self._events if event.id > known]

    def watch(self, known: int | None = None) -> Watch:
        """What follows an event (L-LOCAL-12), or what happens from now on."""
        watch = Watch(self, [] if known is None else self.since(known))
        if self._is_closed:
            watch.end()
        else:
            self._watches.add(watch)
        return watch

    def forget(self, watch: Watch) -> None:
        """A watcher has gone."""
        self._watches.discard(watch)

    def close(self) -> None:
        """End every watch, and let no other begin."""
        self._is_closed = True
        for watch in self._watches:
            watch.end()
        self._watches.clear()


def _short(detail: Mapping[str, Any]) -> dict[str, Any]:
    """A detail that can be written and is not too long: else without what makes it so."""
    try:
        if len(dump(dict(detail))) <= MAX_DETAIL:
            return dict(detail)
    except TypeError:
        pass  # a member is no JSON; a journal is no reason to fail
    plain = {
        name: value[:200] if isinstance(value, str) else value
        for name, value in detail.items()
        if value is None or isinstance(value, str | bool | int | float)
    }
    return {**plain, "cut": True}
