"""What a client owes."""

from ...requirement import Requirement, Role, Seen

OPEN_FIRST = Requirement(
    "A-CLIENT-1",
    "A client MUST send `session.open` before any other frame.",
    role=Role.CLIENT,
)
RISING = Requirement(
    "A-CLIENT-2",
    "A client MUST give each observation a greater `seq` than every one before it, and never use "
    "one twice.",
    role=Role.CLIENT,
)
UNKNOWN_FRAMES = Requirement(
    "A-CLIENT-3",
    "A client MUST ignore frames of a type that it does not know.",
    role=Role.CLIENT,
)
UNKNOWN_MEMBERS = Requirement(
    "A-CLIENT-4",
    "A client MUST ignore members that it does not know.",
    role=Role.CLIENT,
)
SURVIVE = Requirement(
    "A-CLIENT-5",
    "A client MUST be able to go on after an error that is not fatal.",
    role=Role.CLIENT,
)
BOUNDED = Requirement(
    "A-CLIENT-6",
    "A client MUST bound every wait.",
    role=Role.CLIENT,
)
PAIR_BY_SEQ = Requirement(
    "A-CLIENT-7",
    "A client SHOULD pair answers with observations by `seq` and discard those that it does not "
    "await.",
    role=Role.CLIENT,
)
RETRY_AFTER = Requirement(
    "A-CLIENT-8",
    "A client SHOULD wait as long as `Retry-After` says before it connects again.",
    role=Role.CLIENT,
)
WITHIN_ROOM = Requirement(
    "A-CLIENT-9",
    "A client SHOULD have no more observations unanswered than `limits.max_in_flight`.",
    role=Role.CLIENT,
)
ASK_FOR_TENSORS = Requirement(
    "A-CLIENT-10",
    "A client SHOULD list the capability `tensor_b64` if it can read it.",
    role=Role.CLIENT,
)
STATUS_RESTARTS = Requirement(
    "A-CLIENT-11",
    "A client that listed `status` MUST start its wait for `session.ready` anew with each "
    "`session.status`.",
    Seen.OBSERVED,
    role=Role.CLIENT,
)
UNKNOWN_CODES = Requirement(
    "A-CLIENT-12",
    "A client MUST treat an error with a code that it does not know by its `fatal`, absent meaning "
    "false.",
    role=Role.CLIENT,
)
WAIT_FOR_READY = Requirement(
    "A-CLIENT-13",
    "A client MUST send no frame but `session.close` between `session.open` and `session.ready`.",
    role=Role.CLIENT,
)
