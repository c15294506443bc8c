"""Uploads: reserved, put, told of, used."""

from ...requirement import Requirement, Seen
from ..declares import Declares
from ..limits import SESSION_ID_BITS, UPLOAD_URL_S, UPLOAD_WAIT_S

NEED = Declares.UPLOADS

RESERVE = Requirement(
    "L-UP-1",
    "A server MUST answer a sound `POST /sessions/{session_id}/uploads` of a session that is active with 201 and a place to put the file.",
    Seen.DECLARED,
    needs=NEED,
)
URL = Requirement(
    "L-UP-2",
    f"A server MUST make the place a URL with at least {SESSION_ID_BITS} random bits on the host that the request was sent to, good for one `PUT` without a token.",
    Seen.DECLARED,
    needs=NEED,
)
PUT_ONCE = Requirement(
    "L-UP-3",
    "A server MUST answer the `PUT` of as many bytes as were announced with 2xx, and a second one with 409 `already_uploaded`.",
    Seen.DECLARED,
    needs=NEED,
)
WRONG_LENGTH = Requirement(
    "L-UP-4",
    "A server MUST answer 400 `wrong_length` to a `PUT` of fewer or more bytes than were announced, and take a right one after it.",
    Seen.DECLARED,
    needs=NEED,
)
OVERSIZE = Requirement(
    "L-UP-5",
    "A server MUST answer 413 `too_large` to the reservation of a file that is larger than it takes.",
    Seen.DECLARED,
    needs=NEED,
)
UNKNOWN_UPLOAD = Requirement(
    "L-UP-6",
    "A server MUST answer 404 `unknown_upload` to a `PUT` to a place that there is not, or no more.",
    Seen.DECLARED,
    needs=NEED,
)
URL_ENDS = Requirement(
    "L-UP-7",
    f"A server MUST take no file at a place later than {UPLOAD_URL_S} s after its reservation.",
    Seen.OFF_WIRE,
    reason="The clock of 15 minutes is longer than a run.",
)
GONE_WITH_SESSION = Requirement(
    "L-UP-8",
    "A server MUST take no file at a place whose session has ended.",
    Seen.DECLARED,
    needs=NEED,
)
NEVER_A_PATH = Requirement(
    "L-UP-9",
    "A server MUST take the name of a file for a name, whatever slashes, dots or control characters are in it, and never for a path.",
    Seen.DECLARED,
    needs=NEED,
)
USED = Requirement(
    "L-UP-10",
    "A server MUST hand the file that `uploads` of a command names to the model, under the argument's name.",
    Seen.DECLARED,
    needs=NEED,
)
WAITS = Requirement(
    "L-UP-11",
    f"A server MUST let a command wait up to {UPLOAD_WAIT_S} s for a file that is reserved and has not arrived, without holding up others.",
    Seen.DECLARED,
    needs=NEED,
)
UNRESOLVED = Requirement(
    "L-UP-12",
    "A server MUST refuse with `unresolved_upload` a command whose file does not arrive in time, or is not one of its session.",
    Seen.DECLARED,
    needs=NEED,
)
OF_ONE_SESSION = Requirement(
    "L-UP-13",
    "A server MUST NOT let a file be used in another session than its own.",
    Seen.DECLARED,
    needs=NEED,
)
CHOSEN_ID = Requirement(
    "L-UP-14",
    "A server MUST answer 409 `upload_reserved` to a reservation with an `upload_id` that the session has already.",
    Seen.DECLARED,
    needs=NEED,
)
