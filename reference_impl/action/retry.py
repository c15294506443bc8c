"""When an opening that failed is tried again."""

from __future__ import annotations

import ssl

from .failures import ConnectionEnded, ServerError, WebSocketHandshakeError

TRANSIENT_STATUSES = frozenset({403, 404, 408, 425, 429, *range(500, 600)})
"""HTTP statuses behind which a server may be about to come up."""
TRANSIENT_CLOSES = frozenset({1001, 1006, 1011, 1012, 1013, 1014})
"""Close codes, before `session.ready`, that blame the moment and not the request."""
FIRST_DELAY_S = 0.5
"""The wait after the first failure."""
GROWTH = 1.6
"""Each wait is longer than the one before by this factor."""
MAX_DELAY_S = 5.0
"""... but no longer than this, unless the server asks for it."""


def transient(problem: Exception) -> bool:
    """Whether the same opening may succeed later."""
    match problem:
        case WebSocketHandshakeError():
            return problem.status_code in TRANSIENT_STATUSES
        case ServerError():
            return problem.fatal and problem.retryable
        case ConnectionEnded():
            return problem.code in TRANSIENT_CLOSES
        case ssl.SSLCertVerificationError():
            return False
        case _:
            return isinstance(problem, OSError)


class Retry:
    """The waits of one `open`, within its window."""

    def __init__(self, window: float, now: float) -> None:
        self._end = now + window
        self._delay = FIRST_DELAY_S

    def delay(self, problem: Exception, now: float) -> float | None:
        """Seconds until the next attempt; None if the problem is final.

        A wait that the server asks for is kept (A-CLIENT-8), or, where it reaches beyond the
        window, not begun at all. A wait of our own is cut to the window, for a last attempt.
        """
        left = self._end - now
        if left <= 0 or not transient(problem):
            return None
        asked = getattr(problem, "retry_after", None)
        own, self._delay = self._delay, min(self._delay * GROWTH, MAX_DELAY_S)
        if asked is None:
            return min(own, left)
        return max(own, asked) if max(own, asked) <= left else None
