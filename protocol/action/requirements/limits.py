"""Limits and clocks that a server keeps."""

from ...requirement import Requirement, Seen
from ..codes import GOING_AWAY, TOO_BIG
from ..declares import Declares
from ..limits import DEFAULT_MAX_FRAME_BYTES, PONG_WITHIN_S

TOO_BIG_CLOSES = Requirement(
    "A-LIM-1",
    f"A server MUST close with {TOO_BIG} after a message of more bytes than its declared "
    "`limits.max_frame_bytes`.",
    Seen.DECLARED,
    needs=Declares.MAX_FRAME_BYTES,
)
LARGE_ACCEPTED = Requirement(
    "A-LIM-2",
    "A server MUST take a message of as many bytes as its declared `limits.max_frame_bytes`, or "
    f"{DEFAULT_MAX_FRAME_BYTES:,} if it declares none.",
)
PING = Requirement(
    "A-LIM-3",
    f"A server MUST answer a ping within {PONG_WITHIN_S} s, whatever its policy is doing.",
)
OTHERS_SERVED = Requirement(
    "A-LIM-4",
    "A server MUST answer other clients while it infers for one.",
)
IDLE_CLOSES = Requirement(
    "A-LIM-5",
    "A server that declares `limits.idle_timeout_ms` MUST end a session on which no frame came for "
    f"that long with `idle_timeout` and close code {GOING_AWAY}.",
    Seen.SLOW,
    needs=Declares.IDLE_TIMEOUT,
    reason="The declared idle time-out.",
)
NOT_WHILE_OWED = Requirement(
    "A-LIM-6",
    "A server MUST NOT end a session as idle while it owes it an answer.",
    Seen.OFF_WIRE,
    reason="Only a policy slower than the idle time-out shows it.",
)
PONGS_OPTIONAL = Requirement(
    "A-LIM-7",
    "A server MUST NOT drop a session for unanswered pings: deployed clients answer them only "
    "while they wait for a frame.",
    Seen.SLOW,
    reason="Servers' usual ping clocks of 20 s and 20 s.",
)
PONG_CONTENT = Requirement(
    "A-LIM-8",
    "A server MUST send the payload of a ping back in its pong.",
)
