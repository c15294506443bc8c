"""JSON Schema 2020-12 of every frame, made from the frame classes: what a *sender* must write.

A receiver bears more (see the specification's types page): it may take what these schemas refuse.
What JSON Schema cannot say stands in the descriptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from .frame import Frame, Part
from .machine import Sender
from .profile import Profile
from .version import PROTOCOL_VERSION

DIALECT = GenerateJsonSchema.schema_dialect
_REF = "#/$defs/{model}"


class _Generator(GenerateJsonSchema):
    """Pydantic's generator without the noise that would otherwise surround every member."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """A member needs no title: it has a name and a description."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A null default says no more than that the member is optional, which `required` says."""
        made = super().default_schema(schema)
        return {key: value for key, value in made.items() if (key, value) != ("default", None)}


def documents(profile: Profile) -> dict[str, JsonSchemaValue]:
    """The bundle of a profile and one document per frame, by name: `action`, `action.error`."""
    return {
        profile.name: _bundle(profile),
        **{
            f"{profile.name}.{tag}": _document(profile, f":{tag}", frame)
            for tag, frame in profile.frames.items()
        },
    }


def of_part(part: type[Part]) -> JsonSchemaValue:
    """The bare schema of one frame, or of an object within one."""
    return part.model_json_schema(schema_generator=_Generator, ref_template=_REF)


def definitions(parts: Sequence[type[Part]], ref: str) -> dict[str, JsonSchemaValue]:
    """The schemas of objects, and of those within them, by class name; `ref` is how they refer."""
    _, schema = models_json_schema(
        [(part, "validation") for part in parts], schema_generator=_Generator, ref_template=ref
    )
    return dict(schema["$defs"])


def _document(profile: Profile, suffix: str, frame: type[Frame]) -> JsonSchemaValue:
    return {**_head(profile, suffix), **of_part(frame)}


def _bundle(profile: Profile) -> JsonSchemaValue:
    frames = list(profile.frames.values())
    unions = {
        f"{sender.title()}Frame": {
            "title": f"{sender.title()}Frame",
            "description": f"What a {sender} sends; {_told(frames)} which it is.",
            "oneOf": [_ref(frame.__name__) for frame in frames if frame.sender is sender],
        }
        for sender in Sender
    }
    return {
        **_head(profile, ""),
        "title": "Frame",
        "description": f"RISP {PROTOCOL_VERSION}, {profile.title}.",
        # Not `oneOf`: a command and a model's message may look alike, and differ by their sender.
        "anyOf": [_ref(name) for name in unions],
        "$defs": {**unions, **definitions(frames, _REF)},
    }


def _told(frames: list[type[Frame]]) -> str:
    if all("type" in frame.model_fields for frame in frames):
        return "`type` tells"
    return "on `data` `scope` and `data.type` tell, on `control` `type`,"


def _head(profile: Profile, suffix: str) -> JsonSchemaValue:
    return {"$schema": DIALECT, "$id": f"urn:risp:{PROTOCOL_VERSION}:{profile.name}{suffix}"}


def _ref(name: str) -> JsonSchemaValue:
    return {"$ref": _REF.format(model=name)}
