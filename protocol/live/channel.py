"""The messages on the data channel `data`: an envelope with a scope, and a type within it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from ..frame import Frame, Part
from ..machine import Sender
from ..scalars import NonNegativeInt, Text
from .scalars import Name, RequestId

LABEL = "data"
"""The label of the channel."""


class FileRef(Part):
    """A file that was uploaded, as commands name it."""

    upload_id: Name
    """Its id: `presigned_id` of the answer to its reservation."""
    name: Text
    """Its name, for people."""
    mime_type: Text
    """What it is."""
    size: NonNegativeInt
    """Its size in bytes."""


class Nothing(Part):
    """Nothing; what stands there is ignored."""


class Question(Part):
    """A question of the client."""

    data: Nothing | None = None
    """Nothing."""
    request_id: RequestId | None = None
    """What the answer repeats."""


class Message(Frame):
    """One message on `data`."""

    owed = frozenset({"scope", "data"})
    name: ClassVar[str] = ""
    """For a message of the protocol itself: its `type`."""

    @classmethod
    def tag(cls) -> str:
        """The scope and the type, as in `runtime.ping`."""
        return f"runtime.{cls.name}"


class Runtime(Message):
    """A message of this protocol itself."""

    scope: Literal["runtime"] = "runtime"
    """Of this protocol itself."""


class Command(Part):
    """A command and its arguments."""

    type: Name
    """The command's name."""
    data: dict[str, Any] | None = None
    """Its arguments by name; absent means none."""
    uploads: dict[str, FileRef] | None = None
    """Arguments that are files, by name: they do not stand in `data`."""
    request_id: RequestId | None = None
    """What the server repeats in every answer to it; absent in deployed clients."""


class CommandMessage(Message):
    """Have the model do something: a command that it publishes."""

    sender = Sender.CLIENT
    scope: Literal["application"] = "application"
    """Between application and model."""
    data: Command
    """The command."""

    @classmethod
    def tag(cls) -> str:
        """One tag for the commands of all models."""
        return "application.command"


class Event(Part):
    """A message of the model."""

    type: Name
    """The message's name."""
    data: dict[str, Any]
    """What it says."""
    request_id: RequestId | None = None
    """For a reply: what its command was sent with."""


class EventMessage(Message):
    """What the model has to say: a reply to one connection, or something for all."""

    sender = Sender.SERVER
    scope: Literal["application"] = "application"
    """Between application and model."""
    data: Event
    """The message."""

    @classmethod
    def tag(cls) -> str:
        """One tag for the messages of all models."""
        return "application.message"


class PingBody(Part):
    """A sign of life."""

    type: Literal["ping"]
    """What it is."""
    data: Nothing | None = None
    """Nothing."""


class Ping(Runtime):
    """Show that the client lives; it is not answered."""

    sender = Sender.CLIENT
    name = "ping"
    data: PingBody
    """What it is."""


class SchemaRequest(Question):
    """A question for the schema."""

    type: Literal["requestSchema"]
    """What it is."""


class RequestSchema(Runtime):
    """Ask what the model publishes; the answer comes after those to all that came before."""

    sender = Sender.CLIENT
    name = "requestSchema"
    data: SchemaRequest
    """What it is."""


class CapabilitiesRequest(Question):
    """A question for the capabilities."""

    type: Literal["requestCapabilities"]
    """What it is."""


class RequestCapabilities(Runtime):
    """Ask for the capabilities, which the descriptor has too."""

    sender = Sender.CLIENT
    name = "requestCapabilities"
    data: CapabilitiesRequest
    """What it is."""


class StateRequest(Question):
    """A question for the state."""

    type: Literal["requestState"]
    """What it is."""


class RequestState(Runtime):
    """Ask for the values of the public fields; a server need not know it."""

    sender = Sender.CLIENT
    name = "requestState"
    data: StateRequest
    """What it is."""


class Uploaded(Part):
    """A note of an upload."""

    type: Literal["fileUploaded"]
    """What it is."""
    data: FileRef
    """The file."""


class FileUploaded(Runtime):
    """Tell that a file has been put where it was to be put."""

    sender = Sender.CLIENT
    name = "fileUploaded"
    data: Uploaded
    """The file."""


