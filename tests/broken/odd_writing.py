"""Odd but legal ways to write a frame."""

import json
import re
import secrets
from decimal import Decimal
from typing import Any

import orjson

from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import (
    SERVER_FRAMES,
    ActionChunk,
    Error,
    Limits,
    ServerFrame,
    SessionOpen,
    SessionReady,
)
from risp.protocol.action.session import State
from risp.reference_impl.action.server import ServerSession

from .forbid import (
    STRINGS,
    chunks,
    errors,
    floats,
    frames,
    numbers,
    readies,
    texts,
    unknown_members,
)
from .oddity import odd

FLOAT = re.compile(STRINGS.pattern + r"|-?\d+\.\d+(?:e[-+]?\d+)?")
NAME = re.compile(r'"(\w)([^"\\]*)":')
MORE = frozenset({"SaysMore"})


@odd(frames("`type` first", lambda tree: next(iter(tree)) == "type"))
class WritesBackwards(ServerSession):
    """Writes the members of a frame in another order."""

    def write(self, frame: ServerFrame) -> str | bytes:
        tree = orjson.loads(super().write(frame))
        return json.dumps(dict(reversed(tree.items())))


@odd(frames("no unknown member", lambda tree: not unknown_members(tree)))
class SaysMore(ServerSession):
    """Adds members that nobody knows to every frame, and within its objects."""

    def write(self, frame: ServerFrame) -> str | bytes:
        tree = orjson.loads(super().write(frame)) | {"x_more": {"a": [None, 1]}, "trace": "77"}
        for value in tree.values():
            if isinstance(value, dict):
                value["x_inner"] = True
        return json.dumps(tree)


@odd(frames("a type that the profile names", lambda tree: tree["type"] in SERVER_FRAMES))
class TellsItsStatistics(ServerSession):
    """Sends a frame of a type of its own after each frame of an open session."""

    def put(self, message: str | bytes) -> None:
        super().put(message)
        if self.books.state in (State.OPEN, State.CLOSING):
            super().put('{"type":"x_vendor.stats","load":0.5,"seq":0}')


@odd(texts("JSON in one line", lambda text: "\n" not in text.strip()))
class WritesForPeople(ServerSession):
    """Writes indented JSON, ASCII only."""

    def write(self, frame: ServerFrame) -> str | bytes:
        return json.dumps(orjson.loads(super().write(frame)), indent=2)


@odd(texts("nothing around the object", lambda text: text == text.strip()))
class EndsWithALineFeed(ServerSession):
    """Writes white space before and after the object."""

    def write(self, frame: ServerFrame) -> str | bytes:
        return f" \t{super().write(frame)!s}\r\n"


@odd(texts("messages in ASCII", lambda text: text.isascii() or '"message"' not in text))
class SpeaksAnotherLanguage(ServerSession):
    """Writes messages that are not ASCII."""

    def make_error(self, code: str, message: str, **members: Any) -> Error:
        return super().make_error(code, "エラー: etwas fehlt — ⚠️", **members)


@odd(
    texts(
        "messages in UTF-8 in place of surrogate pairs",
        lambda text: "\\ud8" not in text or '"message"' not in text,
    )
)
class SpeaksInSurrogates(ServerSession):
    """Writes what lies beyond the basic plane as two escapes, as ASCII-only encoders do."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        if not isinstance(frame, Error):
            return text
        return json.dumps(orjson.loads(text) | {"message": f"\U0001f916 {frame.message}"})


@odd(errors("a message that says something", lambda tree: tree["message"] != ""))
class SaysNothing(ServerSession):
    """Leaves the message of an error empty."""

    def make_error(self, code: str, message: str, **members: Any) -> Error:
        return super().make_error(code, "", **members)


@odd(texts("names of members without escapes", lambda text: "\\u00" not in text))
class EscapesNames(ServerSession):
    r"""Writes the first letter of each member's name as an escape: `"\u0074ype"`."""

    def write(self, frame: ServerFrame) -> str | bytes:
        def escaped(found: re.Match[str]) -> str:
            return f'"\\u{ord(found[1]):04x}{found[2]}":'

        return NAME.sub(escaped, str(super().write(frame)))


