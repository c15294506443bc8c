"""Shapes as annotations of generated source; `client/annotations.py` reads them back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from risp.protocol.live.arguments import ABSENT, Misfit, Parameter, Shape, Type

from .text import Group, Text, flat, literal, or_none, prefixed

NAMES: dict[Type, Text] = {
    Type.ANY: "Any",
    Type.INTEGER: "int",
    Type.NUMBER: "float",
    Type.STRING: "str",
    Type.BOOLEAN: "bool",
    Type.ARRAY: Group("list[", ("Any",), "]", comma=False),
    Type.OBJECT: Group("dict[", ("str", "Any"), "]"),
    Type.UPLOAD: "FileRef",
}
"""The types that need no further look."""
PLAIN = {str: Type.STRING, bool: Type.BOOLEAN, int: Type.INTEGER}
"""What may stand in a `Literal`, besides None."""
NUMERIC = {Type.INTEGER, Type.NUMBER}
MEASURED = {Type.STRING, Type.ARRAY}


def normal(shape: Shape) -> Shape:
    """The shape that takes the same values, without what has no effect, members by name.

    Whole floats are integers where integers are due, and integers floats where numbers are: some
    runtimes write all numbers as floats, and the same model is to have the same client.
    """
    kind = shape.type
    is_numeric, is_measured = kind in NUMERIC, kind in MEASURED
    choices = None if kind is Type.UPLOAD else _choices(shape)
    has_null = choices is not None and None in choices
    return Shape(
        type=kind,
        choices=choices,
        ge=_number(shape.ge, kind) if is_numeric else None,
        le=_number(shape.le, kind) if is_numeric else None,
        min_length=_length(shape.min_length) if is_measured else None,
        max_length=_length(shape.max_length) if is_measured else None,
        nullable=has_null or (shape.nullable and (kind is not Type.ANY or choices is not None)),
        items=_items(shape),
        members=_members(shape),
    )


def bare(shape: Shape) -> Shape:
    """The type of a normal shape alone, as messages are read: with the choices of a `Literal`."""
    members = shape.members and tuple(
        replace(one, **_fields(bare(one)), description=one.description) for one in shape.members
    )
    return Shape(
        type=shape.type,
        choices=shape.choices if _is_literal(shape) else None,
        nullable=shape.nullable,
        items=shape.items and bare(shape.items),
        members=members,
    )


def default_of(one: Parameter, shape: Shape) -> Any:
    """A default that can stand in a signature; ABSENT where there is none, or it does not fit."""
    try:
        value = shape.take(one.default, "") if one.default is not ABSENT else ABSENT
    except Misfit:
        return ABSENT
    if shape.choices is not None:
        value = next((each for each in shape.choices if _is(value, each)), value)
    if isinstance(value, str):
        return value if len(value) <= MAX_DEFAULT else ABSENT
    return value if value is None or isinstance(value, bool | int | float) else ABSENT


LONGEST = 60
"""The name of an object has no more characters, but for what makes it unlike others."""
MAX_DEFAULT = 80
"""A default of more characters stands in the docstring only."""


@dataclass(frozen=True, slots=True)
class Dict:
    """A `TypedDict` that has to be declared."""

    name: str
    members: tuple[tuple[Parameter, Text], ...]


class Types:
    """The annotations of one file, and what they need."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = taken
        self.dicts: list[Dict] = []
        """In the order in which they can be declared."""

    def of(self, shape: Shape, place: str, wire: str | None = None) -> Text:
        """The annotation of a normal shape; `place` names what objects within it are called.

        `wire` is the name on the wire, where it is another.
        """
        found = self._bounded(shape, place)
        if shape.nullable and not (_is_literal(shape) and None in (shape.choices or ())):
            found = or_none(found)
        if wire is not None:
            found = Group("Annotated[", (found, Group("Named(", (literal(wire),), ")")), "]")
        return found

    def _bounded(self, shape: Shape, place: str) -> Text:
        marks = {name: getattr(shape, name) for name in ("ge", "le", "min_length", "max_length")}
        if _is_literal(shape):
            assert shape.choices is not None
            found: Text = Group(
                "Literal[", tuple(map(literal, shape.choices)), "]", len(shape.choices) > 1
            )
            if shape.type is not _kind(shape.choices):
                marks["type"] = shape.type.value
        else:
            found = self._plain(shape, place)
            marks["choices"] = None if shape.choices is None else list(shape.choices)
        said = [(name, mark) for name, mark in marks.items() if mark is not None]
        if not said:
            return found
        bounds = (prefixed(literal(mark), f"{name}=") for name, mark in said)
        return Group("Annotated[", (found, Group("Bounds(", tuple(bounds), ")")), "]")

    def _plain(self, shape: Shape, place: str) -> Text:
        if shape.members is not None:
            return self._dict(shape.members, place)
        if shape.items is None:
            return NAMES[shape.type]
        inner = self.of(shape.items, f"{place}Item")
        if shape.type is Type.ARRAY:
            return Group("list[", (inner,), "]", comma=False)
        return Group("dict[", ("str", inner), "]")

    def _dict(self, members: tuple[Parameter, ...], place: str) -> str:
        name = place[:LONGEST]
        while name in self._taken:
            name += "Dict"
        self._taken.add(name)
        written: list[tuple[Parameter, Text]] = []
        for number, one in enumerate(members, 1):
            part = "".join(word.capitalize() for word in one.name.split("_") if _is_word(word))
            found = self.of(one, f"{name}{part or number}")
            if not one.required:
                found = Group("NotRequired[", (found,), "]", comma=False)
            written.append((one, found))
        self.dicts.append(Dict(name, tuple(written)))
        return name


