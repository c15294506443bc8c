"""Address, version and key: all that happens before the first frame."""

from ...requirement import Requirement, Seen
from ...version import ACTION_PATH, SUBPROTOCOL_JSON
from ..declares import Declares

UNKNOWN_PATH = Requirement(
    "A-HAND-1",
    "A server SHOULD answer a handshake on a path that it does not publish with status 404.",
)
DEFAULT_PATH = Requirement(
    "A-HAND-2",
    f"A server MAY publish the endpoint at another path than `{ACTION_PATH}`.",
    Seen.OBSERVED,
)
NO_SUBPROTOCOL = Requirement(
    "A-HAND-3",
    "A server MUST accept a handshake that offers no subprotocol, "
    f"and speak `{SUBPROTOCOL_JSON}` on it.",
)
SELECT_JSON = Requirement(
    "A-HAND-4",
    f"A server to which `{SUBPROTOCOL_JSON}` is offered SHOULD select it, "
    "since browsers fail a connection whose offer was not selected.",
)
FOREIGN_SUBPROTOCOL = Requirement(
    "A-HAND-5",
    "A server MUST ignore subprotocol offers that do not begin with `risp.`.",
)
UNKNOWN_SUBPROTOCOL = Requirement(
    "A-HAND-6",
    "A server to which only unknown `risp.` subprotocols are offered SHOULD refuse with status "
    "426, an `Upgrade: websocket` header and a JSON body.",
)
NO_COMPRESSION = Requirement(
    "A-HAND-7",
    "A server SHOULD decline permessage-deflate, which makes observations slower several times over.",
)
REFUSAL_BODY = Requirement(
    "A-HAND-8",
    "A server that refuses a handshake with status 401, 403, 426, 429 or 503 MUST send a JSON "
    "object with the string members `code` and `detail` as the body.",
    Seen.OBSERVED,
)
KEY_REQUIRED = Requirement(
    "A-HAND-9",
    "A server that requires a key MUST refuse a handshake without one with status 401.",
    Seen.DECLARED,
    needs=Declares.AUTH,
)
WRONG_KEY = Requirement(
    "A-HAND-10",
    "A server that requires a key MUST refuse a wrong one with status 401, and not with 403, which "
    "deployed clients take for a passing trouble.",
    Seen.DECLARED,
    needs=Declares.AUTH,
)
CHALLENGE = Requirement(
    "A-HAND-11",
    "A server that refuses with status 401 MUST send the header `WWW-Authenticate: Bearer`.",
    Seen.DECLARED,
    needs=Declares.AUTH,
)
BEARER = Requirement(
    "A-HAND-12",
    "A server that requires a key MUST accept it as `Authorization: Bearer` followed by the key.",
    Seen.DECLARED,
    needs=Declares.AUTH,
)
HEADER_DECIDES = Requirement(
    "A-HAND-13",
    "A server that finds an Authorization header MUST judge by it alone, whatever stands in `?token=`.",
    Seen.DECLARED,
    needs=Declares.AUTH,
)
RETRY_AFTER = Requirement(
    "A-HAND-14",
    "A server that refuses a handshake with status 429 or 503 MUST send a `Retry-After` header.",
    Seen.OBSERVED,
)
NO_KEY_IN_QUERY = Requirement(
    "A-HAND-15",
    "A server MUST NOT accept a long-lived key in `?token=`, which is for short-lived tokens.",
    Seen.OFF_WIRE,
    reason="The probe would write the user's key into the target's access log.",
)
REDACT = Requirement(
    "A-HAND-16",
    "A server MUST leave keys and tokens out of its logs.",
    Seen.OFF_WIRE,
    reason="A log is not on the wire.",
)
NO_ORIGIN = Requirement(
    "A-HAND-17",
    "A server MUST accept a handshake without an Origin header.",
)
FOREIGN_ORIGIN = Requirement(
    "A-HAND-18",
    "A server that requires no key MUST refuse a handshake with a foreign Origin with status 403, "
    "because any web page can reach a local server.",
    Seen.DECLARED,
    needs=Declares.KEYLESS,
)
STATUS_LINE = Requirement(
    "A-HAND-19",
    "A server MUST write its accepting status line with a space after `101`.",
)
NO_REDIRECT = Requirement(
    "A-HAND-20",
    "A server MUST NOT answer a handshake with a redirect.",
)
WHOLE_TEXT = Requirement(
    "A-HAND-21",
    "A server MUST send each frame as one unfragmented text message.",
)
FRAME_IS_OBJECT = Requirement(
    "A-HAND-22",
    "A server MUST write each frame as a JSON object with a string `type`.",
)
