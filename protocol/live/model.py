"""What an interactive model publishes: its tracks, its commands, its messages."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from .arguments import INVALID_COMMAND, Parameter, Refused, arguments
from .shapes import hint

PROTOCOL_VERSION = "v0"
"""What capabilities say: JSON on the data channels."""


class Direction(StrEnum):
    """Where a track's media go, as the model sees it."""

    IN = "in"
    OUT = "out"

    @property
    def client(self) -> str:
        """The same as SDP on the client's side has it."""
        return "sendonly" if self is Direction.IN else "recvonly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A stream of media."""

    name: str
    """Its name."""
    direction: Direction
    """Where it goes."""
    kind: Literal["video"] = "video"
    """What it is."""
    rate: float = 0.0
    """Frames a second, at most; 0 where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message from the model to the application."""

    name: str
    """Its type on the wire, in snake case."""
    fields: tuple[Parameter, ...] = ()
    """Its fields."""
    description: str = ""
    """What it tells, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What an application can have a model do."""

    name: str
    """Its type on the wire."""
    parameters: tuple[Parameter, ...] = ()
    """What it takes."""
    reply: str | None = None
    """The message that answers it; None: nothing does."""
    description: str = ""
    """What it does, for people."""

    def read(self, given: Mapping[str, Any], uploads: Collection[str] = ()) -> dict[str, Any]:
        """Read the arguments of a call, with defaults for what is left out; changes nothing.

        `uploads` names the arguments that come as files, which the answer does not contain.
        Raises Refused with the code `invalid_command`.
        """
        return arguments(self.parameters, given, uploads)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSchema:
    """All that a model publishes."""

    name: str
    """Its name."""
    version: str = "v0.0.0"
    """Its version."""
    description: str = ""
    """What it is, for people."""
    tracks: tuple[Track, ...] = ()
    """Its tracks; an offer's media come in this order."""
    commands: tuple[Command, ...] = ()
    """Its commands."""
    messages: tuple[Message, ...] = ()
    """Every message that it may send."""

    def command(self, name: str) -> Command:
        """Look a command up; raises Refused with the code `invalid_command`."""
        for command in self.commands:
            if command.name == name:
                return command
        raise Refused(INVALID_COMMAND, "unknown command", None)

    @property
    def emission_fps(self) -> float | None:
        """How many frames a second it emits at most; None if it emits none."""
        rates = [track.rate for track in self.tracks if track.direction is Direction.OUT]
        return max(rates, default=None)

    def openapi(self) -> dict[str, Any]:
        """Write the OpenAPI 3.1 document that `GET /schema` answers with."""
        from .document import write

        return write(self)

    @classmethod
    def of_openapi(cls, document: Any) -> ModelSchema:
        """Read such a document, of whoever wrote it; raises ValueError with the place."""
        from .document import read

        return read(document)

    def capabilities(self) -> dict[str, Any]:
        """What a session's descriptor says of it, from the client's side."""
        return {
            "protocol_version": PROTOCOL_VERSION,
            "tracks": [
                {"name": track.name, "kind": track.kind, "direction": track.direction.client}
                for track in self.tracks
            ],
            "commands": [
                {
                    "name": command.name,
                    "description": command.description,
                    "schema": {one.name: hint(one) for one in command.parameters},
                }
                for command in self.commands
            ],
            "emission_fps": self.emission_fps,
        }

    def track_map(self) -> dict[str, dict[str, Any]]:
        """The tracks by name, as the answer to a new connection lists them."""
        return {
            track.name: {
                "kind": track.kind,
                "direction": track.direction.value,
                "rate": track.rate,
            }
            for track in self.tracks
        }


def snake_case(name: str) -> str:
    """The wire's name of a message class: `PromptSet` is `prompt_set`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return apart.lower()


def pascal_case(name: str) -> str:
    """The name of a message among the components: `prompt_set` is `PromptSet`."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))
