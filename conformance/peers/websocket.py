"""The peer that a script speaks through: one connection, blocking, as a conversation.

Three tones of voice: what is *given* (`observe`, `ready`) raises NotSeen when the target does not
play along, because then there is nothing to judge; what is *expected* raises Violation; and what
the script itself gets wrong is a KitError, and never the target's fault. A sound observation that
meets with what may befall any (`rate_limited` and the like) raises DidNotInfer in both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from risp.protocol.action.codec import decode_client
from risp.protocol.action.frames import CLIENT_FRAMES, SERVER_FRAMES
from risp.protocol.errors import DecodeError

from ..conversation import PASSING_CODES, is_aside
from ..transcript import Event, Kind
from ..verdict import DidNotInfer, NotSeen, Violation
from .link import Link

if TYPE_CHECKING:
    from ..subject import Subject

STEP_S = 5.0
"""Seconds that a step may take where the protocol names no clock of its own."""
FENCE_AFTER_S = 1.0
"""Seconds of silence after which a fence is sent: a sound observation, which must be answered."""
SLACK_S = 0.5
"""Seconds that the kit allows on top of the protocol's clocks, for the way there and back."""


class KitError(Exception):
    """The script did what it must not: a defect of the kit."""


class OutOfTime(Exception):
    """The time of the check or of the run is used up."""