class Clip(Part):
    """A wish for a recording of the last seconds."""

    type: Literal["requestClip"]
    """What it is."""
    data: dict[str, Any] | None = None
    """How much of it."""


class RequestClip(Runtime):
    """Ask for a recording of the last seconds."""

    sender = Sender.CLIENT
    name = "requestClip"
    data: Clip
    """What it is."""


class Recording(Question):
    """A wish for a recording of the whole session."""

    type: Literal["requestRecording"]
    """What it is."""


class RequestRecording(Runtime):
    """Ask for a recording of the whole session."""

    sender = Sender.CLIENT
    name = "requestRecording"
    data: Recording
    """What it is."""


class Schema(Part):
    """What a model publishes."""

    type: Literal["modelSchema"]
    """What it is."""
    data: dict[str, Any]
    """An OpenAPI 3.1 document: the same as `GET /schema`."""
    request_id: RequestId | None = None
    """What the question was sent with."""


class ModelSchema(Runtime):
    """What the model publishes: its commands, its messages, its tracks."""

    sender = Sender.SERVER
    name = "modelSchema"
    data: Schema
    """The document."""


class CapabilitiesBody(Part):
    """What a model offers."""

    type: Literal["modelCapabilities"]
    """What it is."""
    data: dict[str, Any]
    """The same as `capabilities` in the descriptor."""
    request_id: RequestId | None = None
    """What the question was sent with."""


class ModelCapabilities(Runtime):
    """What the model offers on this session."""

    sender = Sender.SERVER
    name = "modelCapabilities"
    data: CapabilitiesBody
    """The capabilities."""


class StateBody(Part):
    """Values of fields."""

    type: Literal["modelState"]
    """What it is."""
    data: dict[str, Any]
    """The public fields by name; what is no JSON value is left out."""
    request_id: RequestId | None = None
    """What the question was sent with."""


class ModelState(Runtime):
    """The values of the public fields, as every command before it has left them."""

    sender = Sender.SERVER
    name = "modelState"
    data: StateBody
    """The values."""


class Rejection(Part):
    """Why a command was refused."""

    command: Text | None
    """Its name; null where the message could not be read so far."""
    code: Text
    """For programs: a code of this profile, or the model's own."""
    message: Text
    """For a human."""
    param: Text | None = None
    """The argument that is wrong, or a pointer into a message that could not be read."""
    request_id: RequestId | None = None
    """What the command was sent with."""


class Rejected(Part):
    """The refusal of a command."""

    type: Literal["commandRejected"]
    """What it is."""
    data: Rejection
    """Why."""


class CommandRejected(Runtime):
    """A command was refused, and nothing has changed."""

    sender = Sender.SERVER
    name = "commandRejected"
    data: Rejected
    """Why."""


class End(Part):
    """Why a session has ended."""

    reason: Text
    """In a word or two."""


class Ended(Part):
    """The end of a session."""

    type: Literal["sessionEnded"]
    """What it is."""
    data: End
    """Why."""


class SessionEnded(Runtime):
    """The session has ended; nothing more is sent on it."""

    sender = Sender.SERVER
    name = "sessionEnded"
    data: Ended
    """Why."""


class ClipProblem(Part):
    """Why there is no recording."""

    reason: Text
    """For a human."""


class ClipBody(Part):
    """The refusal of a recording."""

    type: Literal["clipFailed"]
    """What it is."""
    data: ClipProblem
    """Why."""


class ClipFailed(Runtime):
    """There is no recording."""

    sender = Sender.SERVER
    name = "clipFailed"
    data: ClipBody
    """Why."""


_CLIENT: tuple[type[Message], ...] = (
    CommandMessage,
    Ping,
    RequestSchema,
    RequestCapabilities,
    RequestState,
    FileUploaded,
    RequestClip,
    RequestRecording,
)
_SERVER: tuple[type[Message], ...] = (
    EventMessage,
    ModelSchema,
    ModelCapabilities,
    ModelState,
    CommandRejected,
    SessionEnded,
    ClipFailed,
)
CLIENT_MESSAGES: dict[str, type[Message]] = {one.tag(): one for one in _CLIENT}
"""What a client sends on `data`, by tag."""
SERVER_MESSAGES: dict[str, type[Message]] = {one.tag(): one for one in _SERVER}
"""What a server sends on `data`, by tag."""
