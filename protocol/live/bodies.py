"""The JSON bodies of the live profile's HTTP requests and answers.

A class states what a *receiver* bears; `owed` adds what a *sender* has to write all the same.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ..frame import Part
from ..scalars import Flag, NonNegativeNumber, Number, PositiveInt, Text
from .scalars import Name, Reason, SessionId

HostedState = Literal["CREATED", "PENDING", "SUSPENDED", "WAITING", "ACTIVE", "INACTIVE", "CLOSED"]
"""What `state` is on the session routes; a client bears others."""
LocalState = Literal[
    "created", "ready", "waiting", "streaming", "orphaned", "closing", "terminated"
]
"""What `state` is on the local routes; a client bears others."""
Kind = Literal["video", "audio"]
"""What a track carries."""
Direction = Literal["sendonly", "recvonly", "sendrecv", "inactive"]
"""Which way a track goes, as its client sees it."""


class Problem(Part):
    """Why a request was refused."""

    detail: Text
    """For a human."""
    code: Text
    """For programs: a code of this profile."""
    param: Text | None = None
    """Where: a JSON pointer into the body, or the name of a header or of a part of the path."""


class Models(Part):
    """Which models a token covers."""

    match: list[Name] | None = None
    """Their names."""
    all: Flag | None = None
    """Whether it is every model."""


class BoundSessions(Part):
    """Which sessions a token covers."""

    bind: list[SessionId] | None = None
    """Their ids."""


class Resources(Part):
    """What a token covers; what is left out is not narrowed."""

    models: Models | None = None
    """Models that sessions may be opened with."""
    sessions: BoundSessions | None = None
    """Sessions that there are already: with these, no other may be touched, and none created."""


class Constraints(Part):
    """What sessions under a token have to keep."""

    max_session_duration_seconds: PositiveInt | None = None
    """How long a session may live, in seconds."""
    max_sessions: PositiveInt | None = None
    """How many sessions of the token may live at one time."""


class AuthorizationDetail(Part):
    """One thing that a token is to allow (RFC 9396)."""

    type: Literal["session"]
    """Sessions are all that tokens are for."""
    resources: Resources | None = None
    """With what, or with which."""
    constraints: Constraints | None = None
    """Within which bounds."""


class TokenRequest(Part):
    """What a token is to allow; an absent body asks for all that the key allows."""

    authorization_details: list[AuthorizationDetail] | None = None
    """What it is to allow; absent means everything of the key."""
    expires_after: PositiveInt | None = None
    """For how long it is asked for, in seconds; the server may make it shorter."""


class Token(Part):
    """A short-lived token."""

    jwt: Text
    """The token, for `Authorization: Bearer`."""
    expires_at: Number | None = None
    """When it ends, in Unix seconds."""
    owed = frozenset({"expires_at"})


class ModelChoice(Part):
    """A model by its name."""

    name: Name
    """Its name."""
    version: Text | None = None
    """Its version, if one is asked for or known."""


class ClientInfo(Part):
    """Who asks; for logs only."""

    sdk_version: Text | None = None
    """The version of the client's kit."""
    sdk_type: Text | None = None
    """Its language."""


class Transport(Part):
    """A way for media and channels."""

    protocol: Text
    """`webrtc`."""
    version: Text
    """Its version, as in `1.0`."""


class SessionRequest(Part):
    """Ask for a session."""

    model: ModelChoice
    """With which model."""
    client_info: ClientInfo | None = None
    """Who asks."""
    supported_transports: list[Transport] | None = None
    """What the client can speak; absent means `webrtc`."""


class ServerInfo(Part):
    """Who answers; for logs only."""

    server_version: Text
    """The version of the server's program."""


class TrackCapability(Part):
    """A track of the model."""

    name: Name
    """Its name: the attribute's in the model."""
    kind: Kind
    """What it carries."""
    direction: Direction
    """As the client sees it: `recvonly` comes from the model, `sendonly` goes to it."""


class CommandCapability(Part):
    """A command of the model."""

    name: Name
    """Its name."""
    description: Text | None = None
    """What it does."""
    schema_: Annotated[dict[str, dict[str, Any]] | None, Field(alias="schema")] = None
    """Its arguments by name, each with a JSON Schema of its values."""


class Capabilities(Part):
    """What a model offers on a session; it stays the same as long as the session lives."""

    protocol_version: Text
    """`v0`: JSON on the data channels."""
    tracks: list[TrackCapability]
    """Its tracks; the offer's media come in this order."""
    commands: list[CommandCapability]
    """Its commands."""
    emission_fps: NonNegativeNumber | None = None
    """How many frames a second it emits at most."""


class SessionInfo(Part):
    """A session in short."""

    session_id: SessionId
    """Its id."""
    cluster: Text
    """Where it runs; for logs only."""
    state: Text
    """How far it is: in capitals on the session routes, in small letters on the local ones."""


class Session(SessionInfo):
    """A session as it was created."""

    model: ModelChoice
    """Its model."""
    server_info: ServerInfo
    """Who runs it."""
    expires_at: Number | None = None
    """When it ends at the latest, in Unix seconds; absent if there is no such time."""
    resume_window_s: NonNegativeNumber | None = None
    """How long its state is kept without a client, in seconds."""


class SessionDescriptor(Session):
    """A session, and how to reach its model once there is a place for it."""

    selected_transport: Transport | None = None
    """How to reach it; there as soon as it can be reached."""
    transports: list[Transport] | None = None
    """Every way to reach it."""
    capabilities: Capabilities | None = None
    """What the model offers; there as soon as it can be reached."""


class EndRequest(Part):
    """Why a session ends."""

    reason: Reason | None = None
    """For the log, and for `sessionEnded`."""


class StartRequest(Part):
    """Start a local session; an absent body does too."""


class UploadRequest(Part):
    """Ask for a place to put a file."""

    name: Name
    """Its name: for people, and never a path."""
    size: PositiveInt
    """Its size in bytes."""
    mime_type: Name
    """What it is."""
    upload_id: Name | None = None
    """An id of the client's choice; absent: the server makes one."""


class UploadPlace(Part):
    """Where to put a file."""

    presigned_id: Text
    """The upload's id, with which commands name it."""
    presigned_url: Text
    """Where to `PUT` the bytes, once."""
    path: Text
    """Where it is kept; for logs only."""


class Health(Part):
    """How a server is."""

    status: Text
    """`healthy`, or what is wrong."""
    state: Text
    """`loading`, `available`, `serving` or `terminated`."""
    detail: Text | None = None
    """More, for a human."""


class Published(Part):
    """Where a profile is spoken."""

    path: Text
    """The path under which all of it lies."""


class WellKnown(Part):
    """What a server speaks."""

    protocol: Literal["risp"]
    """This protocol."""
    version: Text
    """Its version."""
    server_info: ServerInfo
    """Who answers."""
    profiles: dict[str, Published]
    """The profiles by name, `action` and `live`."""
    models: list[ModelChoice]
    """The interactive models that are served."""
    key_required: Flag
    """Whether a key is asked for."""
