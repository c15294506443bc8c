"""Hold the conversation of a plan: send, wait where the plan waits, and end with a fence.

Nothing is judged here. A fence is a sound observation after everything else: its answer proves
that what has no answer by then was passed over, without waiting for a clock.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from random import Random
from typing import Any

from risp.protocol.action.codec import decode_client
from risp.protocol.action.limits import CLOSE_WITHIN_S, OPEN_ANSWER_S
from risp.protocol.action.session import State
from risp.protocol.errors import DecodeError

from ..check import HANDSHAKE_S, Case
from ..conversation import is_aside
from ..peers.link import Link, LinkError
from ..peers.websocket import SLACK_S, STEP_S, KitError, OutOfTime
from ..subject import Subject
from ..transcript import Event, Kind, Transcript
from ..verdict import NotSeen
from .plan import SPOILT, End, Observe, Open, Plan, Spoilt, Step, after, open_frame

STRIDE = 100
"""The first `seq` of a connection is so many times its number: an answer shows whose it is."""
LEAST_PATIENCE_S, MOST_PATIENCE_S = 0.05, 1.0
PATIENT_FOR = 25
"""So many times the slowest answer so far is an answer waited for before a fence is sent."""


@dataclass
class _Line:
    """One connection while its conversation is held."""

    link: Link
    number: int
    state: State = State.NEW
    seq: int = -1
    owed: int = 0
    """Replies that are still to come."""
    is_gone: bool = False
    is_stuck: bool = False
    """Whether something that is owed will not come any more."""
    latest: bool = False
    in_burst: bool = False
    """Whether what is sent now is to leave together with what follows."""


@dataclass
class Player:
    """Holds plans on one target."""

    case: Case
    slowest_s: float = 0.004
    """The longest time that an answer took so far."""
    fastest_s: float = math.inf
    """The shortest time that one took so far."""
    held: int = 0
    """How many conversations were held."""
    _lines: dict[int, _Line] = field(default_factory=dict[int, _Line])
    _record: Transcript = field(default_factory=lambda: Transcript(""))

    @property
    def _subject(self) -> Subject:
        return self.case.subject

    @property
    def patience_s(self) -> float:
        """Seconds that a reply is waited for before a fence follows."""
        return min(max(PATIENT_FOR * self.slowest_s, LEAST_PATIENCE_S), MOST_PATIENCE_S)

    def hold(self, plan: Plan) -> Transcript:
        """Hold one conversation; raises NotSeen if the target cannot be reached or goes away."""
        of = self.case.transcript
        self._record = Transcript(of.check, of.seed, of.target)
        self._lines = {}
        self.held += 1
        try:
            for step, following in zip(plan, (*plan[1:], None), strict=True):
                if self.case.clock() > self.case.deadline:
                    raise OutOfTime
                line = self._lines.get(step.channel) or self._connect(step.channel)
                if (line.is_gone or line.is_stuck) and not isinstance(step.act, End):
                    break  # The conversation has shown what it can.
                line.in_burst = line.state is State.OPEN and _is_burst(step, following)
                self._do(line, step)
            for line in self._lines.values():
                self._finish(line)
        finally:
            for line in self._lines.values():
                line.link.release()
        return self._record

    def _connect(self, number: int) -> _Line:
        link = self.case.open_link(self._record, number)
        line = self._lines[number] = _Line(link, number, seq=STRIDE * number - 1)
        try:
            event = link.connect(self._subject.handshake(None, self._subject.key), HANDSHAKE_S)
        except LinkError as error:
            raise NotSeen(f"no connection: {error}") from None
        if event.info["status"] != 101:
            raise NotSeen(f"the handshake was answered with status {event.info['status']}")
        return line

    # Sending

    def _do(self, line: _Line, step: Step) -> None:
        act, before = step.act, line.state
        line.state = after(before, act)
        match act:
            case Open():
                line.latest = line.latest or act.latest
                self._put(line, json.dumps(open_frame(act, self._subject), separators=(",", ":")))
            case Observe():
                self._put(line, json.dumps(self._observation(line, act), separators=(",", ":")))
            case Spoilt():
                rule, spoil = SPOILT[act.earns]
                text = spoil(self._observation(line, Observe()))
                self._put(line, text, act.earns, {"earns": act.earns, "rule": rule.id})
            case End():
                self._end(line, act)
        if line.is_gone:
            return
        if before is State.NEW and line.state is State.OPEN:
            self._read(line, OPEN_ANSWER_S + SLACK_S)  # A-CLIENT-13: nothing else until then
        elif step.waits or before is State.NEW:
            self._await(line)  # Who waits for `session.ready` takes the next frame for it.

    def _observation(self, line: _Line, act: Observe) -> dict[str, Any]:
        # Named for the conversation, so that what a target remembers of others cannot meddle.
        request = None if act.request is None else f"{act.request}{self.held}"
        members: dict[str, Any] = {"request_id": request, "prompt": act.prompt}
        if act.seq == "next":
            line.seq += 1
            seq = line.seq
        else:
            seq = max(line.seq - (act.seq == "lower"), 0)
        return self._subject.observation(seq, Random(f"state {act.state}"), **members)

    def _put(
        self, line: _Line, text: str, earns: str | None = None, info: dict[str, Any] | None = None
    ) -> None:
        """Send a frame; KitError if our own codec finds another fault in it than is meant."""
        code: str | None = None
        try:
            decode_client(text)
        except DecodeError as error:
            code = error.code
        if code != earns:
            raise KitError(f"meant to earn {earns}, and earns {code}: {text[:200]}")
        line.owed += 1
        at = len(self._record.events)
        line.link.put(Kind.TEXT, text, flush=not line.in_burst)
        if info and at < len(self._record.events):
            self._record.events[at].info.update(info)

    def _end(self, line: _Line, act: End) -> None:
        line.owed = 1
        if act.how == "session.close":
            line.link.put(Kind.TEXT, '{"type":"session.close"}')
        elif act.how == "close":
            line.link.put_close(1000)
        else:
            line.link.abort()
            line.is_gone = True

    # Reading

    def _await(self, line: _Line) -> None:
        """Read until nothing is owed, the connection has ended, or the time is over."""
        if line.state is State.CLOSED:
            # What was owed before may come or not; the end of the connection is what is owed now.
            # A target that is known to break something is not given more than its due.
            within = CLOSE_WITHIN_S if self.case.broken else STEP_S
            self._read(line, within + SLACK_S, to_the_end=True)
        elif line.state is State.NEW or line.latest:
            self._read(line, STEP_S if line.state is State.NEW else self._answer_s)
        elif not self._read(line, self.patience_s):
            self._fence(line)

    @property
    def _answer_s(self) -> float:
        return max(self._subject.answer_s, OPEN_ANSWER_S) + SLACK_S

    def _fence(self, line: _Line) -> None:
        """Send sound observations until one is answered; what is owed then is missing."""
        # The first fence may be what is lost; the second is given all the time there is.
        for within in (self.patience_s, self._answer_s):
            if line.is_gone:
                return
            line.in_burst = False
            frame = self._observation(line, Observe())
            self._put(line, json.dumps(frame, separators=(",", ":")), None, {"fence": True})
            if self._read(line, within, upto=frame["seq"]):
                break
        if line.owed:
            self._read(line, self.patience_s)
        # What is missing is missing: the judge will say what.
        line.is_stuck = line.owed > 0

    def _read(
        self, line: _Line, within: float, upto: int | None = None, to_the_end: bool = False
    ) -> bool:
        started = line.link.now()
        until = started + within
        while not line.is_gone and (line.owed > 0 or to_the_end):
            event = line.link.get(until)
            if event is None:
                return False
            self._take(line, event, started)
            if upto is not None and (event.tree or {}).get("seq") == upto:
                return True  # Whatever is owed still was passed over.
        return True

    def _take(self, line: _Line, event: Event, asked: float) -> None:
        if event.kind in (Kind.CLOSE, Kind.END):
            line.is_gone = True
            line.owed = 0
            return
        tree = event.tree or {}
        if event.frame_type == "session.closing" or tree.get("code") == "unavailable":
            raise NotSeen("the target announced its end, or sent the kit away")
        if tree.get("fatal") is True:
            line.state = State.CLOSED
        is_reply = event.frame_type in _REPLIES and not is_aside(tree)
        if event.kind is Kind.TEXT and (is_reply or event.tree is None):
            line.owed -= 1
            took = line.link.now() - asked
            self.slowest_s = max(self.slowest_s, min(took, 1.0))
            if event.frame_type == "action_chunk":
                self.fastest_s = min(self.fastest_s, took)

    def _finish(self, line: _Line) -> None:
        """Prove that nothing is missing, and end the session as it should be ended."""
        if line.is_gone:
            return
        if line.state is State.OPEN:
            if line.latest:
                self._read(line, self._answer_s)
            if not line.is_stuck:
                self._fence(line)
            if not line.is_gone:
                self._do(line, Step(line.number, End()))
        elif line.state is State.NEW:
            self._do(line, Step(line.number, End("close")))
        else:
            self._await(line)


def _is_burst(step: Step, following: Step | None) -> bool:
    """Whether a message goes out in one segment with the next, so that both are there at once."""
    return (
        not step.waits
        and following is not None
        and following.channel == step.channel
        and not isinstance(following.act, End)
    )


_REPLIES = frozenset({"session.ready", "action_chunk", "observation.dropped", "error"})
