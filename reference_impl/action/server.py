"""What a server answers. There is no transport in it and no clock: bytes in, frames out.

Feed a `ServerSession` with `receive`, `finished`, `tick`, `shutdown` and `disconnected`, each with
the time in seconds on a clock that only rises. After each, send its `outbox` and, if there is a
`close_code`, close; call `tick` again at `next_deadline()`; give it turns of the policy by `take`.

Every decision is one small method, so that a server that is wrong in one point is a subclass with
one method. The layers: `Speaker` (frames and books), `Answering` (slots), `Queueing` (turns),
`Opening`, and the session itself.
"""

from __future__ import annotations

from typing import Any

from risp.protocol.action.codes import GOING_AWAY, NORMAL_CLOSE
from risp.protocol.action.frames import (
    Observation,
    SessionClose,
    SessionClosing,
    SessionOpen,
)
from risp.protocol.action.session import State
from risp.protocol.errors import DecodeError

from .policy import Description
from .serving.opening import Opening
from .serving.settings import Settings


class ServerSession(Opening):
    """One connection, from the handshake to its close, as its server sees it."""

    def __init__(
        self,
        settings: Settings,
        about: Description | None,
        now: float,
        *,
        wall_ns: int = 0,
        resets: bool = False,
    ) -> None:
        """`about` is None while the policy loads; `wall_ns` is the time of day at `now`."""
        super().__init__(settings, about, now)
        self.wall_ns, self.resets = wall_ns, resets
        self.last_sign = now

    # Receipt

    def connected(self, now: float) -> None:
        """The handshake is done. A-OPEN-1: the client speaks first."""

    def receive(self, message: str | bytes, now: float) -> None:
        """Take one message of the client's."""
        self.last_sign = now
        if self.over:
            return
        if self.books.state is State.OPENING:
            self.on_early(message)
        elif isinstance(message, bytes):
            self.on_binary(message, now)
        else:
            self.on_text(message, now)

    def on_text(self, message: str, now: float) -> None:
        """Take a text message."""
        try:
            frame = self.decode(message)
        except DecodeError as error:
            self.on_undecodable(error, now)
            return
        match frame:
            case Observation() if self.books.state is not State.NEW:
                self.on_observation(frame, now)
            case SessionOpen() if self.books.state is State.NEW:
                self.on_open(frame, now)
            case SessionClose() if self.books.state is not State.NEW:
                self.on_session_close(frame)
            case _:
                self.on_misplaced(frame)

    def on_binary(self, message: bytes, now: float) -> None:
        """Refuse a binary message on a session of JSON text (A-ERR-14)."""
        hint = "send the same JSON as text"
        error = DecodeError("bad_frame", f"a binary message of {len(message)} bytes", hint=hint)
        self.on_bad_frame(error)

    def on_ping(self, now: float) -> None:
        """A ping is a sign of life; its pong is the transport's business."""
        self.last_sign = now

    def on_undecodable(self, error: DecodeError, now: float) -> None:
        """Refuse what could not be read as a frame, by what it was meant to be."""
        kind = error.frame_type
        if kind is None:
            self.on_bad_frame(error)
        elif self.books.state is State.NEW and kind != SessionOpen.tag():
            self.on_not_open(kind)
        elif kind == SessionOpen.tag():
            self.on_bad_open(error)
        elif kind == Observation.tag():
            self.on_bad_observation(error, now)
        else:
            self.on_unknown_type(error)

    def on_bad_frame(self, error: DecodeError) -> None:
        """Refuse what is no frame; it answers no observation and carries nothing (A-OBS-5)."""
        self.send(self.refusal(error))

    def on_unknown_type(self, error: DecodeError) -> None:
        """Refuse a frame of a type that no client sends (A-ERR-9)."""
        self.send(self.refusal(error))

    def on_not_open(self, kind: str) -> None:
        """Refuse a first frame that opens nothing (A-OPEN-6)."""
        message = f"the first frame is {kind[:60]!r} (send session.open first)"
        self.send(self.make_error("not_open", message))

    def on_bad_open(self, error: DecodeError) -> None:
        """Refuse a malformed `session.open`; on an open session it is one too many all the same."""
        if self.books.state is State.NEW:
            self.books.advance(SessionOpen(prompt=""))
            self.send(self.refusal(error))
        else:
            self.on_already_open()

    def on_misplaced(self, frame: SessionOpen | Observation | SessionClose) -> None:
        """Refuse a frame that may not come now."""
        if isinstance(frame, SessionOpen):
            self.on_already_open()
        else:
            self.on_not_open(frame.tag())

    def on_already_open(self) -> None:
        """Refuse a second opening; the session lives on (A-OPEN-28)."""
        message = "this connection has its session (open another connection for another session)"
        self.send(self.make_error("already_open", message))

    def on_early(self, message: str | bytes) -> None:
        """Keep what comes before `session.ready` until then; an end does not wait (A-CLOSE-1)."""
        if isinstance(message, str) and SessionClose.tag() in message:
            try:
                frame = self.decode(message)
            except DecodeError:
                pass  # it gets its refusal in its turn
            else:
                if isinstance(frame, SessionClose):
                    self.on_session_close(frame)
                    return
        self.early.append(message)
        if len(self.early) > self.settings.max_in_flight:
            text = "the session is not open yet (wait for session.ready)"
            self.send(self.make_error("not_open", text))

    def after_ready(self, now: float) -> None:
        """Take what came too early, in its order."""
        early, self.early = self.early, []
        for message in early:
            self.receive(message, now)

    # Clocks

    def tick(self, now: float) -> None:
        """Do what is due by now."""
        if self.over:
            return
        state = self.books.state
        if state is State.NEW:
            if now >= self.born + self.settings.unopened_s:
                self.close(GOING_AWAY)
        elif state is State.OPENING:
            if self.status_due is not None and self.status_due <= now:
                self.send_status(now)
        else:
            self.expire_answers(now)
            self.check_end(now)
            self.check_idle(now)

    def check_idle(self, now: float) -> None:
        """End a session that has been silent for too long (A-LIM-5)."""
        if not self.owes() and now >= self.idle_due() and not self.over:
            message = f"no frame came for {self.settings.idle_timeout_ms} ms"
            self.send(self.make_error("idle_timeout", message))

    def owes(self) -> bool:
        """Whether an answer is owed (A-LIM-6)."""
        return bool(self.slots)

    def idle_due(self) -> float:
        """When the session has been silent for too long, in seconds."""
        return self.last_sign + self.settings.idle_timeout_ms / 1000

    def after_answers(self, now: float) -> None:
        """An announced end comes as soon as nothing is owed."""
        self.check_end(now)

    def check_end(self, now: float) -> None:
        """Close when all is answered, or the announced time has passed (A-CLOSE-10)."""
        if self.ends is not None and (not self.owes() or now >= self.ends):
            self.close(GOING_AWAY)

    def next_deadline(self) -> float | None:
        """When `tick` has something to do, if nothing else happens; None once all is over."""
        if self.over:
            return None
        if self.books.state is State.NEW:
            return self.born + self.settings.unopened_s
        if self.books.state is State.OPENING:
            return self.status_due
        dues = [self.next_answer_due(), self.ends, None if self.owes() else self.idle_due()]
        return min((due for due in dues if due is not None), default=None)

    # The end

    def on_session_close(self, frame: SessionClose) -> None:
        """End as asked, whatever `session_id` says (A-CLOSE-2), and owe nothing (A-CLOSE-3)."""
        self.discard()
        self.close(NORMAL_CLOSE)

    def shutdown(self, reason: Any, time_left_s: float, now: float) -> None:
        """Announce the end (A-CLOSE-7); who is not open yet is sent elsewhere."""
        match self.books.state:
            case State.OPEN:
                self.ends = now + time_left_s
                self.send(SessionClosing(reason=reason, time_left_ms=round(time_left_s * 1000)))
                self.expire_answers(now)
                self.check_end(now)
            case State.OPENING:
                self.refuse_unready("the server is about to end")
            case State.NEW:
                self.close(GOING_AWAY)
            case State.CLOSING | State.CLOSED:
                pass

    def abort(self) -> None:
        """End at once."""
        self.discard()
        if not self.over:
            self.close(GOING_AWAY)

    def disconnected(self) -> None:
        """The connection is gone: nothing is owed any more (A-CLOSE-6)."""
        self.discard()
        self.books.end()

    def discard(self) -> None:
        """Forget what is queued and what is remembered; what runs is dropped when it comes."""
        self.slots.clear()
        self.waiting.clear()
        self.chunks.clear()
        self.early.clear()
        self.reset_due = False

    def on_defect(self) -> None:
        """The last word of a server that met a defect of its own."""
        self.discard()
        self.send(self.make_error("internal", "the server met a defect of its own"))
