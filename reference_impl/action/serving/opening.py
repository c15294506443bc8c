"""Openings: from `session.open` to `session.ready`, or to what forbids it."""

from __future__ import annotations

import secrets
from typing import Any

from risp.protocol.action.declares import ON_REQUEST, Capability
from risp.protocol.action.frames import (
    Limits,
    ProtocolInfo,
    SessionOpen,
    SessionReady,
    SessionStatus,
)
from risp.protocol.action.session import State
from risp.protocol.errors import RemoteProtocolError
from risp.protocol.version import PROTOCOL_VERSION

from ..policy import Description
from .queueing import Queueing
from .settings import Settings
from .speaking import Refused


class Opening(Queueing):
    """What a client is offered, and what it is refused."""

    def __init__(self, settings: Settings, about: Description | None, now: float) -> None:
        super().__init__(settings.undeclared() if settings.terse else settings)
        self.loading = about is None
        """Whether the policy is not there yet."""
        self.about = about or Description()
        self.born = now
        """When the connection was made, in seconds."""
        self.wall_ns = 0
        """The time of day when the connection was made, in nanoseconds."""
        self.resets = False
        """Whether the policy wants to be reset."""
        self.status_due: float | None = None
        """When a client that waits for the policy is told so again, in seconds."""
        self.early: list[str | bytes] = []
        """What came between `session.open` and `session.ready`."""

    def on_open(self, frame: SessionOpen, now: float) -> None:
        """Take the opening, and answer it as soon as the policy is there."""
        self.books.advance(frame)
        self.opening = frame
        if not self.loading:
            self.answer_open(frame, now)
        elif Capability.STATUS in self.choose_capabilities(frame):
            self.send_status(now)
        else:
            self.refuse_unready("the policy is still loading")

    def loaded(self, about: Description, now: float) -> None:
        """The policy is there: those who waited for it get their answer."""
        self.loading, self.about = False, about
        if self.books.state is State.OPENING:
            self.answer_open(self.opening, now)

    def refuse_unready(self, message: str) -> None:
        """Send away who cannot wait (A-OPEN-8, A-ERR-20)."""
        wait_ms = self.settings.retry_after_s * 1000
        self.send(self.make_error("unavailable", message, retry_after_ms=wait_ms))

    def send_status(self, now: float) -> None:
        """Tell who waits that the policy still loads (A-OPEN-9)."""
        self.send(SessionStatus(state="loading", message="the policy is loading"))
        self.status_due = now + self.settings.status_every_s

    def answer_open(self, frame: SessionOpen, now: float) -> None:
        """Answer with `session.ready`, or with what forbids it."""
        self.status_due = None
        try:
            self.check_names(frame)
        except RemoteProtocolError as error:
            self.send(self.refusal(error))
            return
        self.reset_due = self.resets
        self.latest = self.choose_queue(frame) == "latest"
        self.capabilities = self.choose_capabilities(frame)
        self.chunk_size = self.choose_chunk_size(frame)
        self.send(self.make_ready(frame, now))
        self.after_ready(now)

    def after_ready(self, now: float) -> None:
        """What follows when the session is open."""

    def check_names(self, frame: SessionOpen) -> None:
        """Refuse names that are not served (A-OPEN-24..26); `robot` is only a hint."""
        about = self.about
        for member, code, served in (
            ("model", "unknown_model", about.served_models()),
            ("lora", "unknown_lora", about.loras),
            ("action_adapter", "unknown_adapter", about.action_adapters),
        ):
            name = getattr(frame, member)
            if name is not None and name not in served:
                raise Refused(code, f"{name[:60]!r} is not served here", pointer=f"/{member}")

    def choose_queue(self, frame: SessionOpen) -> str:
        """`latest` for those who ask for it, where it is served (A-QUEUE-2, A-QUEUE-7)."""
        served = Capability.QUEUE_LATEST in self.settings.capabilities
        return "latest" if frame.queue == "latest" and served else "fifo"

    def choose_capabilities(self, frame: SessionOpen) -> frozenset[Capability]:
        """What holds for this client: some things only if it listed them (A-OPEN-30)."""
        asked = frame.capabilities or []
        return frozenset(
            one for one in self.settings.capabilities if one not in ON_REQUEST or one in asked
        )

    def choose_chunk_size(self, frame: SessionOpen) -> int | None:
        """The fewer rows of what is asked for and what the policy makes."""
        sizes = [n for n in (frame.chunk_size, self.about.chunk_size) if n is not None]
        return min(sizes, default=None)

    def new_session_id(self) -> str:
        """A name of our own with 144 random bits (A-OPEN-16..19)."""
        return f"sess_{secrets.token_urlsafe(18)}"

    def make_ready(self, frame: SessionOpen, now: float) -> SessionReady:
        """The answer to an opening that succeeds."""
        described = {} if self.settings.terse else self.describe(frame, now)
        return SessionReady(session_id=self.new_session_id(), **described)

    def describe(self, frame: SessionOpen, now: float) -> dict[str, Any]:
        """Who serves, and what it keeps to (A-OPEN-21)."""
        about, bounds = self.about, self.settings
        return {
            "protocol": ProtocolInfo(version=PROTOCOL_VERSION, encoding="json"),
            "model": self.model,
            "state_dim": about.state_dim,
            "action_dim": about.action_dim,
            "action_names": about.action_names,
            "chunk_size": self.chunk_size,
            "cameras": about.cameras,
            "hz": about.hz if about.hz is not None else frame.hz,
            "queue": "latest" if self.latest else "fifo",
            "limits": Limits(
                max_frame_bytes=bounds.max_frame_bytes,
                max_in_flight=bounds.max_in_flight,
                idle_timeout_ms=bounds.idle_timeout_ms,
                answer_timeout_ms=bounds.answer_timeout_ms,
            ),
            "capabilities": [one for one in Capability if one in self.capabilities],
            "server_time_ns": self.wall_ns + int((now - self.born) * 1e9),
        }
