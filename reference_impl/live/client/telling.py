"""The half of a client that tells: its handlers, and its state for whoever asks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from risp.protocol.live.session import CLIENT_TABLE, Status
from risp.protocol.machine import Move

from .failures import Component, LiveError
from .handlers import Function, Handlers

logger = logging.getLogger("risp.live.client")

F = TypeVar("F", bound=Function)


@dataclass(frozen=True, slots=True)
class ClientState:
    """What `get_state()` tells."""

    status: Status
    last_error: LiveError | None = None


ReactorState = ClientState
ReactorStatus = Status
"""The names that deployed clients have for them."""


class Telling:
    """Handlers and status of a client."""

    def __init__(self) -> None:
        self._handlers = Handlers(self._on_failed)
        self._status = CLIENT_TABLE.initial
        self._last_error: LiveError | None = None

    def on(self, event: str, handler: Function) -> None:
        """Call `handler` at each event of this name; a coroutine function is awaited.

        `status_changed` (Status), `session_id_changed` (str or None), `message` and
        `runtime_message` (dict with `type` and `data`), `track_received` (name, track), `error`
        (LiveError), `session_expiration_changed` (Unix seconds or None), `capabilities_received`
        (dict). `new_message` is `message`. Raises ValueError for another name.
        """
        self._handlers.on(event, handler)

    def off(self, event: str, handler: Function) -> None:
        """Call it no more."""
        self._handlers.off(event, handler)

    @overload
    def on_status(self, which: F) -> F: ...
    @overload
    def on_status(
        self, which: Status | Iterable[Status] | None = None
    ) -> Callable[[Function], Function]: ...
    def on_status(self, which: Any = None) -> Any:
        """Decorator: call at each change of status, or only at the changes to one or several."""
        if callable(which) and not isinstance(which, Status):
            self.on("status_changed", which)
            return which
        chosen = None if which is None else _statuses(which)

        def decorate(function: Function) -> Function:
            self._handlers.on("status_changed", function, chosen)
            return function

        return decorate

    def on_message(self, function: F) -> F:
        """Decorator: call with each message of the model, a dict with `type` and `data`."""
        self.on("message", function)
        return function

    def on_error(self, function: F) -> F:
        """Decorator: call with each LiveError."""
        self.on("error", function)
        return function

    @overload
    def on_frame(self, which: F) -> F: ...
    @overload
    def on_frame(self, which: str | None = None) -> Callable[[Function], Function]: ...
    def on_frame(self, which: Any = None) -> Any:
        """Decorator: call with each frame, `(H, W, 3)` uint8 RGB, of all tracks or of a named one.

        A handler that takes longer than a frame gets the newest one next.
        """
        if callable(which):
            self.set_frame_callback(which)
            return which
        if which is not None and not isinstance(which, str):
            raise TypeError("on_frame takes a function, or the name of a track")

        def decorate(function: Function) -> Function:
            self._handlers.set_frames(which, function)
            return function

        return decorate

    def set_frame_callback(self, callback: Function | None) -> None:
        """Call with each frame of every track; None: nobody is given frames any more."""
        self._handlers.set_frames(None, callback)

    def get_status(self) -> Status:
        """How far the client is."""
        return self._status

    def get_state(self) -> ClientState:
        """How far the client is, and what went wrong last."""
        return ClientState(self._status, self._last_error)

    def get_last_error(self) -> LiveError | None:
        """What went wrong last; None: nothing has."""
        return self._last_error

    def _move(self, move: Move) -> None:
        row = CLIENT_TABLE.find(self._status, move)
        assert row is not None, f"{move} in {self._status}"
        if row.target is not self._status:
            self._status = row.target
            self._handlers.emit("status_changed", row.target)

    def _tell(self, error: LiveError) -> None:
        self._last_error = error
        # Who listens for errors is told of it; who does not should not have to guess.
        level = logging.INFO if self._handlers.has("error") else logging.WARNING
        logger.log(level, "%s: %s", error.component, error)
        self._handlers.emit("error", error)

    def _on_failed(self, error: BaseException, event: str) -> None:
        """A handler raised: the log has it, and so has who listens for errors."""
        is_ours = isinstance(error, LiveError)
        said = _said(error)
        kind = type(error).__name__
        logger.error(
            "a handler of %r raised %s: %s", event, kind, said, exc_info=not is_ours and error
        )
        if event == "error":
            return  # else a handler that always raises would be called for ever
        told = LiveError(
            "handler_failed",
            f"a handler of {event!r} raised {kind}: {said}",
            component=Component.APPLICATION,
        )
        told.__cause__ = error
        self._tell(told)


def _statuses(which: Any) -> frozenset[Status]:
    given = [which] if isinstance(which, str) else list(which)
    try:
        return frozenset(Status(one) for one in given)
    except ValueError as error:
        raise ValueError(f"{error}: there are {', '.join(Status)}") from None


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as another:  # noqa: BLE001  # the text is the application's code, too
        return f"(its text raises {type(another).__name__})"
