"""What can be wrong with a frame, and where: read off the schemas of the frame classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final

from risp.protocol.frame import Frame
from risp.protocol.jsonschema import of_part

Schema = Mapping[str, Any]


class Flaw(StrEnum):
    """One kind of fault, or of oddity that is none."""

    # Of the frame as a whole
    NOT_JSON = "not JSON"
    """Text that no reader of RFC 8259 takes."""
    NOT_AN_OBJECT = "not an object"
    """JSON, and no object."""
    BYTE_ORDER_MARK = "byte order mark"
    """A sound frame behind U+FEFF."""
    DUPLICATE_KEY = "duplicate key"
    """A key that stands twice, once perhaps with escapes."""
    TOO_DEEP = "too deep"
    """An unknown member nested deeper than the protocol allows."""
    TOO_BIG = "too big"
    """One byte more than the target declares to take."""
    EXTRA = "extra member"
    """A member that the protocol does not name; it has to be ignored."""

    # Of a member
    MISSING = "missing"
    """Left out where it is required."""
    NULL = "null"
    """Null; where the member is optional, that counts as absent."""
    ANYTHING = "anything"
    """Any JSON value, where the protocol takes any."""
    WRONG_TYPE = "wrong type"
    """Another JSON type, those set apart that have a flaw of their own."""
    WRONG_TAG = "wrong tag"
    """A `type` that no client sends."""
    WRONG_ENUM = "wrong name"
    """A string that is none of those allowed."""
    BELOW = "below"
    """A number under its least, or a string that is too short."""
    ABOVE = "above"
    """A number over its greatest, or a string that is too long."""
    FRACTION = "fraction"
    """A number with a fraction where an integer is due."""
    INTEGRAL_FLOAT = "integral float"
    """An integer written as `7.0`, which has to be taken."""
    BOOLEAN_NUMBER = "boolean for a number"
    """True or false where a number is due."""
    NUMERIC_STRING = "string for a number"
    """A number in quotes where none may be in quotes."""
    NON_FINITE = "not finite"
    """A number that is JSON and too great for a double."""
    NAN_TOKEN = "NaN token"
    """What careless encoders write for numbers that are none."""
    BAD_PATTERN = "bad pattern"
    """A string that does not look as it must."""
    BAD_BASE64 = "bad base64"
    """A string that is not padded base64."""
    SURROGATE = "lone surrogate"
    """A string with half of a surrogate pair."""


OF_THE_WHOLE: Final = (
    Flaw.NOT_JSON,
    Flaw.NOT_AN_OBJECT,
    Flaw.BYTE_ORDER_MARK,
    Flaw.DUPLICATE_KEY,
    Flaw.TOO_DEEP,
    Flaw.TOO_BIG,
    Flaw.EXTRA,
)
"""The flaws that every frame can have, whatever its members."""

ANY: Final = "*"
"""In a place's path: any member of a map, or any item of an array."""
TYPES: Final = frozenset({"boolean", "number", "string", "array", "object"})
"""The JSON types but for null, which has a flaw of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A member of a frame, or what is inside one."""

    name: str
    """The member's name; `*` for an item or for a member of a map."""
    parent: Place | None
    """The place that it is in; None for a member of the frame itself."""
    choices: tuple[Schema, ...]
    """What it may be, null aside."""
    definitions: Mapping[str, Schema]
    required: bool
    """Whether it has to be there."""
    nullable: bool
    """Whether null counts as absent."""
    in_array: bool = False
    """Whether it is an item."""

    @property
    def pointer(self) -> str:
        """Its pointer, with `*` for what has no name of its own: `/images/*/data`."""
        return f"{self.parent.pointer if self.parent else ''}/{self.name}"

    @property
    def member(self) -> str:
        """The name of the frame's member that it is, or is in."""
        return self.parent.member if self.parent else self.name

    @property
    def types(self) -> frozenset[str]:
        """The JSON types that it may have; an integer is a number."""
        kinds = {str(choice.get("type", ANY)) for choice in self.choices}
        return frozenset("number" if kind == "integer" else kind for kind in kinds)

    def choice(self, kind: str) -> Schema | None:
        """What it may be of one type, or None."""
        return next((one for one in self.choices if one.get("type") == kind), None)

    def flaws(self) -> Iterator[Flaw]:
        """What can be wrong with it."""
        if ANY in self.types:
            yield Flaw.ANYTHING
            return
        if self.required:
            yield Flaw.MISSING
        yield Flaw.NULL
        if self._others:
            yield Flaw.WRONG_TYPE
        if "number" in self.types:
            yield from self._of_numbers()
        string = self.choice("string")
        if string is not None:
            yield from self._of_strings(string)

    @property
    def _others(self) -> frozenset[str]:
        return TYPES - self.types

    def _of_numbers(self) -> Iterator[Flaw]:
        yield from (Flaw.BOOLEAN_NUMBER, Flaw.NON_FINITE, Flaw.NAN_TOKEN)
        if "string" not in self.types:
            yield Flaw.NUMERIC_STRING
        integer = self.choice("integer")
        if integer is not None:
            yield from (Flaw.FRACTION, Flaw.INTEGRAL_FLOAT)
        bounds = integer or self.choice("number") or {}
        if "minimum" in bounds or "exclusiveMinimum" in bounds:
            yield Flaw.BELOW
        if "maximum" in bounds:
            yield Flaw.ABOVE

    def _of_strings(self, string: Schema) -> Iterator[Flaw]:
        if "const" in string and self.pointer == "/type":
            yield Flaw.WRONG_TAG
        elif "const" in string or "enum" in string:
            yield Flaw.WRONG_ENUM
        elif string.get("contentEncoding") == "base64":
            yield Flaw.BAD_BASE64
        elif "pattern" in string:
            yield Flaw.BAD_PATTERN
        else:
            yield Flaw.SURROGATE
        if string.get("minLength", 0) > 0:
            yield Flaw.BELOW
        if "maxLength" in string:
            yield Flaw.ABOVE


