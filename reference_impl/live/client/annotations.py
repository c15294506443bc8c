"""Annotations of a typed client as shapes of the wire: what a value has to be, written once.

`Annotated[float, Bounds(ge=0.0, le=2.0)]` is a type for a type checker, a hint for a human, and
the `Shape` by which a wrong value is refused. Choices are a `Literal`, objects with members are a
`TypedDict`, files are a `FileRef`.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from risp.protocol.live.arguments import Parameter, Shape, Type
from risp.protocol.live.channel import FileRef

NONE = type(None)
PLAIN: Mapping[Any, Type] = {
    Any: Type.ANY,
    int: Type.INTEGER,
    float: Type.NUMBER,
    str: Type.STRING,
    bool: Type.BOOLEAN,
    list: Type.ARRAY,
    dict: Type.OBJECT,
    FileRef: Type.UPLOAD,
}
"""The types that need no further look."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # a union hashes what is in it
class Bounds:
    """What a value has to keep besides its type; all bounds are inclusive."""

    ge: float | None = None
    """For numbers: the least value."""
    le: float | None = None
    """For numbers: the greatest value."""
    min_length: float | None = None
    """The fewest characters of a string, or items of a list."""
    max_length: float | None = None
    """The most characters of a string, or items of a list."""
    choices: Sequence[Any] | None = None
    """All values that it may have, where a `Literal` cannot say it: numbers with a fraction."""
    type: Literal["any", "number"] | None = None
    """What the schema says of a `Literal`, where that is not the type of its values."""


@dataclass(frozen=True, slots=True)
class Named:
    """The name on the wire of what cannot be called so in Python."""

    name: str


def parameters(hints: Mapping[str, Any], optional: frozenset[str]) -> dict[str, Parameter]:
    """The parameters that resolved annotations describe, by their names in Python."""
    found: dict[str, Parameter] = {}
    for name, hint in hints.items():
        wire = next((one.name for one in _marks(hint) if isinstance(one, Named)), name)
        found[name] = _parameter(wire, hint, name not in optional)
    return found


def shape_of(hint: Any) -> Shape:
    """The shape that an annotation describes; raises TypeError for one that describes none."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType} and NONE in args and len(args) == 2:
        inner = shape_of(args[0] if args[1] is NONE else args[1])
        return dataclasses.replace(inner, nullable=True)
    if origin is Annotated:
        return _bounded(shape_of(args[0]), args[1:])
    if origin is Literal:
        return _choice(args)
    if origin is list:
        return Shape(type=Type.ARRAY, items=_inner(args[0]))
    if origin is dict:
        return Shape(type=Type.OBJECT, items=_inner(args[1]))
    if is_typeddict(hint):
        return Shape(type=Type.OBJECT, members=_members(hint))
    try:
        return Shape(type=PLAIN[hint])
    except (KeyError, TypeError):
        raise TypeError(f"{hint!r} cannot be told on the wire") from None


def _parameter(name: str, hint: Any, required: bool) -> Parameter:
    shape = shape_of(hint)
    fields = {field: getattr(shape, field) for field in Shape.__slots__}
    return Parameter(name=name, required=required, **fields)


def _marks(hint: Any) -> tuple[Any, ...]:
    """What `Annotated` says besides the type."""
    return get_args(hint)[1:] if get_origin(hint) is Annotated else ()


def _inner(hint: Any) -> Shape | None:
    """What stands in a list or an object; Any says no more than nothing."""
    return None if hint is Any else shape_of(hint)


def _bounded(shape: Shape, marks: tuple[Any, ...]) -> Shape:
    for bounds in marks:
        if isinstance(bounds, Bounds):
            said = {field: getattr(bounds, field) for field in Bounds.__slots__}
            said = {field: value for field, value in said.items() if value is not None}
            if "choices" in said:
                said["choices"] = tuple(said["choices"])
            if "type" in said:
                said["type"] = Type(said["type"])
            shape = dataclasses.replace(shape, **said)
    return shape


def _choice(values: tuple[Any, ...]) -> Shape:
    kinds = {PLAIN[type(value)] for value in values if value is not None}
    kind = kinds.pop() if len(kinds) == 1 else Type.ANY
    return Shape(type=kind, choices=values, nullable=None in values)


def _members(hint: Any) -> tuple[Parameter, ...]:
    # `__required_keys__` is wrong where annotations are strings: NotRequired is in the hints only.
    found: list[Parameter] = []
    for name, one in get_type_hints(hint, include_extras=True).items():
        may_miss = get_origin(one) is NotRequired
        found.append(_parameter(name, get_args(one)[0] if may_miss else one, not may_miss))
    return tuple(found)
