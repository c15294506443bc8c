"""The error codes of the action profile: what each means for the session."""

from __future__ import annotations

from ..profile import ErrorCode

VENDOR_PREFIX = "x_"
"""Codes of a vendor's own begin with this."""

NORMAL_CLOSE = 1000
"""Close code after `session.close`."""
GOING_AWAY = 1001
"""Close code of a planned shutdown, of an idle session and of one never opened."""
BAD_DATA = 1007
"""Close code for text that is not UTF-8 (RFC 6455, 8.1)."""
TOO_BIG = 1009
"""Close code for a message over `limits.max_frame_bytes`."""


_ROWS = (
    ErrorCode(
        "bad_frame",
        "The message is no frame: not JSON, not an object, without a string `type`, or binary.",
        "Mend the encoder; nothing of the message was used.",
    ),
    ErrorCode(
        "unknown_type",
        "The frame's `type` is none that a client sends.",
        "Send only the types of this profile.",
    ),
    ErrorCode(
        "already_open",
        "A second `session.open` came on a connection whose session is open.",
        "Open another connection for another session.",
    ),
    ErrorCode(
        "invalid_observation",
        "A member of the observation is missing, of the wrong type or out of bounds.",
        "Mend the member that `param` names.",
    ),
    ErrorCode(
        "invalid_image",
        "An image is of the wrong JSON type, of an unknown encoding, or not padded base64.",
        "Mend the image that `param` names.",
    ),
    ErrorCode(
        "out_of_order",
        "The observation's `seq` is not greater than every one before it.",
        "Count upwards and never use a `seq` twice.",
    ),
    ErrorCode(
        "duplicate_request",
        "The `request_id` was answered before, for another content.",
        "Take a new `request_id` for new content.",
    ),
    ErrorCode(
        "too_many_in_flight",
        "More observations are unanswered than the server takes.",
        "Wait for answers before sending on.",
        retryable=True,
    ),
    ErrorCode(
        "rate_limited",
        "The client sends more often than its key allows.",
        "Wait `retry_after_ms`, then send on.",
        retryable=True,
    ),
    ErrorCode(
        "inference_failed",
        "The policy raised, returned what is no chunk, or no result came in time.",
        "Send a fresh observation.",
        retryable=True,
    ),
    ErrorCode(
        "budget_exceeded",
        "The inference took more GPU time than `max_gpu_seconds` allows.",
        "Raise the budget, or send a fresh observation.",
        retryable=True,
    ),
    ErrorCode(
        "shutting_down",
        "The server has announced its end and takes no new observations.",
        "Connect again, elsewhere or later.",
        retryable=True,
    ),
    ErrorCode(
        "not_open",
        "The first frame of the connection was none that opens a session.",
        "Send `session.open` first.",
        fatal=True,
        close=(1008, 1002),
    ),
    ErrorCode(
        "invalid_open",
        "A member of `session.open` is missing, of the wrong type or out of bounds.",
        "Mend the member that `param` names and connect again.",
        fatal=True,
        close=(1008,),
    ),
    ErrorCode(
        "unknown_model",
        "The named model is not served here.",
        "Name a model that is, or none.",
        fatal=True,
        close=(1008,),
    ),
    ErrorCode(
        "unknown_lora",
        "The named LoRA adapter is not served here.",
        "Name an adapter that is, or none.",
        fatal=True,
        close=(1008,),
    ),
    ErrorCode(
        "unknown_adapter",
        "The named action adapter is not served here.",
        "Name an action adapter that is, or none.",
        fatal=True,
        close=(1008,),
    ),
    ErrorCode(
        "unavailable",
        "The model is not ready, or there is no room for another session.",
        "Connect again after `retry_after_ms`.",
        fatal=True,
        retryable=True,
        close=(1013,),
    ),
    ErrorCode(
        "idle_timeout",
        "No frame came for `limits.idle_timeout_ms` while no answer was owed.",
        "Connect again when there is something to send.",
        fatal=True,
        retryable=True,
        close=(GOING_AWAY,),
    ),
    ErrorCode(
        "internal",
        "The server met a defect of its own.",
        "Connect again; report it to the server's operator.",
        fatal=True,
        retryable=True,
        close=(1011,),
    ),
)

CODES = {row.code: row for row in _ROWS}
"""The table by code, in the order of the specification."""


def find(code: str) -> ErrorCode | None:
    """The row of a code, or None for a vendor's own."""
    return CODES.get(code)