def bounds_in_words(shape: Shape) -> str:
    """What a normal shape demands besides its type; empty where that is nothing."""
    said: list[str] = []
    if shape.choices is not None and not _is_literal(shape):
        said.append("one of " + (", ".join(flat(literal(one)) for one in shape.choices) or "none"))
    said += _range(shape.ge, shape.le, "")
    unit = " characters" if shape.type is Type.STRING else " items"
    said += _range(shape.min_length, shape.max_length, unit)
    if shape.items is not None and (inner := bounds_in_words(shape.items)):
        said.append(f"each {inner}")
    return ", ".join(said)


def _range(least: float | None, most: float | None, unit: str) -> Iterable[str]:
    if least is not None and most is not None:
        yield f"{least} to {most}{unit}" if least != most else f"exactly {least}{unit}"
    elif least is not None:
        yield f"at least {least}{unit}"
    elif most is not None:
        yield f"at most {most}{unit}"


def _choices(shape: Shape) -> tuple[Any, ...] | None:
    """The choices that the type allows, each once, as it is read."""
    if shape.choices is None:
        return None
    alone = Shape(type=shape.type, nullable=shape.nullable)
    found: list[Any] = []
    for one in shape.choices:
        try:
            value = alone.take(one, "")
        except Misfit:
            continue
        if not any(_is(value, known) for known in found):
            found.append(value)
    # A `Literal` holds no floats: `Literal[1, 2]` says which numbers there are.
    if shape.type is Type.ANY or all(map(_is_whole, found)):
        found = [int(one) if isinstance(one, float) and _is_whole(one) else one for one in found]
    return tuple(found)


def _is_whole(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value.is_integer())


def _is(value: Any, other: Any) -> bool:
    """Equal as JSON has it, where true is not 1."""
    return isinstance(value, bool) is isinstance(other, bool) and bool(value == other)


def _is_literal(shape: Shape) -> bool:
    """Whether a `Literal` can say which choices there are."""
    known = [type(one) in PLAIN for one in shape.choices or () if one is not None]
    return bool(known) and all(known)


def _kind(choices: Collection[Any]) -> Type:
    """The type of a `Literal` as it is read."""
    kinds = {PLAIN[type(one)] for one in choices if one is not None}
    return kinds.pop() if len(kinds) == 1 else Type.ANY


def _number(bound: float | None, kind: Type) -> float | None:
    if bound is None or not abs(bound) < 1 << 1000:
        return bound
    if kind is Type.INTEGER:
        return int(bound) if bound == int(bound) else bound
    return float(bound) if float(bound) == bound else bound


def _length(bound: float | None) -> Any:
    """A length, which is an integer, whatever a document says."""
    return _number(bound, Type.INTEGER)


def _items(shape: Shape) -> Shape | None:
    if shape.items is None or shape.members is not None:
        return None
    if shape.type not in {Type.ARRAY, Type.OBJECT}:
        return None
    inner = normal(shape.items)
    return None if inner == Shape() else inner


def _members(shape: Shape) -> tuple[Parameter, ...] | None:
    if shape.members is None or shape.type is not Type.OBJECT:
        return None
    if any(not one.name for one in shape.members):
        return None  # no `TypedDict` has a member without a name: the server is to judge it
    ordered = sorted(shape.members, key=lambda one: one.name)
    return tuple(
        Parameter(
            name=one.name,
            required=one.required,
            description=one.description,
            **_fields(normal(one)),
        )
        for one in ordered
    )


def _fields(shape: Shape) -> dict[str, Any]:
    return {name: getattr(shape, name) for name in Shape.__slots__}


def _is_word(word: str) -> bool:
    return word.isascii() and word.isalnum() and word == word.lower()
