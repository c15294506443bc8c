"""What a client keeps."""

from ...requirement import Requirement, Role, Seen
from ..limits import MAX_MESSAGE_BYTES, PING_EVERY_S

PINGS = Requirement(
    "L-CLIENT-1",
    f"A client MUST send a message at least every {PING_EVERY_S} s while `data` is open: a `ping` where it has nothing else to say.",
    role=Role.CLIENT,
)
DATA_CHANNEL = Requirement(
    "L-CLIENT-2",
    "A client MUST open an ordered and reliable channel `data`, and one `control` if it wants to pause, resume or publish.",
    role=Role.CLIENT,
)
RESUMES_OUTPUTS = Requirement(
    "L-CLIENT-3",
    "A client SHOULD resume every output that it offered to receive as soon as it is ready.",
    role=Role.CLIENT,
)
TOLERATES = Requirement(
    "L-CLIENT-4",
    "A client MUST bear states, codes, messages and members that it does not know.",
    role=Role.CLIENT,
)
MAPS_TRACKS = Requirement(
    "L-CLIENT-5",
    "A client SHOULD send `track_mapping` with every offer.",
    role=Role.CLIENT,
)
BOUNDED_MESSAGES = Requirement(
    "L-CLIENT-6",
    f"A client MUST NOT send a message of more than {MAX_MESSAGE_BYTES} bytes, or than the answer's `a=max-message-size`, on a channel.",
    role=Role.CLIENT,
)
BOUNDED_POLLING = Requirement(
    "L-CLIENT-7",
    "A client MUST wait between two polls of a session or of an answer, at least 100 ms and longer each time up to some seconds.",
    role=Role.CLIENT,
)
ENDS_SESSION = Requirement(
    "L-CLIENT-8",
    "A client SHOULD end a session that it does not mean to resume.",
    role=Role.CLIENT,
)
HEEDS_RETRY_AFTER = Requirement(
    "L-CLIENT-9",
    "A client MUST NOT repeat a request that was refused with `Retry-After` before that time.",
    Seen.OBSERVED,
    role=Role.CLIENT,
)
