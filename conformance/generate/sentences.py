"""Which sentence of the specification says what a flaw earns: one table.

A new member of a client's frame needs a row here, or a reason why it can have none; a test compares
the table with the frame classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from risp.protocol.action.requirements import closing, error, limits, observation, opening, queue
from risp.protocol.requirement import Requirement

from .flaws import Flaw

Key = tuple[str, str, Flaw]
"""A frame's tag, the pointer of a place in it, and the flaw."""
SaidT = TypeVar("SaidT")
Row = tuple[str, str, tuple[Flaw, ...], SaidT]
"""Tags, pointers with spaces between (`-` is the frame as a whole), flaws, and what is said."""

_OPEN = "session.open"
_SEE = "observation"
_CLOSE = "session.close"
_EVERY = f"{_OPEN} {_SEE} {_CLOSE}"

_OPEN_NAMES = "/session_id /model /lora /robot /action_adapter"
_OPEN_LISTS = "/cameras /capabilities"
_OPEN_ITEMS = "/cameras/* /capabilities/*"
_OPEN_FLOATS = "/hz /max_gpu_seconds"
_OPEN_NUMBERS = f"{_OPEN_FLOATS} /chunk_size"
_TIMES = "/max_age_ms /max_gpu_seconds"
_SEE_NUMBERS = f"/seq /state/* /capture_time_ns {_TIMES}"
_IMAGE_PARTS = "/images/*/encoding /images/*/data"

_ROWS: tuple[Row[Requirement], ...] = (
    # Frames that cannot be read
    (_OPEN, "-", (Flaw.NOT_JSON,), opening.UNDECODABLE_FIRST),
    (f"{_SEE} {_CLOSE}", "-", (Flaw.NOT_JSON,), error.NOT_JSON),
    (_EVERY, "-", (Flaw.NOT_AN_OBJECT,), error.NOT_AN_OBJECT),
    (_EVERY, "-", (Flaw.BYTE_ORDER_MARK,), error.BYTE_ORDER_MARK),
    (_EVERY, "-", (Flaw.DUPLICATE_KEY,), error.DUPLICATE_KEY),
    (_EVERY, "-", (Flaw.TOO_DEEP,), error.TOO_DEEP),
    (_EVERY, "/type", (Flaw.MISSING, Flaw.NULL, Flaw.WRONG_TYPE), error.NO_TYPE),
    (f"{_SEE} {_CLOSE}", "/type", (Flaw.WRONG_TAG,), error.UNKNOWN_TYPE),
    (_OPEN, _OPEN_NUMBERS, (Flaw.NAN_TOKEN,), error.NAN_TOKEN),
    (_SEE, _SEE_NUMBERS, (Flaw.NAN_TOKEN,), error.NAN_TOKEN),
    (_OPEN, f"/prompt {_OPEN_NAMES} {_OPEN_ITEMS}", (Flaw.SURROGATE,), error.LONE_SURROGATE),
    (_SEE, "/prompt /request_id", (Flaw.SURROGATE,), error.LONE_SURROGATE),
    (f"{_SEE} {_CLOSE}", "-", (Flaw.TOO_BIG,), limits.TOO_BIG_CLOSES),
    # session.open
    (_OPEN, "-", (Flaw.EXTRA,), opening.UNKNOWN_MEMBERS),
    (_OPEN, "/prompt", (Flaw.MISSING,), opening.PROMPT_REQUIRED),
    (_OPEN, f"/prompt {_OPEN_ITEMS}", (Flaw.NULL, Flaw.WRONG_TYPE), opening.INVALID_OPEN),
    (
        _OPEN,
        f"{_OPEN_NAMES} {_OPEN_LISTS} {_OPEN_NUMBERS} /queue",
        (Flaw.WRONG_TYPE,),
        opening.INVALID_OPEN,
    ),
    (_OPEN, _OPEN_NUMBERS, (Flaw.BOOLEAN_NUMBER, Flaw.NUMERIC_STRING), opening.INVALID_OPEN),
    (_OPEN, "/chunk_size", (Flaw.FRACTION,), opening.INVALID_OPEN),
    (_OPEN, _OPEN_NUMBERS, (Flaw.BELOW,), opening.POSITIVE),
    (_OPEN, "/chunk_size", (Flaw.INTEGRAL_FLOAT,), observation.INTEGRAL_FLOAT),
    (_OPEN, "/queue", (Flaw.WRONG_ENUM,), queue.UNKNOWN_QUEUE),
    (
        _OPEN,
        f"{_OPEN_NAMES} {_OPEN_LISTS} {_OPEN_NUMBERS} /queue",
        (Flaw.NULL,),
        opening.NULL_IS_ABSENT,
    ),
    # observation
    (_SEE, "-", (Flaw.EXTRA,), observation.UNKNOWN_MEMBERS),
    (
        _SEE,
        "/seq",
        (Flaw.MISSING, Flaw.NULL, Flaw.WRONG_TYPE, Flaw.FRACTION, Flaw.BELOW, Flaw.ABOVE),
        observation.SEQ_BOUNDS,
    ),
    (_SEE, "/seq", (Flaw.NON_FINITE,), observation.SEQ_BOUNDS),
    (_SEE, "/state", (Flaw.MISSING,), observation.STATE_TYPE),
    (_SEE, "/state /state/*", (Flaw.NULL, Flaw.WRONG_TYPE), observation.STATE_TYPE),
    (_SEE, "/state/*", (Flaw.NON_FINITE,), observation.STATE_FINITE),
    (_SEE, _SEE_NUMBERS, (Flaw.BOOLEAN_NUMBER,), observation.NO_BOOLEAN_NUMBERS),
    (_SEE, f"/seq /state/* {_TIMES}", (Flaw.NUMERIC_STRING,), observation.NO_STRING_NUMBERS),
    (_SEE, "/seq /capture_time_ns", (Flaw.INTEGRAL_FLOAT,), observation.INTEGRAL_FLOAT),
    (_SEE, "/images/*", (Flaw.NULL, Flaw.WRONG_TYPE), observation.IMAGE_TYPE),
    (
        _SEE,
        _IMAGE_PARTS,
        (Flaw.MISSING, Flaw.NULL, Flaw.WRONG_TYPE),
        observation.IMAGE_TYPE,
    ),
    (_SEE, "/images/*/encoding", (Flaw.WRONG_ENUM,), observation.IMAGE_ENCODING),
    (_SEE, "/images/* /images/*/data", (Flaw.BAD_BASE64,), observation.IMAGE_BASE64),
    (
        _SEE,
        "/request_id",
        (Flaw.WRONG_TYPE, Flaw.BELOW, Flaw.ABOVE),
        observation.REQUEST_ID_BOUNDS,
    ),
    (_SEE, f"/prompt /capture_time_ns {_TIMES}", (Flaw.WRONG_TYPE,), observation.BOUNDS),
    (_SEE, f"/capture_time_ns {_TIMES}", (Flaw.BELOW, Flaw.NON_FINITE), observation.BOUNDS),
    (
        _SEE,
        "/capture_time_ns",
        (Flaw.ABOVE, Flaw.FRACTION, Flaw.BAD_PATTERN),
        observation.BOUNDS,
    ),
    (
        _SEE,
        f"/images /prompt /request_id /capture_time_ns {_TIMES}",
        (Flaw.NULL,),
        observation.NULL_IS_ABSENT,
    ),
    # session.close
    (_CLOSE, "/session_id", (Flaw.ANYTHING,), closing.CLOSE_ID_IGNORED),
)

