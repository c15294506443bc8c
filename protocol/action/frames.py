"""The frames of the action profile.

A class states what a *receiver* bears; `owed` adds what a *sender* has to write all the same. The
JSON Schemas are the sender's view.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, get_args

import pybase64
from pydantic import Field, model_validator

from ..frame import Frame, Part
from ..machine import Sender
from ..scalars import (
    Flag,
    NonNegativeInt,
    NonNegativeNumber,
    Number,
    PositiveInt,
    PositiveNumber,
    Text,
)
from . import limits as bounds
from .scalars import Base64, CaptureTime, Pointer, RequestId, Seq

ITEM_SIZES = {"float32": 4, "float64": 8, "uint8": 1, "int32": 4, "int64": 8, "bool": 1}
"""Bytes per item of each tensor dtype."""

DType = Literal["float32", "float64", "uint8", "int32", "int64", "bool"]
Queue = Literal["fifo", "latest"]


class EncodedImage(Part):
    """A camera picture with its encoding."""

    encoding: Literal["jpeg_base64", "png_base64"]
    """What the sender believes the bytes to be; a server that decodes looks at the bytes."""
    data: Base64
    """The picture file, in padded base64."""


class Tensor(Part):
    """Actions as one block of bytes: little-endian, C order, rows by columns."""

    dtype: DType
    """The type of an item."""
    shape: Annotated[list[PositiveInt], Field(min_length=2, max_length=2)]
    """Rows and columns."""
    data: Base64
    """The items, in padded base64: exactly rows x columns x the size of an item."""

    @model_validator(mode="after")
    def _length_fits(self) -> Tensor:
        due = math.prod(self.shape) * ITEM_SIZES[self.dtype]
        size = len(self.data) // 4 * 3 - self.data[-2:].count("=")
        if size != due:
            raise ValueError(f"{size} bytes of data where dtype and shape make {due}")
        return self

    @property
    def content(self) -> bytes:
        """The items as bytes."""
        return pybase64.b64decode(self.data)


class SessionOpen(Frame):
    """Ask for a session: what is to be done, and what the client can do."""

    sender = Sender.CLIENT
    type: Literal["session.open"] = "session.open"
    """The frame's tag."""
    prompt: Text
    """What the robot is to do; may be empty."""
    session_id: Text | None = None
    """The client's label for the session. Only a label: it names nothing and may be repeated."""
    cameras: Annotated[list[Text], Field(fail_fast=True)] | None = None
    """Names of the cameras that observations will carry."""
    model: Text | None = None
    """The model asked for."""
    lora: Text | None = None
    """The LoRA adapter asked for."""
    robot: Text | None = None
    """The kind of robot; a hint."""
    action_adapter: Text | None = None
    """The action scheme asked for."""
    hz: PositiveNumber | None = None
    """The rate of the client's control loop, in Hz."""
    chunk_size: PositiveInt | None = None
    """Rows per action chunk that the client would like."""
    max_gpu_seconds: PositiveNumber | None = None
    """GPU time that one inference may take, in seconds."""
    queue: Queue | None = None
    """What happens to an observation that comes while others wait; absent means `fifo`."""
    capabilities: Annotated[list[Text], Field(fail_fast=True)] | None = None
    """Extensions that the client understands: `status`, `tensor_b64`, `max_age`."""


class Observation(Frame):
    """What the robot sees and feels, now."""

    sender = Sender.CLIENT
    type: Literal["observation"] = "observation"
    """The frame's tag."""
    seq: Seq
    """The observation's number: greater than every one before it on this session."""
    state: Annotated[list[Number], Field(fail_fast=True)]
    """Joint positions or whatever the model takes, of the declared width."""
    images: dict[str, Base64 | EncodedImage] | None = None
    """Pictures by camera name: bare base64, or an object with its encoding."""
    prompt: Text | None = None
    """The instruction for this step, in place of the session's."""
    request_id: RequestId | None = None
    """Makes a retry safe: the same id with the same content is inferred once."""
    capture_time_ns: CaptureTime | None = None
    """When it was captured, in nanoseconds on the client's own clock; the answer repeats it."""
    max_age_ms: NonNegativeNumber | None = None
    """How old it may be when its turn comes, in milliseconds from receipt."""
    max_gpu_seconds: PositiveNumber | None = None
    """GPU time for this inference, in seconds, in place of the session's."""


class SessionClose(Frame):
    """The client is done."""

    sender = Sender.CLIENT
    type: Literal["session.close"] = "session.close"
    """The frame's tag."""
    session_id: Any = None
    """Ignored."""


class ProtocolInfo(Part):
    """Which protocol a session speaks."""

    version: Text
    """The protocol's version, as in `1.0`."""
    encoding: Literal["json"]
    """How frames are written."""


class Limits(Part):
    """What a server holds its clients and itself to."""

    max_frame_bytes: PositiveInt | None = None
    """The largest message it takes, in bytes of payload."""
    max_in_flight: PositiveInt | None = None
    """Observations that may be unanswered at one time."""
    idle_timeout_ms: PositiveInt | None = None
    """A session without a frame for this long ends, unless an answer is owed."""
    answer_timeout_ms: PositiveInt | None = None
    """Every observation is answered within this time of its receipt."""


