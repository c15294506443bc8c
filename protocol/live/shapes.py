"""Shapes of values as JSON Schema, written and read: the leaves of the document of a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from .arguments import ABSENT, Parameter, Shape, Type

COMPONENTS = "#/components/schemas/"
"""Where references point."""
UPLOAD = "ReactorUploadReference"
"""The component that stands for an uploaded file."""
UPLOAD_FORMATS = frozenset({"reactor-upload-reference", "file-reference"})
"""The formats by which an uploaded file is known."""
MODERATE = "x-reactor-moderate"
"""The member that says whether an argument is moderated; nothing is, here."""
MAX_NESTED = 32
"""So many schemas may stand in one another."""
MAX_SCHEMAS = 10_000
"""So many schemas are read of one document: references can make much of little."""
KEYWORDS = (
    ("ge", "minimum"),
    ("le", "maximum"),
    ("min_length", "minLength"),
    ("max_length", "maxLength"),
)
"""Our bounds, and their names in JSON Schema."""

Json = dict[str, Any]


def upload_component() -> Json:
    """The component `UPLOAD`."""
    members = {"upload_id": "string", "name": "string", "mime_type": "string", "size": "integer"}
    return {
        "type": "object",
        "format": "reactor-upload-reference",
        "description": "A file that was uploaded before.",
        "properties": {name: {"type": kind} for name, kind in members.items()},
        "required": list(members),
    }


def hint(parameter: Parameter) -> Json:
    """A parameter in capabilities: one flat object, which always has a type."""
    if parameter.type is Type.UPLOAD:
        found: Json = {"type": "object", "format": "file-reference"}
    else:
        found = {"type": parameter.type.value}
    return found | _about(parameter) | _bounds(parameter)


def object_of(parameters: Collection[Parameter], *, moderated: bool = False) -> Json:
    """The schema of an object with these members; `moderated` members say that they are not."""
    properties: Json = {}
    for parameter in parameters:
        properties[parameter.name] = written(parameter) | _about(parameter)
        if moderated:
            properties[parameter.name][MODERATE] = False
    schema: Json = {"type": "object", "properties": properties}
    required = [parameter.name for parameter in parameters if parameter.required]
    if required:
        schema["required"] = required
    return schema


def written(shape: Shape) -> Json:
    """The schema of a shape."""
    match shape.type:
        case Type.ANY:
            schema: Json = {}
        case Type.UPLOAD:
            schema = {"$ref": COMPONENTS + UPLOAD}
        case Type.OBJECT if shape.members is not None:
            schema = object_of(shape.members)
        case Type.OBJECT if shape.items is not None:
            schema = {"type": "object", "additionalProperties": written(shape.items)}
        case Type.ARRAY if shape.items is not None:
            schema = {"type": "array", "items": written(shape.items)}
        case _:
            schema = {"type": shape.type.value}
    schema |= _bounds(shape)
    return {"anyOf": [schema, {"type": "null"}]} if shape.nullable else schema


def _about(parameter: Parameter) -> Json:
    about: Json = {}
    if parameter.default is not ABSENT:
        about["default"] = parameter.default
    if parameter.description:
        about["description"] = parameter.description
    return about


def _bounds(shape: Shape) -> Json:
    bounds: Json = {} if shape.choices is None else {"enum": list(shape.choices)}
    for ours, theirs in KEYWORDS:
        bound = getattr(shape, ours)
        if bound is not None:
            bounds[theirs] = bound
    return bounds


class Place(str):
    """A JSON pointer (RFC 6901) to a place in a document."""

    __slots__ = ()

    def __truediv__(self, member: object) -> Place:
        return Place(f"{self}/{str(member).replace('~', '~0').replace('/', '~1')}")

    def wrong(self, message: str) -> ValueError:
        """What cannot be read, and where."""
        return ValueError(f"{self or 'the document'}: {message}")


def mapping(value: Any, place: Place) -> Json:
    """An object; raises ValueError."""
    whole: Any = value
    if isinstance(value, dict):
        return {str(name): one for name, one in whole.items()}
    raise place.wrong(f"expected an object, got {type(value).__name__}")


def sequence(value: Any, place: Place) -> list[Any]:
    """A list; raises ValueError."""
    whole: list[Any] = value
    if isinstance(value, list):
        return whole
    raise place.wrong(f"expected a list, got {type(value).__name__}")


def text(value: Any, place: Place) -> str:
    """A string; raises ValueError."""
    if not isinstance(value, str):
        raise place.wrong(f"expected a string, got {type(value).__name__}")
    return value


class Reader:
    """Reads schemas whose references point to these components."""

    def __init__(self, components: Mapping[str, Any]) -> None:
        self._components = components
        self._left = MAX_SCHEMAS

    def parameters(self, schema: Any, place: Place, depth: int = 0) -> tuple[Parameter, ...]:
        """The members that an object's schema names; raises ValueError."""
        members, place = self._resolved(schema, place)
        properties = mapping(members.get("properties", {}), place / "properties")
        required = sequence(members.get("required", []), place / "required")
        return tuple(
            self._parameter(name, one, name in required, place / "properties" / name, depth + 1)
            for name, one in properties.items()
        )

    def _parameter(
        self, name: str, schema: Any, required: bool, place: Place, depth: int
    ) -> Parameter:
        shape = self.shape(schema, place, depth)
        # `description` beside a reference is the parameter's; the component's own is another's.
        beside = {} if schema is True else mapping(schema, place)
        return Parameter(
            name=name,
            default=beside.get("default", ABSENT),
            required=required,
            description=text(beside.get("description", ""), place / "description"),
            **{field: getattr(shape, field) for field in Shape.__slots__},
        )

    def shape(self, schema: Any, place: Place, depth: int = 0) -> Shape:
        """The shape of a schema; raises ValueError for what is none."""
        self._left -= 1
        if depth > MAX_NESTED or self._left < 0:
            raise place.wrong("more schemas, in all or in one another, than are read")
        if schema is True:
            return Shape()
        found, place = self._resolved(schema, place)
        kinds, nullable = _types(found, place)
        for word in ("anyOf", "oneOf"):
            if word in found:
                return self._union(found, word, nullable, place, depth)
        if found.get("format") in UPLOAD_FORMATS:
            return Shape(type=Type.UPLOAD, nullable=nullable)
        kind = kinds[0] if len(kinds) == 1 else Type.ANY
        inner = {Type.ARRAY: "items", Type.OBJECT: "additionalProperties"}.get(kind, "")
        items = found.get(inner)
        members = "properties" in found and kind is Type.OBJECT
        return Shape(
            type=kind,
            nullable=nullable,
            items=None
            if members or not isinstance(items, dict)
            else self.shape(items, place / inner, depth + 1),
            members=self.parameters(found, place, depth) if members else None,
            **_read_bounds(found, kind, place),
        )

    def _union(self, found: Json, word: str, nullable: bool, place: Place, depth: int) -> Shape:
        """One schema or null; a choice between other schemas is read as anything."""
        branches = sequence(found[word], place / word)
        bounds = _bounds_in(found)
        shapes = [
            self.shape({**bounds, **mapping(one, place / word / n)}, place / word / n, depth + 1)
            for n, one in enumerate(branches)
            if one != {"type": "null"}
        ]
        shape = shapes[0] if len(shapes) == 1 else Shape()
        nullable = nullable or shape.nullable or len(shapes) < len(branches)
        return dataclasses.replace(shape, nullable=nullable)

    def _resolved(self, schema: Any, place: Place) -> tuple[Json, Place]:
        """Follow references; what stands beside one adds to what it points to."""
        found: Json = mapping(schema, place)
        for _ in range(MAX_NESTED):
            if "$ref" not in found:
                return found, place
            name = text(found["$ref"], place / "$ref")
            if not name.startswith(COMPONENTS) or name[len(COMPONENTS) :] not in self._components:
                raise (place / "$ref").wrong(f"nothing is at {name!r}")
            place = Place(name)
            target = mapping(self._components[name[len(COMPONENTS) :]], place)
            del found["$ref"]
            found = target | found
        raise place.wrong("the reference leads to itself")