@odd(texts("slashes without escapes", lambda text: "\\/" not in text))
class EscapesSlashes(ServerSession):
    r"""Writes `\/` for a slash, as PHP does."""

    def write(self, frame: ServerFrame) -> str | bytes:
        return str(super().write(frame)).replace("/", "\\/")


@odd(
    frames(
        "no member that is null",
        lambda tree: tree["type"] not in SERVER_FRAMES or None not in tree.values(),
    )
)
class WritesNulls(ServerSession):
    """Writes null for optional members that it has no value for."""

    def write(self, frame: ServerFrame) -> str | bytes:
        nulls = dict.fromkeys(type(frame).model_fields)
        return json.dumps(nulls | orjson.loads(super().write(frame)))


@odd(
    frames("no member but those of the profile", lambda tree: "x_trace" not in tree),
    also=MORE,
)
class NestsDeeply(ServerSession):
    """Adds a member that is nested nearly as deep as JSON may be."""

    def write(self, frame: ServerFrame) -> str | bytes:
        return str(super().write(frame))[:-1] + f',"x_trace":{"[" * 60}{"]" * 60}}}'


# Numbers


@odd(numbers("numbers without exponents", lambda text: not re.search(r"\dE", text)))
class WritesExponents(ServerSession):
    """Writes numbers as `1.5E+00`."""

    def write(self, frame: ServerFrame) -> str | bytes:
        def rewritten(found: re.Match[str]) -> str:
            return found[0] if found[0][0] == '"' else f"{float(found[0]):.17E}"

        return FLOAT.sub(rewritten, str(super().write(frame)))


@odd(numbers("numbers of at most 22 digits", lambda text: not re.search(r"\.\d{22}", text)))
class WritesEveryDigit(ServerSession):
    """Writes every digit of a double, of which there are fifty."""

    def write(self, frame: ServerFrame) -> str | bytes:
        def rewritten(found: re.Match[str]) -> str:
            digits = found[0] if found[0][0] == '"' else f"{Decimal(float(found[0])):f}"
            return digits if digits[0] == '"' or "." in digits else f"{digits}.0"

        return FLOAT.sub(rewritten, str(super().write(frame)))


@odd(
    chunks(
        "actions as floats",
        lambda one, tree, ready: all(isinstance(number, float) for number in floats(tree)),
    )
)
class MovesInWholeSteps(ServerSession):
    """Sends actions as integers."""

    def write(self, frame: ServerFrame) -> str | bytes:
        tree = orjson.loads(super().write(frame))
        if isinstance(frame, ActionChunk) and isinstance(frame.actions, list):
            tree["actions"] = [[int(min(x, 1e6)) for x in row] for row in tree["actions"]]
        return json.dumps(tree)


def _is_measured(tree: dict[str, Any]) -> bool:
    return isinstance(tree["metadata"]["inference_ms"], float)


@odd(
    frames("times with fractions", _is_measured, "action_chunk"),
    readies("a rate as a float", lambda tree: not isinstance(tree.get("hz"), int)),
)
class CountsInWholes(ServerSession):
    """Writes times and rates as integers."""

    def write(self, frame: ServerFrame) -> str | bytes:
        tree = orjson.loads(super().write(frame))
        if isinstance(frame, ActionChunk):
            tree["metadata"] |= {"inference_ms": 3, "queue_ms": 0}
        elif isinstance(frame, SessionReady):
            tree["hz"] = 30
        return json.dumps(tree)


@odd(
    frames(
        "times that fit into 64 bits",
        lambda tree: tree["metadata"]["inference_ms"] < 2**64,
        "action_chunk",
    ),
    also=frozenset({"CountsInWholes"}),
)
class TakesAges(ServerSession):
    """Has a clock that jumps: it measures more milliseconds than 64 bits hold."""

    def write(self, frame: ServerFrame) -> str | bytes:
        tree = orjson.loads(super().write(frame))
        if isinstance(frame, ActionChunk):
            tree["metadata"]["inference_ms"] = 2**70
        return json.dumps(tree)


