"""Local mode: one session of this machine, without tokens; and how the server is."""

from ...requirement import Requirement, Seen
from ..declares import Declares

NEED = Declares.LOCAL

START = Requirement(
    "L-LOCAL-1",
    "A server MUST answer `POST /start_session` with 200 and the whole descriptor, capabilities included, where no local session runs and the model is loaded.",
    Seen.DECLARED,
    needs=NEED,
)
START_BODY = Requirement(
    "L-LOCAL-2",
    "A server MUST take `POST /start_session` without a body, with `{}`, and with members that it does not know.",
    Seen.DECLARED,
    needs=NEED,
)
START_TWICE = Requirement(
    "L-LOCAL-3",
    "A server MUST answer 409 `session_running` to `POST /start_session` while a local session runs.",
    Seen.DECLARED,
    needs=NEED,
)
STOP = Requirement(
    "L-LOCAL-4",
    "A server MUST end the local session at `POST /stop_session`, so that another one can be started at once.",
    Seen.DECLARED,
    needs=NEED,
)
STOP_NONE = Requirement(
    "L-LOCAL-5",
    "A server MUST answer `POST /stop_session` with 200 or 409 `no_session` where no local session runs.",
    Seen.DECLARED,
    needs=NEED,
)
LOOK = Requirement(
    "L-LOCAL-6",
    "A server MUST answer `GET /session` with 200, also where no local session runs: then with the state `ready`.",
    Seen.DECLARED,
    needs=NEED,
)
FRESH_LOCAL = Requirement(
    "L-LOCAL-7",
    "A server MUST give every local session a state of its own, with every field at its default.",
    Seen.DECLARED,
    needs=NEED,
)
LOADING = Requirement(
    "L-LOCAL-8",
    "A server whose model is still being loaded MUST answer `POST /start_session` with 503 `loading`.",
    Seen.OBSERVED,
)
HEALTH = Requirement(
    "L-LOCAL-9",
    "A server SHOULD say at `GET /health` whether it is `loading`, `available`, `serving` or `terminated`.",
)
SCHEMA = Requirement(
    "L-LOCAL-10",
    "A server MUST answer `GET /schema` with the same document as `requestSchema`.",
    Seen.DECLARED,
    needs=NEED,
)
EVENTS = Requirement(
    "L-LOCAL-11",
    "A server that offers `GET /events` MUST send an event for every command that it takes and for every one that it refuses.",
    Seen.DECLARED,
    needs=Declares.EVENTS,
)
EVENTS_RESUME = Requirement(
    "L-LOCAL-12",
    "A server MUST begin `GET /events` with `Last-Event-ID` or `?since=` after that event, if it still has those that follow.",
    Seen.DECLARED,
    needs=Declares.EVENTS,
)
NOT_WITH_KEYS = Requirement(
    "L-LOCAL-13",
    "A server with keys MUST answer 404 on the local routes and on `GET /events`.",
    Seen.DECLARED,
    needs=Declares.AUTH,
)
