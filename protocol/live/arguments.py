"""What a command takes: typed, bounded parameters, and how the arguments of a call are read.

An argument is judged by its type, then choices, then bounds, then length; the first thing that is
wrong is told, in words that other implementations of this profile use too.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Final, Literal

from .limits import MAX_NAME

INVALID_COMMAND = "invalid_command"
"""The code of every refusal in this file."""
MAX_DEPTH = 32
"""So many lists and objects may stand in one another in an argument."""
SHOWN = 80
"""A refused value is repeated up to so many characters."""


class Type(StrEnum):
    """What a value is; the words of JSON Schema, and two of our own."""

    INTEGER = "integer"
    NUMBER = "number"
    STRING = "string"
    BOOLEAN = "boolean"
    ARRAY = "array"
    OBJECT = "object"
    UPLOAD = "upload"
    """A file that was uploaded before."""
    ANY = "any"
    """Whatever JSON can say."""


class Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return self.name


ABSENT: Final[Literal[Absent.ABSENT]] = Absent.ABSENT
"""No default: None is one."""


class Refused(Exception):
    """A command that is not carried out; nothing has changed."""

    def __init__(self, code: str, message: str, param: str | None) -> None:
        super().__init__(message)
        self.code = code
        """From the table of codes, or the model's own."""
        self.message = message
        """What is wrong."""
        self.param = param
        """The argument that is wrong; None for the command as a whole."""


