"""How sessions end."""

from ...requirement import Requirement, Seen
from ..codes import GOING_AWAY, NORMAL_CLOSE
from ..limits import CLOSE_WITHIN_S

CLOSE = Requirement(
    "A-CLOSE-1",
    f"A server MUST close with {NORMAL_CLOSE} within {CLOSE_WITHIN_S} s after `session.close`.",
)
CLOSE_ID_IGNORED = Requirement(
    "A-CLOSE-2",
    "A server MUST ignore the `session_id` in `session.close`.",
)
CLOSE_WITH_PENDING = Requirement(
    "A-CLOSE-3",
    "A server MUST close as promptly while observations are unanswered, and discard them.",
)
CLOSE_HANDSHAKE = Requirement(
    "A-CLOSE-4",
    f"A server MUST answer a Close frame with its own within {CLOSE_WITHIN_S} s.",
)
ABRUPT_END = Requirement(
    "A-CLOSE-5",
    "A server MUST serve new sessions after a connection has ended abruptly with answers owed.",
)
FREED = Requirement(
    "A-CLOSE-6",
    f"A server MUST free what a session held within {CLOSE_WITHIN_S} s of its Close, FIN or RST.",
    Seen.OFF_WIRE,
    reason="A server's tasks and memory are not on the wire.",
)
ANNOUNCE = Requirement(
    "A-CLOSE-7",
    "A server that shuts down as planned MUST send `session.closing` on every open session.",
    Seen.OBSERVED,
)
ANSWER_BEFORE_END = Requirement(
    "A-CLOSE-8",
    "A server that has sent `session.closing` MUST answer the observations that it had accepted "
    "within the announced time.",
    Seen.OBSERVED,
)
REFUSE_NEW = Requirement(
    "A-CLOSE-9",
    "A server that has sent `session.closing` MUST answer `shutting_down` to each later observation "
    "that it reads and would else accept.",
    Seen.OBSERVED,
)
END_CODE = Requirement(
    "A-CLOSE-10",
    f"A server that has sent `session.closing` MUST close with {GOING_AWAY} once it has answered "
    "what it owes, and when the announced time has passed at the latest.",
    Seen.OBSERVED,
)
NEW_CONNECTION_NEW_SESSION = Requirement(
    "A-CLOSE-11",
    "A server MUST begin every connection unopened and with its `seq` counter anew.",
)
ISOLATED = Requirement(
    "A-CLOSE-12",
    "A server MUST NOT let what one session sends, its prompt among it, change what it answers on "
    "another.",
)
