"""Errors: what earns them, what they say, and what is left afterwards."""

from ...codec import MAX_DEPTH
from ...requirement import Requirement, Seen
from ..codes import BAD_DATA, VENDOR_PREFIX
from ..limits import CLOSE_WITHIN_S

SHAPE = Requirement(
    "A-ERR-1",
    "A server MUST send `code` and `message` as strings, and `fatal` and `retryable` as booleans, "
    "in every `error`.",
)
FATAL_BY_TABLE = Requirement(
    "A-ERR-2",
    "A server MUST set `fatal` as the error table says for the code.",
)
RETRYABLE_BY_TABLE = Requirement(
    "A-ERR-3",
    "A server MUST set `retryable` as the error table says for the code.",
)
KNOWN_CODE = Requirement(
    "A-ERR-4",
    f"A server MUST use a code of the error table, or one that begins with `{VENDOR_PREFIX}`.",
)
NO_INSIDES = Requirement(
    "A-ERR-5",
    "A server MUST NOT put a traceback, a stack or a path of its file system into an `error`.",
)
LIVES_ON = Requirement(
    "A-ERR-6",
    "A server MUST leave the session fully usable after an error that is not fatal.",
)
FATAL_CLOSES = Requirement(
    "A-ERR-7",
    f"A server MUST close the connection within {CLOSE_WITHIN_S} s after a fatal error, with a "
    "close code that the error table allows for it.",
)
PARAM_POINTER = Requirement(
    "A-ERR-8",
    "A server MUST write `param`, if it sends one, as a JSON pointer (RFC 6901) to the place in the "
    "client's frame that is wrong, or to one around it.",
)
UNKNOWN_TYPE = Requirement(
    "A-ERR-9",
    "A server MUST answer `unknown_type` to a frame on an open session whose `type` is none that a "
    "client sends.",
)
NOT_JSON = Requirement(
    "A-ERR-10",
    "A server MUST answer `bad_frame` to text that is not JSON.",
)
NAN_TOKEN = Requirement(
    "A-ERR-11",
    "A server MUST answer `bad_frame` to the tokens `NaN` and `Infinity`, which are not JSON.",
)
NOT_AN_OBJECT = Requirement(
    "A-ERR-12",
    "A server MUST answer `bad_frame` to a JSON value that is no object.",
)
NO_TYPE = Requirement(
    "A-ERR-13",
    "A server MUST answer `bad_frame` to an object without a string `type`.",
)
BINARY = Requirement(
    "A-ERR-14",
    "A server MUST answer `bad_frame` to a binary message on a session of JSON text.",
)
DUPLICATE_KEY = Requirement(
    "A-ERR-15",
    "A server SHOULD answer `bad_frame` to an object in which a key stands twice.",
)
LONE_SURROGATE = Requirement(
    "A-ERR-16",
    "A server SHOULD answer `bad_frame` to a string with half of a surrogate pair.",
)
BYTE_ORDER_MARK = Requirement(
    "A-ERR-17",
    "A server SHOULD answer `bad_frame` to text that begins with a byte order mark.",
)
TOO_DEEP = Requirement(
    "A-ERR-18",
    f"A server SHOULD answer `bad_frame` to JSON nested deeper than {MAX_DEPTH}.",
)
BAD_UTF8 = Requirement(
    "A-ERR-19",
    f"A server MUST close with {BAD_DATA} after a text message that is not UTF-8.",
)
UNAVAILABLE_WHEN = Requirement(
    "A-ERR-20",
    "A server MUST put `retry_after_ms` into the error `unavailable`.",
    Seen.OBSERVED,
)
INFERENCE_FAILED = Requirement(
    "A-ERR-21",
    "A server whose policy fails, or returns no finite chunk of the declared width, MUST answer "
    "`inference_failed`.",
    Seen.OFF_WIRE,
    reason="Nothing that a client may send makes a sound policy fail.",
)
