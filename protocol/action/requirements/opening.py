"""From the first frame to `session.ready`."""

from ...requirement import Requirement, Seen
from ..declares import Declares
from ..limits import MIN_SESSION_ID, OPEN_ANSWER_S, SESSION_ID_BITS, STATUS_EVERY_S, UNOPENED_S

CLIENT_SPEAKS_FIRST = Requirement(
    "A-OPEN-1",
    "A server MUST NOT send a data frame before it has received the client's first one: deployed "
    "clients lose what comes along with the handshake.",
)
ANSWER_OPEN = Requirement(
    "A-OPEN-2",
    "A server MUST answer `session.open` with `session.ready` or a fatal `error` within "
    f"{OPEN_ANSWER_S} s of it, or of the last `session.status` that it sent to a client that listed "
    "`status`.",
)
READY_FIRST = Requirement(
    "A-OPEN-3",
    "A server MUST send nothing before that answer to a client that did not list the capability "
    "`status`.",
)
UNDECODABLE_FIRST = Requirement(
    "A-OPEN-4",
    "A server that cannot decode the first frame MUST answer `bad_frame`.",
)
STILL_UNOPENED = Requirement(
    "A-OPEN-5",
    "A server MUST leave the session unopened, and able to be opened, after an undecodable first frame.",
)
OPEN_FIRST = Requirement(
    "A-OPEN-6",
    "A server that receives any other frame than `session.open` first MUST answer `not_open` and close.",
)
OPEN_IN_TIME = Requirement(
    "A-OPEN-7",
    f"A server MUST close with 1001 a connection on which no session is opened for {UNOPENED_S} s, "
    "and no sooner unless it shuts down.",
    Seen.SLOW,
    reason=f"The clock of {UNOPENED_S} s.",
)
LOADING_UNAVAILABLE = Requirement(
    "A-OPEN-8",
    "A server whose model is still loading MUST refuse a client that did not list `status` with "
    "status 503 before the upgrade, or with `unavailable` and `retry_after_ms` after it.",
    Seen.OBSERVED,
)
STATUS_WHILE_LOADING = Requirement(
    "A-OPEN-9",
    "A server whose model is still loading MUST send `session.status` at least every "
    f"{STATUS_EVERY_S} s to a client that listed `status`.",
    Seen.OBSERVED,
)
UNKNOWN_MEMBERS = Requirement(
    "A-OPEN-10",
    "A server MUST ignore members of `session.open` that it does not know.",
)
EMPTY_PROMPT = Requirement(
    "A-OPEN-11",
    "A server MUST accept an empty `prompt`.",
)
LABEL_OPTIONAL = Requirement(
    "A-OPEN-12",
    "A server MUST accept a `session.open` that has `prompt` and no other member.",
)
INVALID_OPEN = Requirement(
    "A-OPEN-13",
    "A server MUST answer `invalid_open` to a `session.open` in which a member that this profile "
    "names is of a wrong JSON type.",
)
POSITIVE = Requirement(
    "A-OPEN-14",
    "A server MUST answer `invalid_open` to a `session.open` whose `hz`, `chunk_size` or "
    "`max_gpu_seconds` is not greater than zero.",
)
PROMPT_REQUIRED = Requirement(
    "A-OPEN-15",
    "A server MUST answer `invalid_open` to a `session.open` without a `prompt`.",
)
SESSION_ID = Requirement(
    "A-OPEN-16",
    f"A server MUST send a `session_id` of at least {MIN_SESSION_ID} characters in `session.ready`.",
)
OWN_ID = Requirement(
    "A-OPEN-17",
    "A server MUST NOT take the client's label for its `session_id`.",
)
DISTINCT_IDS = Requirement(
    "A-OPEN-18",
    "A server MUST give every session a `session_id` of its own, whatever labels the clients send.",
)
RANDOM_IDS = Requirement(
    "A-OPEN-19",
    f"A server MUST make each `session_id` with at least {SESSION_ID_BITS} random bits.",
    Seen.OFF_WIRE,
    reason="No finite number of ids shows how they were drawn.",
)
EQUAL_LABELS = Requirement(
    "A-OPEN-20",
    "A server MUST serve several sessions at a time, equal labels or not.",
)
DESCRIBE = Requirement(
    "A-OPEN-21",
    "A server SHOULD describe itself in `session.ready`: `protocol`, `model`, `state_dim`, "
    "`action_dim`, `chunk_size`, `cameras`, `hz`, `queue`, `limits`, `capabilities` and "
    "`server_time_ns`.",
)
READY_SHAPE = Requirement(
    "A-OPEN-22",
    "A server MUST give each member of `session.ready` that this profile names the type and bounds "
    "that it gives it.",
)
ROBOT_IS_A_HINT = Requirement(
    "A-OPEN-23",
    "A server MUST NOT refuse a session because of its `robot`.",
)
UNSERVED_MODEL = Requirement(
    "A-OPEN-24",
    "A server that is asked for a model that it does not serve MUST refuse with `unknown_model` or "
    "ignore the name.",
)
UNSERVED_LORA = Requirement(
    "A-OPEN-25",
    "A server that is asked for a LoRA adapter that it does not serve MUST refuse with "
    "`unknown_lora` or ignore the name.",
)
UNSERVED_ADAPTER = Requirement(
    "A-OPEN-26",
    "A server that is asked for an action adapter that it does not serve MUST refuse with "
    "`unknown_adapter` or ignore the name.",
)
TRUE_MODEL = Requirement(
    "A-OPEN-27",
    "A server that ignores the name of a model that it does not serve MUST NOT declare that name "
    "as its `model`.",
    Seen.OBSERVED,
)
ALREADY_OPEN = Requirement(
    "A-OPEN-28",
    "A server MUST answer `already_open` to a second `session.open` on a connection.",
)
RESET_ONCE = Requirement(
    "A-OPEN-29",
    "A server MUST reset its policy once for each session that it opens, before the session's first "
    "inference.",
    Seen.OFF_WIRE,
    reason="A policy's own state does not show on the wire.",
)
ON_REQUEST_ONLY = Requirement(
    "A-OPEN-30",
    "A server MUST NOT declare `status`, `tensor_b64` or `max_age` to a client that did not list it.",
)
ONE_REFUSAL = Requirement(
    "A-OPEN-31",
    "A server MUST NOT follow a fatal refusal of `session.open` with `session.ready`.",
)
NULL_IS_ABSENT = Requirement(
    "A-OPEN-32",
    "A server MUST take an optional member that is null as absent.",
)
QUEUE_LATEST_DECLARED = Requirement(
    "A-OPEN-33",
    "A server that declares `queue_latest` MUST declare `queue: latest` to a client that asks for it.",
    Seen.DECLARED,
    needs=Declares.QUEUE_LATEST,
)