# Descriptions


@odd(readies("its clock as a number", lambda tree: not isinstance(tree.get("server_time_ns"), str)))
class TellsTheTimeAsText(ServerSession):
    """Writes its clock as a decimal string, as a language of doubles has to."""

    def describe(self, frame: SessionOpen, now: float) -> dict[str, Any]:
        described = super().describe(frame, now)
        return described | {"server_time_ns": str(described["server_time_ns"])}


@odd(readies("an id of at most 64 characters", lambda tree: len(tree["session_id"]) <= 64))
class HasLongNames(ServerSession):
    """Gives session ids of 200 characters."""

    def new_session_id(self) -> str:
        return secrets.token_hex(100)


@odd(
    readies(
        "an id of letters and digits", lambda tree: bool(re.match(r"^[\w.-]+$", tree["session_id"]))
    )
)
class HasStrangeNames(ServerSession):
    """Gives session ids with blanks, quotes, a line feed and letters of many scripts."""

    def new_session_id(self) -> str:
        return f'séance №{secrets.token_hex(16)} "\\\n\U0001f916 / %00'


def _is_ours(name: str) -> bool:
    return name in frozenset(Capability)


@odd(
    readies("capabilities of the profile", lambda t: all(map(_is_ours, t.get("capabilities", ())))),
    readies("names of joints", lambda t: "joint 0" not in (t.get("action_names") or ())),
)
class DescribesItselfAtLength(ServerSession):
    """Declares a capability of its own and notes beside every member."""

    def describe(self, frame: SessionOpen, now: float) -> dict[str, Any]:
        described = super().describe(frame, now)
        names = [f"joint {number}" for number in range(self.about.action_dim or 0)]
        more = [*described["capabilities"], "x_vendor.magic"]
        return described | {"action_names": names, "capabilities": more}


@odd(readies("limits that hold something", lambda tree: tree.get("limits") != {}))
class DeclaresNoLimit(ServerSession):
    """Declares limits, and none in particular."""

    def describe(self, frame: SessionOpen, now: float) -> dict[str, Any]:
        return super().describe(frame, now) | {"limits": Limits()}


# Errors


@odd(
    errors(
        "`retry_after_ms` in `unavailable` alone",
        lambda tree: tree["code"] == "unavailable" or tree.get("retry_after_ms") is None,
    ),
    also=MORE,
)
class ErrsAtLength(ServerSession):
    """Adds to errors what helps its vendor, and to passing ones when to come again."""

    def write(self, frame: ServerFrame) -> str | bytes:
        tree = orjson.loads(super().write(frame))
        if isinstance(frame, Error):
            tree |= {"x_request": "r-1", "x_help": ["https://vendor.example/e/1"]}
            tree |= {"retry_after_ms": 0.5} if frame.retryable else {}
        return json.dumps(tree)


@odd(errors("a pointer to a place", lambda tree: tree.get("param") != ""))
class PointsAtTheWhole(ServerSession):
    """Gives the empty pointer where it has no other."""

    def write(self, frame: ServerFrame) -> str | bytes:
        tree = orjson.loads(super().write(frame))
        if isinstance(frame, Error) and frame.param is None:
            tree["param"] = ""
        return json.dumps(tree)


@odd(
    errors(
        "the place of what is wrong with an opening",
        lambda tree: tree["code"] != "invalid_open" or tree.get("param") is not None,
    )
)
class KeepsPlacesToItself(ServerSession):
    """Names no place where it need not."""

    def make_error(self, code: str, message: str, **members: Any) -> Error:
        if not str(members.get("param")).startswith(("/state", "/images")):
            members.pop("param", None)
        return super().make_error(code, message, **members)