@cache
def places(frame: type[Frame]) -> tuple[Place, ...]:
    """Every place in a frame, from its schema."""
    schema = of_part(frame)
    return tuple(_members(schema, schema.get("$defs", {}), None))


def _members(
    schema: Schema, definitions: Mapping[str, Schema], parent: Place | None
) -> Iterator[Place]:
    due = schema.get("required", ())
    for name, member in schema["properties"].items():
        yield from _place(name, member, definitions, parent, required=name in due)


def _place(
    name: str,
    schema: Schema,
    definitions: Mapping[str, Schema],
    parent: Place | None,
    *,
    required: bool = False,
    in_array: bool = False,
) -> Iterator[Place]:
    all_of_them = [_resolved(one, definitions) for one in schema.get("anyOf", (schema,))]
    choices = tuple(one for one in all_of_them if one.get("type") != "null")
    nullable = len(choices) < len(all_of_them)
    place = Place(name, parent, choices, definitions, required, nullable, in_array)
    yield place
    for one in choices:
        if "items" in one:
            yield from _place(ANY, one["items"], definitions, place, in_array=True)
        elif "properties" in one:
            yield from _members(one, definitions, place)
        elif "additionalProperties" in one:
            yield from _place(ANY, one["additionalProperties"], definitions, place)


def _resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    reference = schema.get("$ref")
    return schema if reference is None else definitions[reference.rpartition("/")[2]]


def flaws(frame: type[Frame]) -> list[tuple[str, Flaw]]:
    """Every place of a frame with every flaw that it can have; `""` is the frame as a whole."""
    whole = [("", flaw) for flaw in OF_THE_WHOLE]
    return whole + [(place.pointer, flaw) for place in places(frame) for flaw in place.flaws()]
