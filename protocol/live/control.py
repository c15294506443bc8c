"""The messages on the data channel `control`: what becomes of tracks."""

from __future__ import annotations

from typing import Literal

from ..frame import Frame, Part
from ..machine import Sender
from ..scalars import Text
from .scalars import Name, RequestId

LABEL = "control"
"""The label of the channel."""


class TrackName(Part):
    """One track."""

    name: Name
    """Its name, from the capabilities."""


class Control(Frame):
    """One message on `control`."""

    @classmethod
    def tag(cls) -> str:
        """The channel and the kind, as in `control.request`."""
        return f"control.{cls.model_fields['type'].default}"


class Notification(Control):
    """Pause or resume an output, or stop publishing an input; no answer comes."""

    sender = Sender.CLIENT
    type: Literal["notification"] = "notification"
    """The message's kind."""
    event: Literal["resume_track", "pause_track", "unpublish_track"]
    """What happens."""
    data: TrackName
    """To which track."""

    @property
    def case(self) -> str:
        """Which of the three it is."""
        return self.event


class Request(Control):
    """Ask to publish a track; exactly one response comes."""

    sender = Sender.CLIENT
    type: Literal["request"] = "request"
    """The message's kind."""
    method: Literal["publish_track"]
    """What is asked for."""
    request_id: RequestId
    """What the response repeats."""
    data: TrackName
    """Which track."""


class ControlProblem(Part):
    """Why a request was refused."""

    code: Text
    """For programs."""
    message: Text
    """For a human."""


class Granted(Part):
    """Nothing; the request was granted."""


class Response(Control):
    """The answer to a request: `data` where it was granted, `error` where it was not."""

    sender = Sender.SERVER
    type: Literal["response"] = "response"
    """The message's kind."""
    method: Text
    """What was asked for."""
    request_id: Text
    """What the request was sent with."""
    data: Granted | None = None
    """There if it was granted."""
    error: ControlProblem | None = None
    """There if it was refused."""


CLIENT_CONTROLS: dict[str, type[Control]] = {one.tag(): one for one in (Notification, Request)}
"""What a client sends on `control`, by tag."""
SERVER_CONTROLS: dict[str, type[Control]] = {Response.tag(): Response}
"""What a server sends on `control`, by tag."""
