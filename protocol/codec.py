"""Text to JSON to frame, and back.

Every malformed input ends here as one DecodeError with a code, a JSON pointer and a hint. The usual
frame takes a short way: orjson parses it, and two counts prove that nothing hides in it that a
strict reader must refuse (a key given twice, JSON too deep). Whatever the short way does not
settle goes a second, slow way, which knows the reason.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar, cast

import orjson
from pydantic import JsonValue, ValidationError

from .errors import DecodeError
from .frame import Frame, Part, members

MAX_DEPTH: Final = 64
"""JSON nested deeper than this is refused."""

_BAD: Final = "bad_frame"
_MANY = 500
"""So many quotes are counted in one go."""
_DIGITS = 400
"""An integer with more digits is over every double; Python would spend long on it."""
# The last quote is optional: else every quote of a string without an end is tried anew, which is
# quadratic, and one frame of some kilobytes would hold up every session for minutes.
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")

FrameT = TypeVar("FrameT", bound=Frame)


def parse(text: str | bytes) -> dict[str, Any]:
    """Read one JSON object strictly. Raises DecodeError (`bad_frame`) with the reason."""
    if not text.isascii() and isinstance(text, bytes):
        text = _utf8(text)
    try:
        tree: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        tree = _parse_slowly(text)
    else:
        if not _surely_plain(text, tree):
            tree = _parse_slowly(text)
    if not isinstance(tree, dict):
        raise DecodeError(_BAD, f"a frame is a JSON object, not {_kind(tree)}")
    return cast(dict[str, Any], tree)


def decode(
    text: str | bytes, frames: Mapping[str, type[FrameT]], refusals: Mapping[str, str]
) -> FrameT:
    """Read one frame out of `frames` (by tag). `refusals` gives the code of a bad one, by tag.

    Raises DecodeError: `bad_frame`, `unknown_type`, or the code that `refusals` gives, where a key
    `tag/member` goes before the key `tag`.
    """
    return build(parse(text), frames, refusals)


def build(
    tree: dict[str, Any], frames: Mapping[str, type[FrameT]], refusals: Mapping[str, str]
) -> FrameT:
    """Make a frame of a parsed object; raises as `decode` does."""
    tag = tree.get("type")
    if not isinstance(tag, str):
        what = "no `type`" if tag is None else f"a `type` that is {_kind(tag)}"
        raise DecodeError(_BAD, f"the frame has {what}", pointer="/type", hint=_one_of(frames))
    frame = frames.get(tag)
    if frame is None:
        raise DecodeError(
            "unknown_type",
            f"no frame of this sender is called {tag[:60]!r}",
            pointer="/type",
            hint=_one_of(frames),
            frame_type=tag,
        )
    try:
        return frame.model_validate(tree)
    except ValidationError as error:
        raise _refusal(error, frame, tree, refusals) from None


def encode(frame: Frame) -> str:
    """Write a frame as compact JSON, members in their declared order, None left out."""
    return orjson.dumps(members(frame), default=_open_part).decode()


def dump(value: Any) -> str:
    """Write any JSON value compactly; raises TypeError for what JSON does not know."""
    return orjson.dumps(value).decode()


def missing(tree: dict[str, Any], frame: type[Part]) -> list[str]:
    """JSON pointers of the members that a sender owes and did not write."""
    gone = [f"/{name}" for name in sorted(frame.owed) if tree.get(name) is None]
    for name, field in frame.model_fields.items():
        nested = tree.get(name)
        if isinstance(nested, dict):
            inner = cast(dict[str, Any], nested)
            owing = [part for part in _parts(field.annotation) if part.owed]
            gone += [f"/{name}{pointer}" for part in owing for pointer in missing(inner, part)]
    return gone


def _parts(annotation: Any) -> list[type[Part]]:
    arguments = getattr(annotation, "__args__", (annotation,))
    return [a for a in arguments if isinstance(a, type) and issubclass(a, Part)]


def _open_part(value: Any) -> Any:
    if isinstance(value, Part):
        return members(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _utf8(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DecodeError(_BAD, f"byte {error.start} is not UTF-8") from None


def _surely_plain(text: str | bytes, tree: Any) -> bool:
    """Whether two counts prove that no key came twice and that the depth is within bounds.

    Each string has two quotes. A string that the text has and the tree has not was a second value
    or a second key; an escaped quote only makes the count too high, which sends the text the slow
    way and harms nobody.
    """
    # The depth comes first: it also bounds how deep the second count recurses.
    nests = _occurs(text, "[", MAX_DEPTH + 1) + _occurs(text, "{", MAX_DEPTH + 1)
    if nests > MAX_DEPTH:
        return False
    due = 2 * _strings(tree)
    return _occurs(text, '"', due + 1) == due


def _occurs(text: str | bytes, character: str, enough: int) -> int:
    """How often a character occurs; counting ends when it is enough.

    Characters are rare in a text that is base64 for the most part, and `find` leaps from one to
    the next twenty times as fast as `count` walks.
    """
    found, at = 0, -1
    if isinstance(text, bytes):
        byte = character.encode()
        if enough > _MANY:
            return text.count(byte)
        while found < enough and (at := text.find(byte, at + 1)) >= 0:
            found += 1
    else:
        if enough > _MANY:
            return text.count(character)
        while found < enough and (at := text.find(character, at + 1)) >= 0:
            found += 1
    return found


def _strings(tree: JsonValue) -> int:
    if isinstance(tree, str):
        return 1
    if isinstance(tree, dict):
        return len(tree) + sum(_strings(v) for v in tree.values() if not isinstance(v, float))
    if isinstance(tree, list):
        return sum(_strings(v) for v in tree if not isinstance(v, float))
    return 0


def _parse_slowly(text: str | bytes) -> Any:
    text = _utf8(text) if isinstance(text, bytes) else text
    if text.startswith("\ufeff"):
        raise DecodeError(_BAD, "the text begins with a byte order mark", hint="leave it out")
    _refuse_depth(text)
    try:
        tree = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=lambda digits: int(digits) if len(digits) < _DIGITS else math.inf,
        )
    except json.JSONDecodeError as error:
        raise DecodeError(
            _BAD, f"not JSON: {error.msg} at character {error.pos}", hint="RFC 8259 is strict"
        ) from None
    try:
        # Escaped lone surrogates pass the parser; no UTF-8 can carry them on.
        json.dumps(tree, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise DecodeError(_BAD, "a string holds half of a surrogate pair") from None
    return tree


def _refuse_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise DecodeError(_BAD, f"JSON nested deeper than {MAX_DEPTH}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise DecodeError(_BAD, f"the key {name[:60]!r} stands twice in one object")
            seen.add(name)
    return tree


def _constant(name: str) -> Any:
    raise DecodeError(_BAD, f"{name} is not JSON", hint="write a finite number")


def _refusal(
    error: ValidationError, frame: type[Frame], tree: dict[str, Any], refusals: Mapping[str, str]
) -> DecodeError:
    tag = frame.tag()
    problems = error.errors(include_url=False, include_context=False)
    wrong = {str(problem["loc"][0]) for problem in problems if problem["loc"]}
    # The deepest place says most: `/images/wrist/encoding` rather than `/images/wrist`.
    first = str(problems[0]["loc"][0]) if problems[0]["loc"] else ""
    same = [p for p in problems if p["loc"] and str(p["loc"][0]) == first] or problems
    told = max(same, key=lambda p: len(_place(p["loc"], tree, p["type"])))
    pointer = "".join(f"/{_escape(part)}" for part in _place(told["loc"], tree, told["type"]))
    message = told["msg"].removeprefix("Value error, ")
    code = refusals.get(f"{tag}/{first}", refusals.get(tag, _BAD))
    return DecodeError(
        code,
        f"{message[:1].lower()}{message[1:]}",
        pointer=pointer,
        hint=_hint(frame, first),
        frame_type=tag,
        seq=_salvage(frame, tree, wrong, "seq"),
        request_id=_salvage(frame, tree, wrong, "request_id"),
    )


def _salvage(frame: type[Frame], tree: dict[str, Any], wrong: set[str], name: str) -> Any:
    if name not in frame.model_fields or name in wrong or tree.get(name) is None:
        return None
    value = tree[name]
    return int(value) if isinstance(value, float) else value


def _place(location: Sequence[int | str], tree: JsonValue, kind: str) -> list[int | str]:
    """Keep what leads through the input; pydantic also names the alternatives that it tried."""
    place: list[int | str] = []
    for depth, step in enumerate(location):
        is_last_and_missing = kind == "missing" and depth == len(location) - 1
        match tree, step:
            case dict(), str() if step in tree:
                tree = tree[step]
            case list(), int() if step < len(tree):
                tree = tree[step]
            case _ if not is_last_and_missing:
                continue
            case _:
                pass
        place.append(step)
    return place


def _escape(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _hint(frame: type[Frame], name: str) -> str:
    field = frame.model_fields.get(name)
    return "" if field is None or not field.description else f"{name}: {field.description}"


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case list():
            return "an array"
        case dict():
            return "an object"
        case _:
            return "a number"


def _one_of(frames: Mapping[str, type[Frame]]) -> str:
    return "one of " + ", ".join(frames)