class SessionReady(Frame):
    """The session is open; this is who serves it, and what it keeps to."""

    sender = Sender.SERVER
    owed = frozenset({"type", "session_id"})
    type: Literal["session.ready"] = "session.ready"
    """The frame's tag."""
    session_id: (
        Annotated[Text, Field(json_schema_extra={"minLength": bounds.MIN_SESSION_ID})] | None
    ) = None
    """The server's name for the session: random, never the client's label."""
    protocol: ProtocolInfo | None = None
    """Version and encoding."""
    model: Text | None = None
    """The model that serves."""
    state_dim: NonNegativeInt | None = None
    """Width of `state`."""
    action_dim: PositiveInt | None = None
    """Width of an action row."""
    action_names: list[Text] | None = None
    """What each column of an action row moves."""
    chunk_size: PositiveInt | None = None
    """Rows of a chunk, at most."""
    cameras: list[Text] | None = None
    """Names of the cameras that every observation has to carry."""
    hz: PositiveNumber | None = None
    """The rate at which rows are meant to be played, in Hz."""
    queue: Queue | None = None
    """The queue mode that holds."""
    limits: Limits | None = None
    """Bounds that hold."""
    capabilities: list[Text] | None = None
    """Extensions that hold."""
    server_time_ns: CaptureTime | None = None
    """The server's clock when it sent this, in nanoseconds."""


class SessionStatus(Frame):
    """The model is not ready yet; wait on."""

    sender = Sender.SERVER
    type: Literal["session.status"] = "session.status"
    """The frame's tag."""
    state: Literal["loading", "warming"]
    """What it is doing."""
    message: Text | None = None
    """For a human."""


class Metadata(Part):
    """How a chunk came to be."""

    owed = frozenset({"model", "inference_ms", "queue_ms"})
    model: Text | None = None
    """The model that made it."""
    inference_ms: NonNegativeNumber | None = None
    """Time in the model, in milliseconds."""
    queue_ms: NonNegativeNumber | None = None
    """Time between receipt and the model, in milliseconds."""


Row = Annotated[list[Number], Field(min_length=1)]


class ActionChunk(Frame):
    """Actions for the next steps: the answer to one observation."""

    sender = Sender.SERVER
    owed = frozenset({"type", "seq", "metadata"})
    type: Literal["action_chunk"] = "action_chunk"
    """The frame's tag."""
    seq: Seq | None = None
    """The observation that it answers."""
    request_id: RequestId | None = None
    """The observation's request id, if it had one."""
    capture_time_ns: CaptureTime | None = None
    """The observation's capture time, unaltered."""
    actions: Annotated[list[Row], Field(min_length=1)] | Tensor
    """Rows of equal width, one per step; a tensor where, and only where, `tensor_b64` holds."""
    metadata: Metadata | None = None
    """How it came to be."""

    @model_validator(mode="after")
    def _rows_are_equal(self) -> ActionChunk:
        if isinstance(self.actions, list):
            width = len(self.actions[0])
            for row in self.actions:
                if len(row) != width:
                    raise ValueError("rows of unequal length")
        return self


class ObservationDropped(Frame):
    """The answer to an observation that will not be used."""

    sender = Sender.SERVER
    owed = frozenset({"type", "seq"})
    type: Literal["observation.dropped"] = "observation.dropped"
    """The frame's tag."""
    seq: Seq | None = None
    """The observation that it answers."""
    request_id: RequestId | None = None
    """The observation's request id, if it had one."""
    reason: Literal["superseded", "expired"]
    """A newer one overtook it, or it was older than its `max_age_ms` when its turn came."""


class SessionClosing(Frame):
    """The server will end: accepted observations are answered, new ones refused."""

    sender = Sender.SERVER
    type: Literal["session.closing"] = "session.closing"
    """The frame's tag."""
    reason: Literal["shutdown", "maintenance", "expired"]
    """Why it ends."""
    time_left_ms: NonNegativeNumber
    """Until it closes, in milliseconds."""


class Error(Frame):
    """Something was refused or went wrong."""

    sender = Sender.SERVER
    owed = frozenset({"type", "fatal", "retryable"})
    type: Literal["error"] = "error"
    """The frame's tag."""
    code: Annotated[Text, Field(min_length=1)]
    """What went wrong, from the error table; a vendor's own begins with `x_`."""
    message: Text
    """For a human: no traceback, no stack, no path."""
    fatal: Flag = False
    """Whether the session ends with it."""
    retryable: Flag = False
    """Whether the same request may succeed later."""
    seq: Seq | None = None
    """The observation that it answers, if its `seq` arrived valid."""
    request_id: RequestId | None = None
    """The observation's request id, if it arrived valid."""
    param: Pointer | None = None
    """JSON pointer (RFC 6901) to the member that is wrong."""
    retry_after_ms: NonNegativeNumber | None = None
    """When to try again, in milliseconds from now."""

    @property
    def case(self) -> str:
        """A fatal error ends a session, any other leaves it as it was."""
        return "fatal" if self.fatal else "not fatal"


ClientFrame = SessionOpen | Observation | SessionClose
"""What a client sends."""

ServerFrame = (
    SessionReady | SessionStatus | ActionChunk | ObservationDropped | SessionClosing | Error
)
"""What a server sends."""

CLIENT_FRAMES: dict[str, type[ClientFrame]] = {cls.tag(): cls for cls in get_args(ClientFrame)}
SERVER_FRAMES: dict[str, type[ServerFrame]] = {cls.tag(): cls for cls in get_args(ServerFrame)}
