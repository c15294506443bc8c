"""Commands: what a model publishes, what is refused, what a refusal leaves."""

from ...requirement import Requirement, Seen
from ..declares import Declares

NEED = Declares.COMMANDS

PUBLISHED = Requirement(
    "L-CMD-1",
    "A server MUST publish every command that it takes in `modelSchema`, with the constraints that it keeps.",
)
ACCEPTS_VALID = Requirement(
    "L-CMD-2",
    "A server MUST take every command whose arguments keep what is published.",
    Seen.DECLARED,
    needs=NEED,
)
REPLIES = Requirement(
    "L-CMD-3",
    "A server MUST send one reply to a command that it has carried out where a reply is published for it, and none where none is.",
    Seen.DECLARED,
    needs=NEED,
)
DEFAULTS = Requirement(
    "L-CMD-4",
    "A server MUST take the published default for an argument that is absent.",
    Seen.DECLARED,
    needs=NEED,
)
REFUSES_UNKNOWN = Requirement(
    "L-CMD-5",
    "A server MUST refuse a command that it does not publish.",
)
REFUSES_UNEXPECTED = Requirement(
    "L-CMD-6",
    "A server MUST refuse an argument that is not published.",
    Seen.DECLARED,
    needs=NEED,
)
REFUSES_TYPE = Requirement(
    "L-CMD-7",
    "A server MUST refuse an argument of another JSON type than is published: a boolean is no number, and a string is none either.",
    Seen.DECLARED,
    needs=NEED,
)
INTEGRAL_FLOAT = Requirement(
    "L-CMD-8",
    "A server MUST take an integral number such as `7.0` for the integer, and refuse `7.5`.",
    Seen.DECLARED,
    needs=NEED,
)
REFUSES_CHOICE = Requirement(
    "L-CMD-9",
    "A server MUST refuse a value that is none of the published choices.",
    Seen.DECLARED,
    needs=NEED,
)
REFUSES_BOUNDS = Requirement(
    "L-CMD-10",
    "A server MUST refuse a number outside the published bounds, which are part of the range themselves.",
    Seen.DECLARED,
    needs=NEED,
)
REFUSES_LENGTH = Requirement(
    "L-CMD-11",
    "A server MUST refuse a string or a list that is shorter or longer than published, counted in characters or items.",
    Seen.DECLARED,
    needs=NEED,
)
REFUSES_MISSING = Requirement(
    "L-CMD-12",
    "A server MUST refuse a command without an argument that is required.",
    Seen.DECLARED,
    needs=NEED,
)
REFUSED_CHANGES_NOTHING = Requirement(
    "L-CMD-13",
    "A server MUST leave the state as it was where it refuses a command, also where the model's own code failed on it.",
    Seen.DECLARED,
    needs=NEED,
)
TELLS_REFUSAL = Requirement(
    "L-CMD-14",
    "A server SHOULD answer a command that it refuses with one `commandRejected` that names the command, a code, a message and the argument that is wrong.",
)
REFUSAL_CODE = Requirement(
    "L-CMD-15",
    "A server MUST take the `code` of `commandRejected` from the table of this profile, unless the model raised one of its own.",
    Seen.OBSERVED,
)
ORDER_OF_REASONS = Requirement(
    "L-CMD-16",
    "A server SHOULD name the first reason in this order: unknown command, unexpected argument, type, choices, bounds, lengths, missing argument.",
)
SETTERS = Requirement(
    "L-CMD-17",
    "A server MUST reset a field to its default where its command `set_...` comes without the argument.",
    Seen.OFF_WIRE,
    reason="What a model's own handler of that name does is the model's; the reference's models show it.",
)
FAILING_HANDLER = Requirement(
    "L-CMD-18",
    "A server MUST go on serving the session after the model's own code has failed on a command.",
    Seen.OBSERVED,
)
ANY_INTEGER = Requirement(
    "L-CMD-19",
    "A server MUST refuse an integer argument that it cannot keep to the last digit, whatever is published.",
    Seen.DECLARED,
    needs=NEED,
)
