"""Data channels: envelopes, order, limits."""

from ...requirement import Requirement, Seen
from ..declares import Declares
from ..limits import MAX_MESSAGE_BYTES

ENVELOPE = Requirement(
    "L-CHAN-1",
    "A server MUST send on `data` only JSON text: objects with the `scope` `application` or `runtime`, and in `data` a `type` and `data`.",
)
TEXT_OR_BYTES = Requirement(
    "L-CHAN-2",
    "A server MUST read JSON alike whether it comes as text or as bytes.",
)
IN_ORDER = Requirement(
    "L-CHAN-3",
    "A server MUST answer the messages of a connection in the order in which they came, but for commands that wait for an upload.",
)
SCHEMA_FENCE = Requirement(
    "L-CHAN-4",
    "A server MUST answer `requestSchema` with `modelSchema`, after the answers to all that came before it on the connection and do not wait for an upload.",
)
REPLY_TO_SENDER = Requirement(
    "L-CHAN-5",
    "A server MUST send a reply to the connection only that its command came on.",
)
BROADCAST = Requirement(
    "L-CHAN-6",
    "A server MUST send what the model says to all on every connection of the session whose `data` is open.",
)
BROADCAST_FIRST = Requirement(
    "L-CHAN-7",
    "A server MUST send what the model says to all while it handles a command before the reply to it.",
    Seen.OBSERVED,
)
UNDECODABLE = Requirement(
    "L-CHAN-8",
    "A server SHOULD answer a message on `data` that it cannot read with `commandRejected`, `command: null` and the code `invalid_frame`.",
)
LIVES_ON = Requirement(
    "L-CHAN-9",
    "A server MUST go on serving a connection after a message on `data` or `control` that it cannot read, unless it is a first one of L-CHAN-10.",
)
OTHER_GENERATION = Requirement(
    "L-CHAN-10",
    "A server MUST close a connection at once whose first message, on whichever channel, is bytes whose first that is no white space is neither `{` nor `[`: its client is of another generation.",
)
UNSOLICITED = Requirement(
    "L-CHAN-11",
    "A server MUST bear `ping`, and runtime messages that nobody asked for or that it does not know, without a fault and at any time.",
)
PING_SILENT = Requirement(
    "L-CHAN-12",
    "A server MUST NOT answer `ping`.",
)
REQUEST_ID = Requirement(
    "L-CHAN-13",
    "A server MUST repeat the `request_id` of a message in every answer to it, and put none where there was none.",
)
MESSAGE_TOO_LARGE = Requirement(
    "L-CHAN-14",
    f"A server MUST take messages of up to {MAX_MESSAGE_BYTES} bytes on `data`.",
)
STATE_ANSWERED = Requirement(
    "L-CHAN-15",
    "A server that knows `requestState` MUST answer it with `modelState` as every command before it has left the state.",
    Seen.DECLARED,
    needs=Declares.STATE,
)
CAPABILITIES_ANSWERED = Requirement(
    "L-CHAN-16",
    "A server SHOULD answer `requestCapabilities` with `modelCapabilities`, the same as in the descriptor.",
)
CLIP_FAILED = Requirement(
    "L-CHAN-17",
    "A server that makes no recordings SHOULD answer `requestClip` and `requestRecording` with `clipFailed`.",
)