_LEFT_OUT: tuple[Row[str], ...] = (
    (_OPEN, "/type", (Flaw.WRONG_TAG,), "Sent first, it is no opening and earns `not_open`."),
    (_OPEN, "-", (Flaw.TOO_BIG,), "Nothing is declared before `session.ready`."),
    (_OPEN, _OPEN_NUMBERS, (Flaw.NON_FINITE,), "No sentence: it is of the right JSON type."),
    (_OPEN, "/chunk_size", (Flaw.ABOVE,), "No sentence names a greatest `chunk_size`."),
    (_SEE, "/images", (Flaw.WRONG_TYPE,), "No sentence: A-OBS-17 speaks of an image in it."),
    (_CLOSE, "-", (Flaw.EXTRA,), "No sentence speaks of unknown members of `session.close`."),
)


def spread(rows: Iterable[Row[SaidT]]) -> Mapping[Key, SaidT]:
    """Rows as a mapping; raises ValueError if two speak of one flaw."""
    said_of: dict[Key, SaidT] = {}
    for tags, pointers, flaws, said in rows:
        for tag in tags.split():
            for pointer in pointers.split():
                for flaw in flaws:
                    key = (tag, pointer.removeprefix("-"), flaw)
                    if key in said_of:
                        raise ValueError(f"two sentences for {key}")
                    said_of[key] = said
    return said_of


SENTENCES: Final = spread(_ROWS)
"""The sentence for each flaw of each place of each frame that a client sends."""
LEFT_OUT: Final = spread(_LEFT_OUT)
"""The flaws that no sentence covers, or that cannot be sent, and why."""
