"""Who is told what: events, and the application's functions for them.

A handler may be a coroutine function. One handler is never run twice at once: what happens
meanwhile waits its turn, so that order is kept.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final

logger = logging.getLogger("risp.live.client")

Function = Callable[..., Any]
"""A handler: what it returns is ignored, but for a coroutine, which is awaited."""

EVENTS: Final = (
    "status_changed",
    "session_id_changed",
    "message",
    "runtime_message",
    "track_received",
    "error",
    "session_expiration_changed",
    "capabilities_received",
)
"""The events, by the names that deployed clients have for them."""
ALIASES: Final = {"new_message": "message"}
"""Older names, which still do."""
LONG_S = 1.0
"""A function that holds up the event loop for longer, in seconds, is told of in the log."""
MAX_WAITING = 1000
"""So many calls of one handler may wait; then the oldest is dropped, and the log says so."""


_STOPS = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""What ends a program, or a coroutine that is thrown away; it is no failure of a handler."""


class Handler:
    """One function of the application; with `only`, for what has one of these as its argument."""

    def __init__(
        self,
        function: Function,
        failed: Callable[[BaseException], None],
        waiting: int = MAX_WAITING,
        only: frozenset[Any] | None = None,
    ) -> None:
        self.function = function
        self._failed = failed
        self._only = only
        self._waiting: deque[tuple[Any, ...]] = deque(maxlen=waiting)
        self._is_slow = waiting == MAX_WAITING
        self._task: asyncio.Task[None] | None = None

    @property
    def task(self) -> asyncio.Task[None] | None:
        """What runs, if something does."""
        task = self._task
        is_running = task is not None and not task.done() and not task.get_loop().is_closed()
        return task if is_running else None

    def __call__(self, *arguments: Any) -> None:
        """Call the function, or have it called as soon as its calls before have returned."""
        if self._only is not None and arguments[0] not in self._only:
            return
        if self.task is not None:
            if self._is_slow and len(self._waiting) == MAX_WAITING:
                logger.warning("%s is too slow: its oldest call is dropped", self.function)
            self._waiting.append(arguments)
            return
        self._waiting.clear()  # what waited for a call that was cancelled
        awaitable = self._called(arguments)
        if awaitable is not None:
            self._task = asyncio.ensure_future(self._run(awaitable))

    def forget(self) -> None:
        """Drop the calls that wait."""
        self._waiting.clear()

    def _called(self, arguments: tuple[Any, ...]) -> Awaitable[Any] | None:
        began = time.monotonic()
        try:
            result = self.function(*arguments)
        except _STOPS:
            raise
        except BaseException as error:  # noqa: BLE001  # a CancelledError would end who calls
            self._failed(error)
            return None
        took = time.monotonic() - began
        if took > LONG_S:
            logger.warning("%s has held up the event loop for %.1f s", self.function, took)
        return result if inspect.isawaitable(result) else None

    async def _run(self, awaitable: Awaitable[Any] | None) -> None:
        while True:
            if awaitable is not None:
                try:
                    await awaitable
                except _STOPS:
                    raise
                except BaseException as error:
                    task = asyncio.current_task()
                    if task is not None and task.cancelling():
                        raise
                    self._failed(error)
            if not self._waiting:
                return
            awaitable = self._called(self._waiting.popleft())


class Handlers:
    """All functions of one application."""

    def __init__(self, failed: Callable[[BaseException, str], None]) -> None:
        self._failed = failed
        self._by_event: dict[str, list[Handler]] = {event: [] for event in EVENTS}
        self._frames: dict[str | None, Handler] = {}
        self._retired: list[Handler] = []

    def on(self, event: str, function: Function, only: frozenset[Any] | None = None) -> None:
        """Add a handler; raises ValueError for an unknown event, TypeError for no function."""
        name = _known(event)
        _function(function)
        made = Handler(function, lambda error: self._failed(error, name), only=only)
        self._by_event[name].append(made)

    def off(self, event: str, function: Function) -> None:
        """Remove a handler; one that is not there is none to remove."""
        name = _known(event)
        for place, one in enumerate(self._by_event[name]):
            if one.function == function:
                del self._by_event[name][place]
                self._retire(one)
                return

    def emit(self, event: str, *arguments: Any) -> None:
        """Tell all handlers of an event, in the order in which they were added."""
        listed = self._by_event[event]
        for one in tuple(listed):
            if one in listed:  # one before it may have removed it
                one(*arguments)

    def set_frames(self, track: str | None, function: Function | None) -> None:
        """Set who is given the frames of a track, or of every track; None: nobody any more."""
        if function is None:
            for key in tuple(self._frames) if track is None else (track,):
                if key in self._frames:
                    self._retire(self._frames.pop(key))
            return
        _function(function)
        old = self._frames.get(track)
        if old is not None:
            self._retire(old)
        # One frame waits at most: who is too slow gets the newest, and never old ones.
        self._frames[track] = Handler(function, lambda error: self._failed(error, "frame"), 1)

    def has(self, event: str) -> bool:
        """Whether anybody is told of an event."""
        return bool(self._by_event[event])

    @property
    def tracks(self) -> list[str]:
        """The tracks that handlers of frames have been set for by name."""
        return [track for track in self._frames if track is not None]

    def wants_frames(self, track: str) -> bool:
        """Whether somebody is given the frames of a track."""
        return None in self._frames or track in self._frames

    def show(self, track: str, frame: Any) -> None:
        """Give a frame to whoever wants it."""
        for key in (None, track):
            if key in self._frames:
                self._frames[key](frame)

    def _retire(self, handler: Handler) -> None:
        handler.forget()
        self._retired = [one for one in (*self._retired, handler) if one.task is not None]

    @property
    def running(self) -> set[asyncio.Task[None]]:
        """Handlers that have not returned."""
        listed = [one for many in self._by_event.values() for one in many]
        everybody = (*listed, *self._frames.values(), *self._retired)
        return {one.task for one in everybody if one.task is not None}


def _known(event: str) -> str:
    name = ALIASES.get(event, event)
    if name not in EVENTS:
        raise ValueError(f"no event is called {event!r}: there are {', '.join(EVENTS)}")
    return name


def _function(given: Any) -> None:
    if not callable(given):
        raise TypeError(f"a handler is a function, and not a {type(given).__name__}")


async def ended(tasks: Collection[asyncio.Task[Any]], within: float) -> None:
    """Wait until tasks have ended, but for the one that asks; what takes longer is cancelled."""
    others = {task for task in tasks if task is not asyncio.current_task() and not task.done()}
    if not others:
        return
    _, late = await asyncio.wait(others, timeout=within)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=within)
