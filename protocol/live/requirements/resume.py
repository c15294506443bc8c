"""Resuming: what a session keeps when its clients are gone, and for how long."""

from ...requirement import Requirement, Seen
from ..limits import NOTICED_WITHIN_S, RESUME_WINDOW_S, SILENCE_S

WINDOW = Requirement(
    "L-RESUME-1",
    f"A server MUST keep an orphaned session for `resume_window_s` of its descriptor, or for {RESUME_WINDOW_S} s where there is none.",
    Seen.SLOW,
    reason="The window is waited out.",
)
ORPHANED_KEEPS = Requirement(
    "L-RESUME-2",
    "A server MUST keep the state of a session whose last connection is gone, within the window.",
)
RECONNECT_RESUMES = Requirement(
    "L-RESUME-3",
    "A server MUST take a new connection to an orphaned session, with the state as it was left.",
)
NEW_STARTS_PAUSED = Requirement(
    "L-RESUME-4",
    "A server MUST start the outputs of the new connection as those of any other.",
)
WINDOW_ENDS = Requirement(
    "L-RESUME-5",
    "A server MUST end an orphaned session when its window is over.",
    Seen.SLOW,
    reason="The window is waited out.",
)
BEARS_SILENCE = Requirement(
    "L-RESUME-6",
    f"A server MUST NOT drop a connection before {SILENCE_S} s without a message or a packet of its client.",
    Seen.SLOW,
    reason=f"The clock of {SILENCE_S} s.",
)
DEAD_NOTICED = Requirement(
    "L-RESUME-7",
    f"A server MUST have noticed by {NOTICED_WITHIN_S} s that a client is gone which did not say so.",
    Seen.SLOW,
    reason=f"The clock of {NOTICED_WITHIN_S} s.",
)
WINDOW_FROM_NOTICE = Requirement(
    "L-RESUME-8",
    "A server MUST count the window from when it noticed that the last connection is gone.",
    Seen.SLOW,
    reason="The window is waited out.",
)
SAME_ID_RETURNS = Requirement(
    "L-RESUME-9",
    "A server MUST take an offer for the id of a connection that is gone as a new connection of that id.",
)
OTHERS_STAY = Requirement(
    "L-RESUME-10",
    "A server MUST leave the other connections of a session as they are when one of them is gone.",
)
NO_ANSWERS_TO_SUCCESSORS = Requirement(
    "L-RESUME-11",
    "A server MUST NOT send on a connection the answer to what was asked on it before its newest offer.",
)
