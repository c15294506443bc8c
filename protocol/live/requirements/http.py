"""What holds for every HTTP request: errors, versions, pages from elsewhere, slow clients."""

from ...requirement import Requirement, Seen
from ..declares import Declares
from ..limits import (
    API_VERSION,
    BODY_RATE,
    GREATEST_CONNECTION,
    LEAST_CONNECTION,
    MAX_BODY_BYTES,
    REQUEST_WITHIN_S,
    WEBRTC_VERSION,
)

ERROR_BODY = Requirement(
    "L-HTTP-1",
    "A server MUST answer every request that it refuses with a JSON object that has the strings `detail` and `code`.",
)
KNOWN_CODE = Requirement(
    "L-HTTP-2",
    "A server MUST take the `code` of a refusal from the table of this profile, with the status that stands there.",
)
MALFORMED_BODY = Requirement(
    "L-HTTP-3",
    "A server MUST answer 422 `invalid_body` at once to a body that is not JSON, or in which a member that this profile names is missing or wrong.",
)
NAMES_PLACE = Requirement(
    "L-HTTP-4",
    "A server MUST name in `param` of a 422 the place that is wrong, unless it is the body or the offer as a whole.",
)
MALFORMED_PATH = Requirement(
    "L-HTTP-5",
    f"A server MUST answer 422 `invalid_path` to a connection id that is not an integer from {LEAST_CONNECTION} to {GREATEST_CONNECTION}.",
)
UNKNOWN_MEMBERS = Requirement(
    "L-HTTP-6",
    "A server MUST ignore members of a body that it does not know.",
)
NO_400_FOR_MALFORMED = Requirement(
    "L-HTTP-7",
    "A server MUST NOT answer 400 to a request that starts a session, registers a connection or makes an offer: deployed clients take that for a lost session and try again.",
)
NEVER_500 = Requirement(
    "L-HTTP-8",
    "A server MUST NOT answer with a status of 500 or above to a request because of what stands in it, unless it is 501 for a version.",
)
NOT_FOUND = Requirement(
    "L-HTTP-9",
    "A server MUST answer 404 at a path at which it publishes nothing.",
)
METHOD = Requirement(
    "L-HTTP-10",
    "A server MUST answer 405 with `Allow` to a method that a published path does not take.",
)
BODY_SIZE = Requirement(
    "L-HTTP-11",
    f"A server MUST take JSON bodies of up to {MAX_BODY_BYTES} bytes.",
)
BODY_TOO_LARGE = Requirement(
    "L-HTTP-12",
    "A server MUST answer 413 `too_large` to a body that is larger than it takes.",
)
CLIENT_TOO_OLD = Requirement(
    "L-HTTP-13",
    f"A server MUST answer 426 `client_too_old` where a version header asks for less than it speaks: {API_VERSION} in `Reactor-API-Version` and `Reactor-API-Accept-Version`, {WEBRTC_VERSION} in `Reactor-WebRTC-Version`.",
)
SERVER_TOO_OLD = Requirement(
    "L-HTTP-14",
    "A server MUST answer 501 `server_too_old` where `Reactor-API-Version` or the first number of `Reactor-WebRTC-Version` is greater than it speaks.",
)
NO_VERSION = Requirement(
    "L-HTTP-15",
    "A server MUST accept requests without version headers.",
)
PREFLIGHT = Requirement(
    "L-HTTP-16",
    "A server MUST answer a CORS preflight with success and without asking for a token, at every published path, to an origin that it allows.",
)
PREFLIGHT_NAMES = Requirement(
    "L-HTTP-17",
    "A server MUST name `authorization`, `content-type` and the three version headers in the preflight's `Access-Control-Allow-Headers`: a wildcard does not cover the first.",
)
CORS_EVERYWHERE = Requirement(
    "L-HTTP-18",
    "A server MUST send `Access-Control-Allow-Origin` with every answer to an origin that it allows, refusals included.",
)
EXPOSES = Requirement(
    "L-HTTP-19",
    "A server MUST list `Retry-After` in `Access-Control-Expose-Headers`.",
)
NO_CREDENTIALS = Requirement(
    "L-HTTP-20",
    "A server MUST NOT send `Access-Control-Allow-Credentials`.",
)
FOREIGN_ORIGIN = Requirement(
    "L-HTTP-21",
    "A server without keys MUST refuse with 403 `foreign_origin` a request whose `Origin` is neither on this machine nor the server's own.",
    Seen.DECLARED,
    needs=Declares.KEYLESS,
)
FOREIGN_HOST = Requirement(
    "L-HTTP-22",
    "A server without keys MUST refuse with 403 `foreign_host` a request whose `Host` is a name that is neither of this machine nor the server's own.",
    Seen.DECLARED,
    needs=Declares.KEYLESS,
)
RETRY_AFTER = Requirement(
    "L-HTTP-23",
    "A server MUST send `Retry-After` in whole seconds with every 429 and 503.",
)
SLOW_CLIENTS = Requirement(
    "L-HTTP-24",
    f"A server SHOULD cut off a client whose request is not there within {REQUEST_WITHIN_S} s, and a second more for every {BODY_RATE} bytes of body that it announces.",
    Seen.SLOW,
    reason=f"The clock of {REQUEST_WITHIN_S} s.",
)
WELL_KNOWN = Requirement(
    "L-HTTP-25",
    "A server SHOULD say at `GET /.well-known/risp` which profiles it speaks and which models it serves.",
)
