"""What can go wrong for an application: one exception, which the event `error` hands over too.

::

    RuntimeError
    `-- LiveError

A code comes from the server (`risp.protocol.live.codes`, or a model's own) or from the table here.
`recoverable` says whether trying again, after `retry_after` seconds, may succeed: `reconnect()`
for what the event `error` hands over, the same call for what a call raises. What a caller does
wrong is a ValueError or a TypeError, and nothing is sent then.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Final

from risp.protocol.live.codes import HTTP_CODES
from risp.protocol.profile import ErrorCode

MAX_RETRY_AFTER_S = 3600.0
"""A longer wait that a server asks for is told as this one, in seconds."""
SHOWN = 300
"""So many characters of what a server says are repeated."""


class Component(StrEnum):
    """Where something went wrong."""

    API = "api"
    """In HTTP: tokens, sessions, signaling, uploads."""
    CONNECTION = "connection"
    """In WebRTC: the connection, its channels, its tracks."""
    MODEL = "model"
    """At the model: a command that it refuses, a message that is not what its schema says."""
    APPLICATION = "application"
    """In the application: a handler that raises, a call that cannot be made now."""


_CLIENT: Final = (
    ErrorCode(
        "unreachable",
        "The server cannot be reached, or has broken off in the middle of an answer.",
        "Look whether it runs at this address; try again.",
        retryable=True,
    ),
    ErrorCode("timed_out", "An answer has not come in time.", "Try again.", retryable=True),
    ErrorCode(
        "bad_answer",
        "The server's answer is not what this protocol says.",
        "Report it to whoever runs the server; `risp list --profile live` has the rules.",
    ),
    ErrorCode(
        "no_place",
        "The session has had no place in time.",
        "Try again later.",
        retryable=True,
    ),
    ErrorCode(
        "no_answer",
        "The offer has had no answer in time.",
        "Try again; a server owes an answer, or says why there is none.",
        retryable=True,
    ),
    ErrorCode(
        "session_ended",
        "The session is over: it has expired, it was ended, or nobody came back in time.",
        "Begin a new one with `connect()`.",
    ),
    ErrorCode(
        "channel_timed_out",
        "The media connection has not come about in time: no channel has opened.",
        "Look whether UDP gets through between the two machines; try again.",
        retryable=True,
    ),
    ErrorCode(
        "connection_lost",
        "The connection broke; the session is kept for the length of its window.",
        "Call `reconnect()`.",
        retryable=True,
    ),
    ErrorCode(
        "disconnected",
        "`disconnect()` was called while this was under way.",
        "Nothing has to be done.",
    ),
    ErrorCode(
        "already_connected",
        "There is a connection already, or one is being made.",
        "Use it, or disconnect first.",
    ),
    ErrorCode(
        "not_ready",
        "This can be done only while the status is READY.",
        "Wait for `@client.on_status(Status.READY)`.",
    ),
    ErrorCode(
        "nothing_to_resume",
        "There is no session to come back to.",
        "Begin one with `connect()`.",
    ),
    ErrorCode(
        "message_too_large",
        "The message is larger than the channel takes.",
        "Send less, or upload a file and name it in the command.",
    ),
    ErrorCode(
        "unsupported",
        "The server speaks only the flat routes, which have no channel `control`.",
        "Do without; there all outputs run from the start.",
    ),
    ErrorCode(
        "handler_failed",
        "A handler of the application raised an exception.",
        "Mend the handler; the log has the traceback.",
    ),
    ErrorCode(
        "invalid_message",
        "A message of the model is not what its schema says.",
        "Generate the client anew with `risp codegen`.",
    ),
)

GONE: Final = frozenset({"session_ended", "session_closed", "unknown_session"})
"""After these there is nothing to come back to."""
CLIENT_CODES: dict[str, ErrorCode] = {row.code: row for row in _CLIENT}
"""The codes that a client gives itself, by name."""

_REMEDIES: Final = {
    "unauthorized": "Give an api_key that opens there, or set RISP_API_KEY.",
    "session_running": "Stop it with POST /stop_session, or wait until its window is over.",
}
"""What a user of this client does about a code, where the wire's own remedy speaks of requests."""
_BY_STATUS: Final = {
    401: "unauthorized",
    404: "not_found",
    408: "too_slow",
    426: "client_too_old",
    429: "too_many_requests",
    501: "server_too_old",
}
"""The code of an answer that has none."""
_PASSING: Final = frozenset({408, 425, 429, *range(500, 600)}) - {501}
"""Statuses, of codes that are not known, which a later attempt may not meet."""


class LiveError(RuntimeError):
    """Something went wrong between an application and its model."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        component: str = Component.CONNECTION,
        recoverable: bool | None = None,
        retry_after: float | None = None,
        status: int | None = None,
        command: str | None = None,
        param: str | None = None,
    ) -> None:
        row = CLIENT_CODES.get(code)
        self.code = code
        """For programs: of the table of codes, or the server's own."""
        self.message = message or (row.meaning if row else code)
        """For a human: what went wrong, and where it is known, what mends it."""
        self.component = str(component)
        """`api`, `connection`, `model` or `application`."""
        is_passing = row is not None and row.retryable
        self.recoverable = is_passing if recoverable is None else recoverable
        """Whether trying again, after `retry_after` seconds, may succeed.

        That is `reconnect()` for an event `error`, and the same call for an exception."""
        self.retry_after = retry_after
        """Seconds to wait before that; None: the server does not say."""
        self.status = status
        """The HTTP status that it came with, if it came so."""
        self.command = command
        """The command that was refused, if one was."""
        self.param = param
        """Which of its arguments is wrong, or which part of a request, if that is known."""
        self.timestamp = time.time()
        """When it was noticed, in Unix seconds."""
        super().__init__(f"{code}: {self.message}")


ReactorError = LiveError
"""The name that deployed clients have for it."""


def misuse(code: str, what: str) -> LiveError:
    """A call that cannot be made now; `what` says which."""
    row = CLIENT_CODES[code]
    return LiveError(code, f"{what}: {row.meaning} {row.remedy}", component=Component.APPLICATION)


def refused(
    status: int, body: Mapping[str, Any] | None, headers: Mapping[str, str], what: str
) -> LiveError:
    """The refusal that an HTTP answer is; `what` names the request."""
    members: Mapping[str, Any] = {} if body is None else body
    told = members.get("code")
    code = told if isinstance(told, str) and told else _BY_STATUS.get(status, f"http_{status}")
    row = HTTP_CODES.get(code)
    detail = members.get("detail")
    message = detail if isinstance(detail, str) and detail else (row.meaning if row else "")
    remedy = _REMEDIES.get(code) or (row.remedy if row else "")
    param = members.get("param")
    place = f" ({param[:SHOWN]})" if isinstance(param, str) else ""
    said = message[:SHOWN].rstrip(".")
    return LiveError(
        code[:SHOWN],
        ". ".join(one for one in (f"{what}: {status}: {said}{place}", remedy) if one),
        component=Component.API,
        recoverable=row.retryable if row and row.status == status else status in _PASSING,
        retry_after=retry_after(headers.get("Retry-After")),
        status=status,
        param=param[:SHOWN] if isinstance(param, str) else None,
    )


def retry_after(header: str | None) -> float | None:
    """The seconds that `Retry-After` asks for (RFC 9110, 10.2.3); None where it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:12])
    else:
        try:
            at = parsedate_to_datetime(text)
            # The old form of a date names no zone; it is that of the others.
            seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)
