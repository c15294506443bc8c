"""Queue modes: what happens to observations that wait."""

from ...requirement import Requirement, Seen
from ..declares import Declares
from ..limits import DEFAULT_MAX_IN_FLIGHT

ORDER = Requirement(
    "A-QUEUE-1",
    "A server in `fifo` MUST send its answers to observations, errors included, in the order in "
    "which the observations came: deployed clients pair them by position.",
)
FIFO_IF_ABSENT = Requirement(
    "A-QUEUE-2",
    "A server MUST take an absent `queue` as `fifo`.",
)
NOTHING_SUPERSEDED = Requirement(
    "A-QUEUE-3",
    "A server in `fifo` MUST NOT drop an observation as `superseded`.",
)
ROOM = Requirement(
    "A-QUEUE-4",
    f"A server MUST declare a `limits.max_in_flight` of at least {DEFAULT_MAX_IN_FLIGHT}, if any.",
    Seen.DECLARED,
    needs=Declares.MAX_IN_FLIGHT,
)
WITHIN_ROOM = Requirement(
    "A-QUEUE-5",
    "A server in `fifo` MUST NOT answer `too_many_in_flight` while no more observations are "
    "unanswered than the declared `limits.max_in_flight`, or "
    f"{DEFAULT_MAX_IN_FLIGHT} if it declares none.",
)
UNKNOWN_QUEUE = Requirement(
    "A-QUEUE-6",
    "A server MUST answer `invalid_open` to a `queue` that this profile does not name.",
)
LATEST_UNSUPPORTED = Requirement(
    "A-QUEUE-7",
    "A server that does not declare `queue_latest` MUST serve a client that asks for `latest` in "
    "`fifo`.",
    Seen.DECLARED,
    needs=Declares.ONLY_FIFO,
)
SUPERSEDE = Requirement(
    "A-QUEUE-8",
    "A server in `latest` MUST answer a waiting observation that a newer one overtakes with "
    "`observation.dropped` and the reason `superseded`, or `expired` if it is too old as well.",
    Seen.DECLARED,
    needs=Declares.QUEUE_LATEST,
)
NEWEST_WINS = Requirement(
    "A-QUEUE-9",
    "A server in `latest` MUST NOT drop the newest observation that it has accepted as "
    "`superseded`.",
    Seen.DECLARED,
    needs=Declares.QUEUE_LATEST,
)
