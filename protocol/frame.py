"""What every frame of every profile has in common."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from .machine import Move, Sender


class Part(BaseModel):
    """An object within a frame. Unknown members are ignored, null optional ones count as absent."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    owed: ClassVar[frozenset[str]] = frozenset()
    """Members that a sender has to write although a receiver can do without them."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Require what is owed: pydantic's own schema lets validators accept untagged frames."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        required = set(schema.get("required", ())) | cls.owed
        properties = schema.get("properties", {})
        if required:
            schema["required"] = [name for name in properties if name in required]
        for name in cls.owed:
            properties[name] = _owed_schema(properties[name])
        return schema


def _owed_schema(schema: JsonSchemaValue) -> JsonSchemaValue:
    """What is owed has no default, and null is not one of its values."""
    schema = {key: value for key, value in schema.items() if key != "default"}
    choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        schema = {**choices[0], **{k: v for k, v in schema.items() if k != "anyOf"}}
    elif choices:
        schema["anyOf"] = choices
    return schema


class Frame(Part):
    """One message. Its concrete classes carry the tag `type`, which is always owed."""

    sender: ClassVar[Sender]
    """Which side sends it."""
    owed = frozenset({"type"})

    @property
    def case(self) -> str:
        """For a frame whose effect depends on a member: which case it is; else empty."""
        return ""

    @classmethod
    def tag(cls) -> str:
        """The wire name of this kind of frame."""
        return str(cls.model_fields["type"].default)

    @property
    def move(self) -> Move:
        """What this frame does to a state machine."""
        return self.as_move(self.case)

    @classmethod
    @cache  # every frame that is sent or received asks
    def as_move(cls, case: str = "") -> Move:
        """The move that a frame of this class makes, for tables."""
        return Move(cls.tag(), cls.sender, case)


def members(part: Part) -> dict[str, Any]:
    """A part's members as they go on the wire: those that are not None, nested parts unopened."""
    return {name: value for name, value in part.__dict__.items() if value is not None}
