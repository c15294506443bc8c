"""What a model says, read leniently: types count, bounds are the model's own business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from risp.protocol.live.arguments import Misfit, Parameter, Shape, Type
from risp.protocol.live.channel import FileRef


def read(fields: Mapping[str, Parameter], data: Any) -> dict[str, Any]:
    """Read the fields of a message, by their names in Python; raises Misfit with the place.

    Members that are not known are ignored, and a whole float is an integer where one is due.
    """
    members = _members(data, "")
    taken: dict[str, Any] = {}
    for name, one in fields.items():
        if one.name in members:
            taken[name] = value_of(one, members[one.name], one.name)
        elif one.required:
            raise Misfit(f"{one.name}: missing")
    return taken


def value_of(shape: Shape, value: Any, place: str) -> Any:
    """Read one value; raises Misfit with the place."""
    if value is None and shape.nullable:
        return None
    match shape.type:
        case Type.UPLOAD:
            return _file(value, place)
        case Type.ARRAY if shape.items is not None:
            items = _plain(Shape(type=Type.ARRAY), value, place)
            return [value_of(shape.items, one, f"{place}[{n}]") for n, one in enumerate(items)]
        case Type.OBJECT if shape.members is not None:
            members = _members(value, place)
            return {
                one.name: value_of(one, members[one.name], f"{place}.{one.name}")
                for one in shape.members
                if one.name in members or _missing(one, place)
            }
        case Type.OBJECT if shape.items is not None:
            members = _members(value, place)
            return {
                name: value_of(shape.items, one, f"{place}.{name}") for name, one in members.items()
            }
        case _:
            return _plain(Shape(type=shape.type, choices=shape.choices), value, place)


def _plain(shape: Shape, value: Any, place: str) -> Any:
    try:
        return shape.take(value, place)
    except Misfit as misfit:
        reason = str(misfit)
        raise Misfit(reason if reason.startswith(place) else f"{place}: {reason}") from None


def _members(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        at = f"{place}: " if place else ""
        raise Misfit(f"{at}expected object, got {type(value).__name__}")
    return value  # pyright: ignore[reportUnknownVariableType]  # JSON's keys are strings


def _missing(one: Parameter, place: str) -> bool:
    if one.required:
        raise Misfit(f"{place}.{one.name}: missing")
    return False


def _file(value: Any, place: str) -> FileRef:
    try:
        return FileRef.model_validate(value)
    except ValidationError:
        raise Misfit(f"{place}: expected a file, got {type(value).__name__}") from None
