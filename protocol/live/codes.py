"""The error codes of the live profile: in HTTP answers, on `data`, and on `control`."""

from __future__ import annotations

from dataclasses import dataclass

from ..profile import ErrorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCode(ErrorCode):
    """An error code of HTTP answers, with its status."""

    status: int
    """The status that it comes with."""


def _http(
    status: int, code: str, meaning: str, remedy: str, *, retryable: bool = False
) -> HttpCode:
    return HttpCode(code, meaning, remedy, retryable=retryable, status=status)


_HTTP = (
    _http(
        400,
        "wrong_length",
        "The bytes that came are not as many as were announced.",
        "Send the file again, whole.",
    ),
    _http(
        401,
        "unauthorized",
        "A key or token is missing, unknown or expired.",
        "Get a token from `POST /tokens`, and send it as `Authorization: Bearer`.",
    ),
    _http(
        403,
        "model_not_allowed",
        "The token does not cover this model.",
        "Ask for a token that covers it.",
    ),
    _http(
        403,
        "foreign_origin",
        "A page from elsewhere asks a server that needs no key.",
        "Serve the page from this machine, or set a key.",
    ),
    _http(
        403,
        "foreign_host",
        "The request's `Host` is not this server's name.",
        "Use an address of the server, or its own name.",
    ),
    _http(
        404,
        "not_found",
        "Nothing is published at this path.",
        "Look at `GET /.well-known/risp`, or at the specification.",
    ),
    _http(
        404,
        "unknown_session",
        "There is no such session, or it belongs to another key.",
        "Start a new session.",
    ),
    _http(
        404,
        "unknown_model",
        "No such model is served here.",
        "Name one that `GET /.well-known/risp` lists.",
    ),
    _http(
        404,
        "unknown_upload",
        "There is no such upload, or its time is over.",
        "Reserve another one.",
    ),
    _http(
        405,
        "method_not_allowed",
        "The path takes other methods; `Allow` lists them.",
        "Use one of those.",
    ),
    _http(
        408, "too_slow", "The request did not arrive in time.", "Send it at once.", retryable=True
    ),
    _http(409, "session_running", "A local session runs already.", "Stop it, or use it."),
    _http(409, "no_session", "There is no local session to stop.", "Nothing has to be done."),
    _http(
        409, "already_uploaded", "The file has been sent before.", "Use it, or reserve another one."
    ),
    _http(409, "upload_reserved", "The upload id is taken.", "Take another one, or none."),
    _http(409, "session_closed", "The session has ended.", "Start a new session."),
    _http(413, "too_large", "The body or the file is larger than this server takes.", "Send less."),
    _http(
        422,
        "invalid_body",
        "The body is not JSON, or a member of it is missing or wrong.",
        "Mend the member that `param` names.",
    ),
    _http(
        422,
        "invalid_path",
        "A part of the path is not what it must be.",
        "Mend the part that `param` names.",
    ),
    _http(
        422,
        "invalid_header",
        "A header is not what it must be.",
        "Mend the header that `param` names.",
    ),
    _http(
        422,
        "invalid_query",
        "A part of the query is not what it must be.",
        "Mend the part that `param` names.",
    ),
    _http(
        422,
        "invalid_offer",
        "The SDP cannot be read, or offers nothing that can be answered.",
        "Mend the offer; `detail` says what is wrong with it.",
    ),
    _http(
        422,
        "invalid_candidate",
        "An ICE candidate cannot be read.",
        "Mend the candidate that `param` names.",
    ),
    _http(
        422,
        "offer_failed",
        "The offer was read, and no answer could be made to it.",
        "Send another offer.",
    ),
    _http(
        426,
        "client_too_old",
        "The client speaks a version that is spoken here no more.",
        "Use a newer client.",
    ),
    _http(
        429,
        "too_many_sessions",
        "The token's sessions are all taken.",
        "End one, or wait as long as `Retry-After` says.",
        retryable=True,
    ),
    _http(
        429,
        "too_many_uploads",
        "So many uploads are reserved that another has to wait.",
        "Wait as long as `Retry-After` says.",
        retryable=True,
    ),
    _http(
        500,
        "internal",
        "The server failed.",
        "Report it; the request may be tried again.",
        retryable=True,
    ),
    _http(
        501,
        "server_too_old",
        "The client speaks a version that is not yet spoken here.",
        "Use an older client, or a newer server.",
    ),
    _http(
        503,
        "loading",
        "The model is still being loaded.",
        "Wait as long as `Retry-After` says.",
        retryable=True,
    ),
    _http(
        503,
        "no_capacity",
        "Every place is taken, and nobody can wait for one any more.",
        "Wait as long as `Retry-After` says.",
        retryable=True,
    ),
    _http(
        503,
        "shutting_down",
        "The server is about to end.",
        "Wait as long as `Retry-After` says.",
        retryable=True,
    ),
)

HTTP_CODES: dict[str, HttpCode] = {row.code: row for row in _HTTP}
"""The codes of HTTP answers, by name."""

_CHANNEL = (
    ErrorCode(
        "invalid_command",
        "No such command, or an argument is missing, unknown, of a wrong type or out of bounds; nothing has changed.",
        "Mend the argument that `param` names.",
    ),
    ErrorCode(
        "invalid_frame",
        "The message on the channel cannot be read.",
        "Mend the encoder; nothing of the message was used.",
    ),
    ErrorCode(
        "unresolved_upload",
        "A file that the command names has not arrived in time, or is not one of this session.",
        "Upload it, then send the command again.",
        retryable=True,
    ),
    ErrorCode(
        "internal_error",
        "The model's own code failed on the command; nothing has changed.",
        "Report it to whoever wrote the model.",
    ),
    ErrorCode(
        "too_many_commands",
        "More commands wait than the server keeps.",
        "Send more slowly.",
        retryable=True,
    ),
    ErrorCode(
        "publish_refused",
        "The input track has another publisher.",
        "Wait until it falls silent, or ends.",
        retryable=True,
    ),
    ErrorCode(
        "unknown_track",
        "The model has no such track in this direction, or the connection did not offer it.",
        "Use a name from the capabilities.",
    ),
    ErrorCode(
        "unknown_method",
        "No such request is known on `control`.",
        "Send only requests of this profile.",
    ),
)

CHANNEL_CODES: dict[str, ErrorCode] = {row.code: row for row in _CHANNEL}
"""The codes on the data channels, by name; a model may add its own."""

CODES: dict[str, ErrorCode] = {**HTTP_CODES, **CHANNEL_CODES}
"""Every code of the profile."""
