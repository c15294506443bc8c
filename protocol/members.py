"""The members of a frame in words, for people; read off the JSON Schema, so they cannot differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .frame import Part
from .jsonschema import of_part


@dataclass(frozen=True, slots=True)
class Member:
    """One row of a frame's table."""

    name: str
    kind: str
    """JSON type and bounds, as in `integer, 0 to 2^53-1`."""
    required: bool
    """Whether a sender has to write it."""
    description: str


def table(part: type[Part]) -> list[Member]:
    """The members of a frame, or of an object within one, in their order."""
    schema = of_part(part)
    required = schema.get("required", ())
    return [
        Member(name, kind(member), name in required, member.get("description", ""))
        for name, member in schema["properties"].items()
    ]


def kind(schema: dict[str, Any]) -> str:
    """What a JSON value has to be, in a few words; null is left out, since it counts as absent."""
    if "anyOf" in schema:
        return " or ".join(kind(one) for one in schema["anyOf"] if one != {"type": "null"})
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return f'"{schema["const"]}"'
    if "enum" in schema:
        return " or ".join(f'"{value}"' for value in schema["enum"])
    match schema.get("type"):
        case "array":
            return _array(schema)
        case "object":
            return _object(schema)
        case "string":
            return _string(schema)
        case "integer" | "number" as name:
            return f"{name}{_bounds(schema)}"
        case None:
            return "anything"
        case other:
            return str(other)


def _object(schema: dict[str, Any]) -> str:
    values = schema.get("additionalProperties", True)
    return "object" if values is True else f"object of {kind(values)} by name"


def _array(schema: dict[str, Any]) -> str:
    least, most = schema.get("minItems"), schema.get("maxItems")
    count = "" if least is None else f"{least} " if least == most else f"{least} or more "
    if least is None and most is not None:
        count = f"at most {most} "
    return f"array of {count}{kind(schema['items'])}"


def _string(schema: dict[str, Any]) -> str:
    least, most = schema.get("minLength"), schema.get("maxLength")
    if schema.get("contentEncoding"):
        return f"{schema['contentEncoding']} string"
    if schema.get("pattern", "").startswith("^[0-9]"):
        return "decimal string"
    if least is not None:
        return f"string, {least} {f'to {most}' if most else 'or more'} characters"
    if most is not None:
        return f"string, at most {most} characters"
    return "string"


def _bounds(schema: dict[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if schema.get("exclusiveMinimum") is not None:
        # An integer over 0 is one from 1 on; a number can come as near as it likes.
        if schema["type"] == "number":
            return f" greater than {schema['exclusiveMinimum']}"
        least = schema["exclusiveMinimum"] + 1
    if least is None:
        return ""
    return f", {least} to {_power(most)}" if most is not None else f", {least} or greater"


def _power(number: int) -> str:
    exponent = (number + 1).bit_length() - 1
    return f"2^{exponent}-1" if number + 1 == 1 << exponent else str(number)