class Misfit(ValueError):
    """A value that does not have the shape it has to have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a value has to be."""

    type: Type = Type.ANY
    """Its type."""
    choices: tuple[Any, ...] | None = None
    """All values that it may have; None: any."""
    ge: float | None = None
    """For numbers: the least value."""
    le: float | None = None
    """For numbers: the greatest value."""
    min_length: int | None = None
    """The fewest characters of a string, or items of an array."""
    max_length: int | None = None
    """The most characters of a string, or items of an array."""
    nullable: bool = False
    """Whether null will do too."""
    items: Shape | None = None
    """What each item of an array, or each value of an object without `members`, has to be."""
    members: tuple[Parameter, ...] | None = None
    """The members of an object; None: it may have any."""

    def take(self, value: Any, place: str) -> Any:
        """Read a JSON value into a copy of its own; raises Misfit, where `place` names the value.

        An integral float is an integer, an integer is a number, a boolean is neither.
        """
        if value is None and self.nullable:
            return None
        taken = self._typed(value, place)
        self._bounded(taken, place)
        return taken

    def _typed(self, value: Any, place: str) -> Any:
        whole: Any = value
        match self.type, value:
            case Type.ANY, _:
                return _copied(value, place)
            case (Type.INTEGER, bool()) | (Type.NUMBER, bool()):
                pass
            case Type.INTEGER, int():
                return value
            case Type.INTEGER, float() if value.is_integer() and abs(value) < 1 << 63:
                return int(value)
            case Type.NUMBER, int() if abs(value) < 1 << 1023:
                return float(value)
            case Type.NUMBER, float():
                return _finite(value)
            case (Type.STRING, str()) | (Type.BOOLEAN, bool()):
                return value
            case Type.ARRAY, list():
                return self._items(whole, place)
            case Type.OBJECT, dict():
                return self._object(whole, place)
            case _:
                pass
        raise Misfit(f"expected {self.type}, got {type(value).__name__}")

    def _items(self, value: list[Any], place: str) -> list[Any]:
        if self.items is None:
            return [_copied(item, place) for item in value]
        return [_nested(self.items, item, f"{place}[{n}]") for n, item in enumerate(value)]

    def _object(self, value: dict[Any, Any], place: str) -> dict[str, Any]:
        if self.members is not None:
            return read(self.members, value, place=place)
        if self.items is None:
            return dict(_copied(value, place))
        return {
            _key(key): _nested(self.items, one, f"{place}.{_cut(str(key))}")
            for key, one in value.items()
        }

    def _bounded(self, value: Any, place: str) -> None:
        if self.choices is not None and not any(_same(value, one) for one in self.choices):
            raise Misfit(f"{place}: {_cut(repr(value))} not in choices {list(self.choices)!r}")
        if self.ge is not None and value < self.ge:
            raise Misfit(f"{place}: {value} < ge({self.ge})")
        if self.le is not None and value > self.le:
            raise Misfit(f"{place}: {value} > le({self.le})")
        if self.min_length is not None and len(value) < self.min_length:
            raise Misfit(f"{place}: length {len(value)} < min_length({self.min_length})")
        if self.max_length is not None and len(value) > self.max_length:
            raise Misfit(f"{place}: length {len(value)} > max_length({self.max_length})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(Shape):
    """One argument of a command, one field of a message, or one member of an object."""

    name: str
    """Its name."""
    default: Any = ABSENT
    """What holds if it is left out, as JSON; ABSENT: nothing does."""
    required: bool = True
    """Whether it may not be left out."""
    description: str = ""
    """What it is, for people."""


class _At(Misfit):
    """A misfit, and the parameter that it befell."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def arguments(
    parameters: Collection[Parameter], given: Mapping[str, Any], uploads: Collection[str] = ()
) -> dict[str, Any]:
    """Read the arguments of a command, with defaults for what is left out.

    `uploads` names the arguments that come as files, which the answer does not contain.
    Raises Refused with the code `invalid_command`.
    """
    try:
        return read(parameters, given, uploads)
    except _At as error:
        raise Refused(INVALID_COMMAND, str(error), error.name[:MAX_NAME]) from None


def read(
    parameters: Collection[Parameter],
    given: Mapping[Any, Any],
    uploads: Collection[str] = (),
    place: str = "",
) -> dict[str, Any]:
    """Read members by name; raises Misfit, in the order that the head of this file tells."""
    known = {parameter.name: parameter for parameter in parameters}
    for name in (*given, *uploads):
        if name not in known or (name in given and name in uploads):
            raise _At(str(name), _within(place, name, "unexpected argument"))
    taken: dict[str, Any] = {}
    for name, parameter in known.items():
        if name in uploads:
            if parameter.type is not Type.UPLOAD:
                raise _At(name, f"expected {parameter.type}, got upload")
        elif name in given:
            try:
                if place:
                    taken[name] = _nested(parameter, given[name], f"{place}.{name}")
                else:
                    taken[name] = parameter.take(given[name], name)
            except Misfit as error:
                raise _At(name, str(error)) from None
        elif parameter.default is not ABSENT:
            try:
                taken[name] = _copied(parameter.default, name)
            except Misfit as error:  # a document can say what no JSON value is
                raise _At(name, f"the default: {error}") from None
    for name, parameter in known.items():
        if parameter.required and name not in given and name not in uploads:
            raise _At(name, _within(place, name, "missing required argument"))
    return taken


def _within(place: str, name: Any, message: str) -> str:
    return f"{place}.{_cut(str(name))}: {message}" if place else message


def _nested(shape: Shape, value: Any, place: str) -> Any:
    """Read a value within another one, whose place the message has to tell in any case."""
    try:
        return shape.take(value, place)
    except Misfit as error:
        message = str(error)
        raise Misfit(message if message.startswith(place) else f"{place}: {message}") from None


def _same(value: Any, choice: Any) -> bool:
    """Equal as JSON has it, where true is not 1."""
    return isinstance(value, bool) is isinstance(choice, bool) and bool(value == choice)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Misfit(f"expected number, got {value}")
    return value


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise Misfit(f"expected string, got {type(key).__name__}")
    return key


def _copied(value: Any, place: str, depth: int = 0) -> Any:
    """A JSON value as deep copy: what a model does to it befalls no default and no other call."""
    if depth > MAX_DEPTH:
        raise Misfit(f"{place}: more than {MAX_DEPTH} lists and objects in one another")
    whole: Any = value
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return _finite(value)
        case list():
            return [_copied(item, place, depth + 1) for item in whole]
        case dict():
            return {_key(key): _copied(one, place, depth + 1) for key, one in whole.items()}
        case _:
            raise Misfit(f"expected JSON, got {type(value).__name__}")
