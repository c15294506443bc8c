"""Sessions: created, polled, restarted, ended; what time does to them."""

from ...requirement import Requirement, Seen
from ..limits import END_WITHIN_S, GONE_S, NEVER_CONNECTED_S, SESSION_ID_BITS, WAITING_WITHIN_S

CREATES = Requirement(
    "L-SESS-1",
    "A server MUST answer `POST /sessions` for a model that it serves with 201 and the session, before it has a place if need be.",
)
FRESH_ID = Requirement(
    "L-SESS-2",
    f"A server MUST give every session an id of its own, with at least {SESSION_ID_BITS} random bits, that was never given before.",
)
UNKNOWN_MODEL = Requirement(
    "L-SESS-3",
    "A server MUST answer 404 `unknown_model` to a session with a model that it does not serve.",
)
POLL = Requirement(
    "L-SESS-4",
    "A server MUST answer `GET /sessions/{session_id}` with the session's state, and `GET /sessions/{session_id}/info` in short.",
)
READY_MEMBERS = Requirement(
    "L-SESS-5",
    "A server MUST put `selected_transport` and `capabilities` into the descriptor of a session as soon as it has a place, both at once.",
)
ACTIVE_WITH_PLACE = Requirement(
    "L-SESS-6",
    "A server MUST show a session that has a place as `ACTIVE`, and on the local routes as `streaming`.",
)
WAITS_FOR_PLACE = Requirement(
    "L-SESS-7",
    "A server MUST show a session that waits for a place as `PENDING` or `WAITING`.",
    Seen.OBSERVED,
)
WAITING_ENDS = Requirement(
    "L-SESS-8",
    f"A server MUST end the waiting of a session within {WAITING_WITHIN_S} s, with a place or with `CLOSED`.",
    Seen.OBSERVED,
)
CAPABILITIES_FIXED = Requirement(
    "L-SESS-9",
    "A server MUST keep the capabilities of a session the same as long as it lives.",
)
CAPABILITIES_FILLED = Requirement(
    "L-SESS-10",
    "A server SHOULD list in `capabilities` the commands that the model publishes, with their arguments, and `emission_fps`.",
)
UNKNOWN_SESSION = Requirement(
    "L-SESS-11",
    "A server MUST answer 404 `unknown_session` to a request for a session that there never was.",
)
RESTART_RESETS = Requirement(
    "L-SESS-12",
    "A server MUST reset the model's state at `PUT /sessions/{session_id}`, and keep the session's id and connections.",
)
DELETE_ENDS = Requirement(
    "L-SESS-13",
    "A server MUST end a session at `DELETE /sessions/{session_id}`, and close its connections.",
)
DELETE_TWICE = Requirement(
    "L-SESS-14",
    "A server MUST answer a second `DELETE` of a session with 2xx or 404.",
)
CLOSED_SHOWN = Requirement(
    "L-SESS-15",
    f"A server SHOULD show a session that has ended as `CLOSED` for {GONE_S} s, and answer 404 from then on.",
)
CLOSED_REFUSES = Requirement(
    "L-SESS-16",
    "A server MUST answer 404 or 409 to signaling and uploads of a session that has ended.",
)
NEVER_CONNECTED = Requirement(
    "L-SESS-17",
    f"A server MUST end a session to which nobody has connected for {NEVER_CONNECTED_S} s since it has had a place.",
    Seen.SLOW,
    reason=f"The clock of {NEVER_CONNECTED_S} s.",
)
TELLS_EXPIRY = Requirement(
    "L-SESS-18",
    "A server MUST say in the descriptor's `expires_at`, in Unix seconds, when a session ends at the latest, if there is such a time.",
    Seen.OBSERVED,
)
EXPIRY_ENDS = Requirement(
    "L-SESS-19",
    "A server MUST send `sessionEnded` with a `reason` on every connection whose `data` is open before it ends a session that its client did not end.",
    Seen.OBSERVED,
)
ISOLATED = Requirement(
    "L-SESS-20",
    "A server MUST NOT let what happens on one session show on another.",
)
AT_CAPACITY = Requirement(
    "L-SESS-21",
    "A server MUST refuse a session for which there is neither a place nor room to wait with 503 `no_capacity`.",
    Seen.OBSERVED,
)
STOPPING = Requirement(
    "L-SESS-22",
    f"A server that stops MUST send `sessionEnded` on every connection and have ended within {END_WITHIN_S} s.",
    Seen.OFF_WIRE,
    reason="A judge cannot have a stranger's server stopped.",
)
FREED = Requirement(
    "L-SESS-23",
    "A server MUST free all that a session held when it ends: places, ports, threads, files.",
    Seen.OFF_WIRE,
    reason="What a server holds shows on no wire, but for the place.",
)
SECRETS = Requirement(
    "L-SESS-24",
    "A server MUST NOT write keys, tokens or the URLs of uploads into its log.",
    Seen.OFF_WIRE,
    reason="A log is no wire.",
)
