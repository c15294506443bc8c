"""One WebSocket: carries messages between a transport and a session, and keeps its clock."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from risp.protocol.action.session import State

from ..policy import Description
from ..server import ServerSession
from .engine import Engine
from .jobs import Job, Outcome

logger = logging.getLogger("risp.server")

UNREAD = 64
"""Messages that may wait for a client that does not read, before it is no longer listened to."""
UNANSWERED = 1024
"""Observations, refused ones too, that may wait for their answer before that."""
NEVER = float("inf")

Result = TypeVar("Result")


class Transport(Protocol):
    """What a connection asks of its WebSocket."""

    @property
    def is_writable(self) -> bool:
        """Whether a message would go out now, and not pile up."""
        ...

    def say(self, message: str | bytes) -> None:
        """Send one message: text, or binary for bytes."""
        ...

    def finish(self, code: int) -> None:
        """Close with a code."""
        ...

    def let_go(self) -> None:
        """Cut the connection soon, whether or not the client has read what it was sent."""
        ...

    def listen(self, listening: bool, /) -> None:
        """Read on, or stop reading for a while."""
        ...


class Connection:
    """Drives one session: feeds it, sends what it says, wakes it when something is due."""

    def __init__(self, session: ServerSession, engine: Engine, transport: Transport) -> None:
        self.session = session
        self._engine = engine
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = NEVER
        self._stuck: asyncio.TimerHandle | None = None
        self._is_deaf = False
        self._is_finished = False

    # What the engine sees

    @property
    def has_work(self) -> bool:
        """Whether the session would take a turn."""
        return self.session.has_work

    def take(self, now: float) -> Job | None:
        """The session's next job; taking it may also drop what is too old."""
        job = self._act(self.session.take, now)
        self._settle()
        return job

    def finished(self, job: Job, outcome: Outcome, now: float) -> None:
        """Hand the session what came of a job; the engine asks for the next one by itself."""
        self._act(self.session.finished, job, outcome, now)
        self._settle()

    # What the transport brings

    def on_message(self, message: str | bytes) -> None:
        """One message has come."""
        self._do(self.session.receive, message, time.monotonic())

    def on_ping(self) -> None:
        """A ping has come, and is answered."""
        self.session.on_ping(time.monotonic())

    def on_writable(self) -> None:
        """The client reads again."""
        self._settle()

    def on_end(self) -> None:
        """The connection has ended, by whichever side."""
        self._is_finished = True
        self.session.disconnected()
        self._engine.forget(self)
        if self._timer is not None:
            self._timer.cancel()
        self._unstick()

    # What the service decides

    def open(self) -> None:
        """The handshake is done."""
        self._do(self.session.connected, time.monotonic())

    def loaded(self, about: Description) -> None:
        """The policy is there."""
        self._do(self.session.loaded, about, time.monotonic())

    def shutdown(self, reason: str, time_left_s: float) -> None:
        """Announce the end to the client."""
        self._do(self.session.shutdown, reason, time_left_s, time.monotonic())

    def fail(self) -> None:
        """Tell a client that waits for the policy that there will be none."""
        if self.session.books.state is State.OPENING:
            self._do(self.session.on_defect)

    def abort(self) -> None:
        """End at once."""
        self._do(self.session.abort)

    # How it is done

    def _do(self, act: Callable[..., None], *arguments: Any) -> None:
        self._act(act, *arguments)
        self._settle()
        # Last, because the policy's thread can run only when this one has nothing left to do.
        if self.session.has_work:
            self._engine.offer(self)

    def _act(self, act: Callable[..., Result], *arguments: Any) -> Result | None:
        """Let the session act; a defect of ours ends it with `internal`, and no other session."""
        try:
            return act(*arguments)
        except Exception:
            logger.exception("a defect in the server")
            self.session.on_defect()
            return None

    def _settle(self) -> None:
        """Send what there is to say, close if that is said, and set the clock."""
        session = self.session
        if self._is_finished:
            return
        if session.outbox or self._is_deaf or len(session.slots) > UNANSWERED:
            self._say()
        if session.close_code is not None:
            self._close(session.close_code)
        due = session.next_deadline()
        # A timer that fires too early only looks again; so it is moved only if it is too late.
        if due is not None and due < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = due
            self._timer = self._loop.call_later(max(0.0, due - time.monotonic()), self._tick)

    def _close(self, code: int) -> None:
        if self.session.outbox:
            self._transport.let_go()  # it may never be read
        else:
            self._is_finished = True
            self._transport.finish(code)

    def _say(self) -> None:
        outbox, transport = self.session.outbox, self._transport
        said = 0
        while said < len(outbox) and transport.is_writable:
            transport.say(outbox[said])
            said += 1
        del outbox[:said]
        # No client that keeps within its bounds comes near these; who floods is made to wait.
        is_deaf = len(outbox) > UNREAD or len(self.session.slots) > UNANSWERED
        if is_deaf != self._is_deaf:
            self._is_deaf = is_deaf
            transport.listen(not is_deaf)
        self._watch(said)

    def _watch(self, said: int) -> None:
        """Let go of a client that reads nothing for as long as it may say nothing.

        Also of one that is not listened to and not answered: nobody would see that it is gone.
        """
        is_stuck = bool(self.session.outbox) or self._is_deaf
        if said or not is_stuck:
            self._unstick()
        if is_stuck and self._stuck is None:
            within_s = self.session.settings.idle_timeout_ms / 1000
            self._stuck = self._loop.call_later(within_s, self._transport.let_go)

    def _unstick(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _tick(self) -> None:
        self._timer, self._timer_at = None, NEVER
        self._do(self.session.tick, time.monotonic())
