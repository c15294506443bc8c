"""What can go wrong on a stream, apart from the builtin TimeoutError and OSError.

::

    RuntimeError
    `-- StreamError
        |-- WebSocketHandshakeError  the server answered the upgrade with something else
        |-- ServerError              an `error` frame; the session lives on unless `fatal`
        |-- ObservationLost       the last observation that was awaited will get no chunk
        |-- MalformedFrame           what the server sent is no frame, or no chunk
        `-- ConnectionEnded          no more frames can come or go

A defect in the calling code is a `risp.protocol.errors.LocalProtocolError`; nothing was sent then.
"""

from __future__ import annotations

from typing import Any

NO_CLOSE_CODE = 1006
"""Stands for a connection that ended without a Close frame (RFC 6455, 7.1.5)."""


class StreamError(RuntimeError):
    """Something went wrong between this client and its server."""


class WebSocketHandshakeError(StreamError):
    """The server answered the upgrade, but not with a WebSocket."""

    def __init__(
        self,
        status_code: int,
        status_line: str,
        reason: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{status_line} ({reason})" if reason else status_line)
        self.status_code = status_code
        """The HTTP status; 0 if the answer was no HTTP."""
        self.status_line = status_line
        """The first line of the answer."""
        self.reason = reason
        """What else is known: the body's `code` and `detail`, or what was wrong with a 101."""
        self.retry_after = retry_after
        """Seconds to wait before the next attempt, as `Retry-After` asked."""


class ServerError(StreamError):
    """The server sent an `error`. Unless it is fatal, the stream stays usable."""

    def __init__(self, frame: dict[str, Any]) -> None:
        self.frame = frame
        """The frame as it came."""
        self.code = _text(frame.get("code"))
        """The error code, from `risp.protocol.action.codes` or a vendor's own."""
        # A-CLIENT-12: an unknown code is judged by `fatal`, and an absent one is false.
        self.fatal = frame.get("fatal") is True
        """Whether the session ends with it."""
        self.retryable = frame.get("retryable") is True
        """Whether the same request may succeed later."""
        end = ", the session has ended" if self.fatal else ""
        super().__init__(f"{self.code or 'error'}: {_text(frame.get('message'))}{end}")

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before the same is tried again, if the server said so."""
        wait = self.frame.get("retry_after_ms")
        if isinstance(wait, int | float) and not isinstance(wait, bool) and wait >= 0:
            return wait / 1000
        return None


class ObservationLost(StreamError):
    """The server dropped the last observation that was awaited: no chunk will come of it."""

    def __init__(self, frame: dict[str, Any]) -> None:
        super().__init__(
            f"observation {frame.get('seq')} was dropped ({_text(frame.get('reason'))}) and no "
            "other is awaited: send a fresh one"
        )
        self.frame = frame
        """The `observation.dropped` as it came."""


class MalformedFrame(StreamError):
    """The server sent what is no frame, or an action chunk that holds no actions."""


class ConnectionEnded(StreamError):
    """The connection is over, or was never opened."""

    def __init__(self, what: str, code: int = NO_CLOSE_CODE, reason: str = "") -> None:
        super().__init__(what)
        self.code = code
        """The server's close code; 1006 if it sent none."""
        self.reason = reason
        """The server's close reason."""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