def _types(found: Json, place: Place) -> tuple[list[Type], bool]:
    """The types that a schema allows, and whether null is one of them."""
    if found.get("nullable") is True and "type" in found:
        return _types({"type": found["type"]}, place)[0], True
    given = found.get("type", "object" if "properties" in found else [])
    names = [given] if isinstance(given, str) else sequence(given, place / "type")
    kinds: list[Type] = []
    for name in names:
        if name == "null":
            continue
        if name not in {kind.value for kind in Type} - {Type.UPLOAD, Type.ANY}:
            raise (place / "type").wrong(f"no type of JSON Schema is called {name!r}")
        kinds.append(Type(name))
    return kinds, "null" in names


def _bounds_in(found: Json) -> Json:
    """The bounds that stand beside a union, and hold for each of its branches."""
    words = {"enum", *(theirs for _, theirs in KEYWORDS)}
    return {word: one for word, one in found.items() if word in words}


def _read_bounds(found: Json, kind: Type, place: Place) -> Json:
    bounds: Json = {}
    choices = [found["const"]] if "const" in found else found.get("enum")
    if choices is not None:
        bounds["choices"] = tuple(sequence(choices, place / "enum"))
    numeric = kind in {Type.INTEGER, Type.NUMBER}
    for ours, theirs in KEYWORDS:
        bound = found.get(theirs)
        if bound is None:
            continue
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            raise (place / theirs).wrong(f"expected a number, got {type(bound).__name__}")
        # JSON Schema lets a bound stand where it says nothing, as `minimum` of a string does.
        if numeric if ours in {"ge", "le"} else kind in {Type.STRING, Type.ARRAY}:
            bounds[ours] = bound
    return bounds
