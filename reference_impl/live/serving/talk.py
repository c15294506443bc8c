"""What is said on the channels of one connection: read, handed to the model, answered in order.

Every answer goes through the stage's queue, also those that the model has no part in: so they come
in the order of the questions (L-CHAN-3, L-CHAN-4).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from risp.protocol.errors import DecodeError
from risp.protocol.frame import Frame
from risp.protocol.live import channel as say
from risp.protocol.live import control
from risp.protocol.live.codec import INVALID, decode_control, decode_message, encode
from risp.protocol.live.limits import MAX_MESSAGE_BYTES

from ..modelling.files import UploadedFile
from ..modelling.messages import ModelMessage, body_of, type_of
from ..replies import TOO_MANY
from ..settings import LiveSettings
from ..stage import Rejected, Reply, Returned, Stage
from ..uploads import Uploads

logger = logging.getLogger("risp.live")

MAX_ASIDE = 64
"""So many commands of a connection may wait for their files; one beyond them is refused."""
MAX_UNHEARD = 8 << 20
"""Bytes that a client may send before the model has heard what came before; then it is cut off."""
ENTRY_BYTES = 512
"""What a message counts for besides its own bytes."""


class Scene(Protocol):
    """What a connection has of its session."""

    settings: LiveSettings
    uploads: Uploads

    @property
    def stage(self) -> Stage | None:
        """The model at work, while the session has a place."""
        ...

    def schema(self) -> dict[str, Any]:
        """What the model publishes."""
        ...

    def capabilities(self) -> dict[str, Any]:
        """What it offers on this session."""
        ...

    def note(self, event: str, detail: dict[str, Any]) -> None:
        """Write something down for those who watch."""
        ...

    def publish(self, connection: int, track: str) -> control.ControlProblem | None:
        """Make a connection the publisher of an input, or say why not."""
        ...

    def unpublish(self, connection: int, track: str) -> None:
        """Make it the publisher no more."""
        ...


class Line(Protocol):
    """What a connection does for the talk on it."""

    id: int

    def send(self, label: str, text: str) -> None:
        """Send a message."""
        ...

    def hang_up(self) -> None:
        """Close the connection."""
        ...

    def pause(self, track: str, paused: bool) -> None:
        """Pause or resume an output."""
        ...


class Talk:
    """The messages of one connection. It is used on the event loop only."""

    def __init__(self, scene: Scene, line: Line) -> None:
        self._scene = scene
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._is_first = True
        self._is_over = False
        self._waiting: set[asyncio.Task[None]] = set()
        self._unheard = 0
        """What came since the model last heard everything, in bytes."""
        self._is_counting = False

    def close(self) -> None:
        """Forget what is still to be answered: who comes next on this line has not asked it."""
        self._is_over = True
        for task in self._waiting:
            task.cancel()

    def on_message(self, label: str, message: str | bytes) -> None:
        """Take one message."""
        if self._is_over:
            return
        if self._is_first:
            self._is_first = False
            if isinstance(message, bytes) and message.lstrip()[:1] not in (b"{", b"["):
                logger.info("a client of another generation is sent away")
                self._line.hang_up()  # L-CHAN-10
                return
        if label == control.LABEL:
            self._on_control(message)
        else:
            self._on_data(message)
            self._count(len(message) + ENTRY_BYTES)

    def tell(self, frame: Frame) -> None:
        """Send a message on `data`."""
        if not self._is_over:
            self._line.send(say.LABEL, encode(frame))

    def _count(self, size: int) -> None:
        """Cut off a client that sends more than the model hears: all of it waits in memory."""
        self._unheard += size
        if self._unheard > MAX_UNHEARD:
            logger.warning("a client sends more than the model hears, and is cut off")
            self._line.hang_up()
        elif not self._is_counting:
            self._mark()

    def _mark(self) -> None:
        """Learn when all that came so far is heard."""
        stage, counted = self._scene.stage, self._unheard
        self._is_counting = stage is not None and counted > 0
        if stage is not None and counted > 0:
            stage.fence(lambda: self._soon(self._heard, counted))

    def _heard(self, counted: int) -> None:
        self._unheard -= counted
        self._mark()

    # On `data`

    def _on_data(self, message: str | bytes) -> None:
        try:
            if len(message) > MAX_MESSAGE_BYTES:
                raise DecodeError(INVALID, f"more than {MAX_MESSAGE_BYTES} bytes")
            frame = decode_message(message)
        except DecodeError as error:
            self._scene.note("error", {"message": f"unreadable: {error.message}"})
            self._answer(
                rejection(None, error.code, error.message, error.pointer or None, error.request_id)
            )
            return
        match frame:
            case say.CommandMessage():
                self._on_command(frame.data)
            case say.RequestSchema():
                answer = say.Schema(
                    type="modelSchema", data=self._scene.schema(), request_id=frame.data.request_id
                )
                self._answer(say.ModelSchema(data=answer))
            case say.RequestCapabilities():
                capabilities = say.CapabilitiesBody(
                    type="modelCapabilities",
                    data=self._scene.capabilities(),
                    request_id=frame.data.request_id,
                )
                self._answer(say.ModelCapabilities(data=capabilities))
            case say.RequestState() if self._scene.settings.state:
                self._on_state(frame.data.request_id)
            case say.FileUploaded():
                self._on_uploaded(frame.data.data.upload_id)
            case say.RequestClip() | say.RequestRecording():
                problem = say.ClipProblem(reason="this server makes no recordings")
                self._answer(say.ClipFailed(data=say.ClipBody(type="clipFailed", data=problem)))
            case _:
                pass  # a sign of life

    def _answer(self, frame: Frame) -> None:
        """Send it after all that is asked for already."""
        self._later(lambda: self.tell(frame))

    def _soon(self, call: Callable[..., None], *arguments: Any) -> None:
        """Do it on the loop; called in the stage's thread."""
        with suppress(RuntimeError):  # the server has ended, and nobody is left to be told
            self._loop.call_soon_threadsafe(call, *arguments)

    def _on_state(self, request_id: str | None) -> None:
        def told(state: dict[str, Any]) -> None:
            body = say.StateBody(type="modelState", data=state, request_id=request_id)
            self._soon(self.tell, say.ModelState(data=body))

        stage = self._scene.stage
        if stage is not None:
            stage.state(told)

    def _on_uploaded(self, upload_id: str) -> None:
        file, stage = self._scene.uploads.get(upload_id), self._scene.stage
        if file is not None and stage is not None:
            stage.uploaded(file)

    # Commands

    def _on_command(self, command: say.Command) -> None:
        names = {name: file.upload_id for name, file in (command.uploads or {}).items()}
        files = {name: self._scene.uploads.get(id_) for name, id_ in names.items()}
        there = {name: file for name, file in files.items() if file is not None}
        if len(there) == len(names):
            self._run(command, there)
            return
        if len(self._waiting) >= MAX_ASIDE:
            self._later(lambda: self._reply(command, TOO_MANY, None))
            return
        # L-UP-11: it waits aside, and holds up nobody.
        task = asyncio.create_task(self._run_later(command, names))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _run_later(self, command: say.Command, names: dict[str, str]) -> None:
        there: dict[str, UploadedFile] = {}
        until = self._loop.time() + self._scene.settings.upload_wait_s
        for name, id_ in names.items():
            file = await self._scene.uploads.wait(id_, max(0.0, until - self._loop.time()))
            if file is None:
                detail = "no such upload of this session has arrived"
                self._refuse(command, "unresolved_upload", detail, name)
                return
            there[name] = file
        self._run(command, there)

    def _run(self, command: say.Command, files: dict[str, UploadedFile]) -> None:
        def done(reply: Reply) -> None:
            # Written here, in the stage's thread: the model may change its message afterwards.
            answer = None
            if isinstance(reply, Returned) and reply.message is not None:
                answer = event(reply.message, command.request_id)
            if reply is TOO_MANY:  # it is told here and now, and has its turn all the same
                self._later(lambda: self._reply(command, reply, None))
            else:
                self._soon(self._reply, command, reply, answer)

        stage = self._scene.stage
        if stage is not None:
            stage.command(self._line.id, command.type, dict(command.data or {}), files, done)

    def _later(self, call: Callable[[], None]) -> None:
        """Do it after all that is asked for already (L-CHAN-3)."""
        stage = self._scene.stage
        if stage is not None:
            stage.fence(lambda: self._soon(call))

    def _reply(self, command: say.Command, reply: Reply, answer: say.EventMessage | None) -> None:
        if isinstance(reply, Rejected):
            self._refuse(command, reply.code, reply.message, reply.param)
            return
        args = {"name": command.type, "args": command.data or {}, "conn_id": self._line.id}
        self._scene.note("command", args)
        if answer is not None:
            self.tell(answer)

    def _refuse(self, command: say.Command, code: str, message: str, param: str | None) -> None:
        detail = {"message": f"command {command.type!r} rejected ({message})", "code": code}
        self._scene.note("error", detail)
        self.tell(rejection(command.type, code, message, param, command.request_id))

    # On `control`

    def _on_control(self, message: str | bytes) -> None:
        try:
            frame = decode_control(message)
        except DecodeError as error:
            self._scene.note("error", {"message": f"unreadable: {error.message}"})
            if error.request_id is not None:
                code = "unknown_method" if error.pointer == "/method" else error.code
                problem = control.ControlProblem(code=code, message=error.message)
                self._respond(error.frame_type or "", error.request_id, problem)
            return
        match frame:
            case control.Request():
                problem_or_none = self._scene.publish(self._line.id, frame.data.name)
                self._respond(frame.method, frame.request_id, problem_or_none)
            case control.Notification(event="unpublish_track"):
                self._scene.unpublish(self._line.id, frame.data.name)
            case control.Notification():
                self._line.pause(frame.data.name, frame.event == "pause_track")
            case _:
                pass

    def _respond(
        self, method: str, request_id: str, problem: control.ControlProblem | None
    ) -> None:
        granted = control.Granted() if problem is None else None
        response = control.Response(
            method=method, request_id=request_id, data=granted, error=problem
        )
        self._line.send(control.LABEL, encode(response))


def event(message: ModelMessage, request_id: str | None = None) -> say.EventMessage:
    """A message of the model."""
    body = say.Event(type=type_of(message), data=body_of(message), request_id=request_id)
    return say.EventMessage(data=body)


def rejection(
    command: str | None, code: str, message: str, param: str | None, request_id: str | None
) -> say.CommandRejected:
    """The refusal of a command."""
    why = say.Rejection(
        command=command, code=code, message=message, param=param, request_id=request_id
    )
    return say.CommandRejected(data=say.Rejected(type="commandRejected", data=why))


def ended(reason: str) -> say.SessionEnded:
    """The end of a session."""
    return say.SessionEnded(data=say.Ended(type="sessionEnded", data=say.End(reason=reason)))