class Peer:
    """One connection to the target."""

    def __init__(
        self, link: Link, subject: Subject, rng: Random, deadline: float, response: Event
    ) -> None:
        self._link = link
        self._subject = subject
        self._rng = rng
        self._deadline = deadline
        self.response = response
        """The response to the opening handshake."""
        self.ready: dict[str, Any] = {}
        """`session.ready`, once there is one."""
        self.seq = -1
        """The last `seq` sent."""
        self.answer_s = subject.answer_s
        """Seconds within which an observation is answered."""
        self.over = False
        """Whether the script has ended the conversation itself."""
        self.ending = False
        """Whether the target has announced its end."""
        self.is_gone = False
        """Whether the connection has ended, or the target has said that it ends."""
        self._passed_over: Event | None = None
        """The last error of a vendor's own that answers nothing."""
        self._fences: set[int] = set()
        """The `seq` of fences whose answer is still to come, and says nothing by itself."""

    # Sending

    def send(self, frame: dict[str, Any], *, flush: bool = True) -> None:
        """Send a frame that the protocol allows; KitError if it does not."""
        text = json.dumps(frame, separators=(",", ":"))
        try:
            decode_client(text)
        except DecodeError as error:
            raise KitError(f"the script meant to send a sound frame: {error}") from None
        self._put(text, flush)

    def send_wrong(self, frame: dict[str, Any] | str, earns: str, *, flush: bool = True) -> None:
        """Send a frame, or text, that earns a code; KitError if our own codec finds another."""
        text = frame if isinstance(frame, str) else json.dumps(frame, separators=(",", ":"))
        try:
            decode_client(text)
        except DecodeError as error:
            if error.code == earns:
                self._put(text, flush)
                return
            raise KitError(f"meant to earn {earns}, and earns {error}") from None
        raise KitError(f"meant to earn {earns}, and is a sound frame")

    def _put(self, text: str, flush: bool) -> None:
        self._link.put(Kind.TEXT, text, flush=flush)

    def send_bytes(self, kind: Kind, payload: str | bytes) -> None:
        """Send a message or a ping as it stands."""
        self._link.put(kind, payload)

    def send_close(self, code: int | None = 1000) -> None:
        """Send a Close frame."""
        self.over = True
        self._link.put_close(code)

    def close_session(self, session_id: object = "") -> None:
        """Send `session.close`."""
        self.over = True
        self._put(json.dumps({"type": "session.close", "session_id": session_id}), True)

    def abort(self) -> None:
        """Reset the connection, as a crashed client's machine does."""
        self.over = self.is_gone = True
        self._link.abort()

    def observation(self, **members: Any) -> dict[str, Any]:
        """The next observation that the target accepts, with some members set."""
        seq = members.pop("seq", self.seq + 1)
        if isinstance(seq, int):
            self.seq = max(self.seq, seq)
        return self._subject.observation(seq, self._rng, **members)

    def send_observation(self, *, flush: bool = True, **members: Any) -> dict[str, Any]:
        """Send the next observation; returns it."""
        frame = self.observation(**members)
        self.send(frame, flush=flush)
        return frame

    # What is given

    def observe(self, **members: Any) -> dict[str, Any]:
        """Send an observation and return its `action_chunk`; NotSeen if there is none."""
        frame = self.send_observation(**members)
        event = self.next(self._subject.answer_s + SLACK_S)
        judge_passing(event, frame["seq"])
        if event is None or event.frame_type != "action_chunk" or event.tree is None:
            raise NotSeen(f"no action_chunk for observation {frame['seq']}, but {show(event)}")
        return event.tree

    # What comes

    def now(self) -> float:
        """The transcript's clock, in seconds."""
        return self._link.now()

    def pause(self, seconds: float) -> None:
        """Let time pass without reading anything."""
        self._link.pause(self._cut(seconds))

    def _cut(self, within: float) -> float:
        now = self._link.now()
        if now >= self._deadline:
            raise OutOfTime
        return min(now + within, self._deadline)

    def event(self, within: float) -> Event | None:
        """The next thing that comes, pings left out; None if nothing comes in time."""
        until = self._cut(within)
        while True:
            event = self._link.get(until)
            if event is None:
                if until >= self._deadline:
                    raise OutOfTime
                return None
            if event.frame_type == "error" and event.tree and event.tree.get("fatal") is True:
                self.over = True  # The server closes; nothing more is said to it.
            self.ending = self.ending or event.frame_type == "session.closing"
            self.is_gone = self.is_gone or event.kind in (Kind.CLOSE, Kind.END)
            if event.kind is not Kind.PING:
                return event

    def next(self, within: float = STEP_S, fences: bool = False) -> Event | None:
        """The next frame, Close or end; what a client has to pass over is passed over."""
        until = self._link.now() + within
        while (left := until - self._link.now()) > -SLACK_S:
            event = self.event(max(left, 0.0))
            if event is None or event.kind not in (Kind.PONG, Kind.TEXT):
                return event
            if event.frame_type == "session.closing":
                raise NotSeen("the target announced its end")
            if event.tree and event.tree.get("code") == "unavailable":
                raise NotSeen(f"the target sent the kit away: {show(event)}")
            passes = fences or not self._is_fence(event)
            # A-CLIENT-12; but before `session.ready` nothing may come that is not asked for.
            is_vendors = bool(self.ready) and event.tree is not None and is_aside(event.tree)
            self._passed_over = event if is_vendors else self._passed_over
            is_known = not _is_unknown(event) and not is_vendors
            if event.kind is Kind.TEXT and is_known and passes:
                return event
        return None

    def _is_fence(self, event: Event) -> bool:
        seq = event.tree.get("seq") if event.tree else None
        if seq in self._fences:
            self._fences.discard(seq)
            return True
        return False

    def reply(self, within: float, ordered: bool = True) -> Event | None:
        """The next frame; silence is cut short by a fence.

        Answers to observations come in order (`fifo`): when a later one is answered, an earlier
        one has been passed over. What is not `ordered` gets a moment more.
        """
        until = self._link.now() + within
        event = self.next(min(FENCE_AFTER_S, within))
        if event is not None or self.over or self.ready.get("queue") == "latest" or not self.ready:
            return event or self.next(max(until - self._link.now(), 0.0))
        fence = self.send_observation()["seq"]
        self._fences.add(fence)
        event = self.next(max(until - self._link.now(), 0.0), fences=True)
        if event is None or not event.tree or event.tree.get("seq") != fence:
            return event
        self._fences.discard(fence)
        return event if ordered else self.next(SLACK_S)

    # What is expected

    def expect(
        self,
        frame_type: str,
        within: float | None = None,
        hint: str = "",
        where: Callable[[dict[str, Any]], bool] = lambda tree: True,
        passing: frozenset[str] | None = None,
        **members: Any,
    ) -> dict[str, Any]:
        """Return the next frame, which must be of this type and have these members.

        DidNotInfer where a code that is `passing` comes in place of it, for the same `seq`.
        """
        self._passed_over = None
        event = self.reply(
            self._subject.answer_s + SLACK_S if within is None else within,
            ordered=members.get("code") not in ("bad_frame", "unknown_type", "already_open"),
        )
        event = event or self._passed_over  # then that was meant as the reply
        due = _describe(frame_type, members)
        if passing is None:
            passing = _passing(frame_type, members)
        if "seq" in members:
            judge_passing(event, members["seq"], passing)
        if event is None or event.tree is None or event.frame_type != frame_type:
            raise Violation(due, show(event), at=self._index(event), hint=hint)
        for name, value in members.items():
            if event.tree.get(name) != value:
                raise Violation(
                    due, show(event), at=self._index(event), pointer=f"/{name}", hint=hint
                )
        if not where(event.tree):
            raise Violation(due, show(event), at=self._index(event), hint=hint)
        return event.tree

    def expect_error(
        self, code: str, within: float = STEP_S, hint: str = "", **members: Any
    ) -> dict[str, Any]:
        """Return the next frame, which must be this error."""
        return self.expect("error", within, hint, code=code, **members)

    def expect_close(self, *codes: int, within: float = STEP_S, hint: str = "") -> int:
        """Return the code of the Close that must come next, errors before it aside."""
        due = "a Close with code " + " or ".join(map(str, codes))
        until = self._link.now() + within
        while True:
            event = self.next(max(until - self._link.now(), 0.0))
            if event is not None and event.frame_type in SERVER_FRAMES:
                continue
            if event is None or event.kind is not Kind.CLOSE or event.code not in codes:
                raise Violation(due, show(event), at=self._index(event), hint=hint)
            return event.code

    def expect_pong(self, payload: bytes, within: float) -> None:
        """The pong to a ping must come in time, whatever frames come before it."""
        until = self._link.now() + within
        while True:
            event = self.event(max(until - self._link.now(), 0.0))
            if event is not None and event.kind is Kind.PONG and event.data == payload:
                return
            if self.ending:
                raise NotSeen("the target announced its end")
            if event is None or event.kind in (Kind.CLOSE, Kind.END):
                raise Violation(
                    f"a pong with the payload {payload!r} within {within:g} s",
                    show(event),
                    at=self._index(event),
                )

    def _index(self, event: Event | None) -> int | None:
        return None if event is None else self._link.index(event)

    def release(self) -> None:
        """Let go of the connection."""
        self._link.release()


def judge_passing(
    event: Event | None, seq: object, passing: frozenset[str] = PASSING_CODES
) -> None:
    """Raise DidNotInfer if this says that observation `seq` met with what may befall any."""
    tree = event.tree if event is not None else None
    is_error = tree is not None and tree.get("type") == "error" and tree.get("code") in passing
    if tree is not None and is_error and tree.get("seq") == seq:
        raise DidNotInfer(f"the target did not infer for observation {seq}: {show(event)}")


def _passing(frame_type: str, members: dict[str, Any]) -> frozenset[str]:
    """The codes that may come in the place of an answer, at no fault of anybody's."""
    code = members.get("code")
    if frame_type == "action_chunk" or code == "budget_exceeded":
        return PASSING_CODES - {code}
    # No inference is due here, so that none can fail; there may be too many requests all the same.
    is_sound = frame_type == "observation.dropped" or code == "duplicate_request"
    return frozenset({"rate_limited"} if is_sound else ())


def _is_unknown(event: Event) -> bool:
    """Whether a client has to ignore it; a client's own frame coming back is no such thing."""
    known = (*SERVER_FRAMES, *CLIENT_FRAMES)
    return event.frame_type is not None and event.frame_type not in known


def _describe(frame_type: str, members: dict[str, Any]) -> str:
    inner = ", ".join(f"{name} {json.dumps(value)}" for name, value in members.items())
    return f"{frame_type} with {inner}" if inner else frame_type


def show(event: Event | None) -> str:
    """What came, in a few words."""
    if event is None:
        return "nothing in the time given"
    if event.kind is Kind.CLOSE:
        return f"a Close with code {event.code}"
    if event.kind is Kind.END:
        return "the end of the connection without a Close"
    if event.tree is None:
        content = event.text if event.text is not None else event.data
        return f"a {event.kind} message that is no JSON object: {str(content)[:60]!r}"
    if event.frame_type == "error":
        code, message = event.tree.get("code"), str(event.tree.get("message"))[:100]
        place = f" at {event.tree['param']}" if event.tree.get("param") else ""
        return f"error {json.dumps(code)}{place}: {message!r}"
    text = event.text or ""
    return text if len(text) <= 120 else f"{text[:117]}..."
