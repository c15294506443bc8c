"""A connection out of a transcript: the same script, held against what was recorded."""

from __future__ import annotations

from collections import deque

from ..transcript import Event, Kind, Transcript, Way
from .link import WRONG_ACCEPT, LinkError, Request

GRACE_S = 0.05
"""Seconds that an event may be late on the tape and yet have been waited for.

The recording's clock stands still between two events, where the kit's own went on."""


class Diverged(Exception):
    """The script did something else than the transcript holds: it cannot be judged by it."""


class Tape:
    """A transcript being played back; its clock is that of the recording."""

    def __init__(self, transcript: Transcript, exact: bool = True) -> None:
        self.transcript = transcript
        self.exact = exact
        """Whether what is sent has to be, to the letter, what was sent then."""
        self.clock = 0.0
        self._channels = iter(transcript.by_channel().values())
        self._to_say = deque(i for i, e in enumerate(transcript.events) if e.way is Way.OUT)

    def link(self) -> RecordedLink:
        """The next connection of the recording. Raises Diverged if there was none."""
        events = next(self._channels, None)
        if events is None:
            raise Diverged("the script opens a connection that the transcript does not have")
        return RecordedLink(self, events)

    def advance(self, event: Event) -> None:
        """Let it be the time of an event."""
        self.clock = max(self.clock, event.at / 1e9)

    def said(self, index: int) -> None:
        """Note that the script has come to an event of its own."""
        if index in self._to_say:
            self._to_say.remove(index)

    def waits(self, index: int, until: float) -> bool:
        """Whether a script that waits until then got the event of this index by it."""
        at = self.transcript.events[index].at / 1e9
        spoke_first = bool(self._to_say) and self._to_say[0] < index
        return at <= until or (at <= until + GRACE_S and not spoke_first)


class RecordedLink:
    """One recorded connection."""

    def __init__(self, tape: Tape, events: list[tuple[int, Event]]) -> None:
        self._tape = tape
        self._out = deque(pair for pair in events if pair[1].way is Way.OUT)
        self._in = deque(pair for pair in events if pair[1].way is Way.IN)
        self._ended = False

    def now(self) -> float:
        """The transcript's clock, in seconds."""
        return self._tape.clock

    def connect(self, request: Request, within: float) -> Event:
        """Connect and shake hands; returns the response. Raises LinkError."""
        if self._out or not self._in:
            self._expect(Kind.HANDSHAKE)
        event = self._take() if self._in else None
        if event is None or event.kind is not Kind.HANDSHAKE:
            raise LinkError(_why(event) or "the recorded connection did not come about")
        if self._in and (why := _why(self._in[0][1])) == WRONG_ACCEPT:
            raise LinkError(why)
        return event

    def _take(self) -> Event:
        _, event = self._in.popleft()
        self._tape.advance(event)
        self._ended = self._ended or event.kind is Kind.END
        return event

    def _expect(self, kind: Kind) -> Event:
        if not self._out or self._out[0][1].kind is not kind:
            recorded = self._out[0][1].kind if self._out else "nothing"
            raise Diverged(f"the script sends {kind} where the transcript has {recorded}")
        index, event = self._out.popleft()
        self._tape.said(index)
        self._tape.advance(event)
        return event

    def put(self, kind: Kind, payload: str | bytes, *, flush: bool = True) -> None:
        """Send a message or a ping; with `flush=False` it leaves with the next."""
        event = self._expect(kind)
        sent = event.text if isinstance(payload, str) else event.data
        if self._tape.exact and sent != payload and event.frame_type != "session.close":
            raise Diverged(f"the script sends another {kind} than the transcript holds")

    def put_close(self, code: int | None) -> None:
        """Send a Close frame."""
        self._expect(Kind.CLOSE)

    def get(self, until: float) -> Event | None:
        """The next event from the peer, or None if none came before `until`."""
        if self._in and (self._ended or self._tape.waits(self._in[0][0], until)):
            return self._take()
        if not self._ended:
            self._tape.clock = max(self._tape.clock, until)
        return None

    def index(self, event: Event) -> int:
        """The event's place in the transcript."""
        return next(i for i, one in enumerate(self._tape.transcript.events) if one is event)

    def pause(self, until: float) -> None:
        """Let time pass without reading."""
        self._tape.clock = max(self._tape.clock, until)

    def abort(self) -> None:
        """End the connection with a reset."""
        if self._out and self._out[0][1].kind is Kind.END:
            self._expect(Kind.END)
        self._ended = True

    def release(self) -> None:
        """Let go of the connection."""
        self._ended = True


def _why(event: Event | None) -> str:
    """Why a connection ended, as far as it was noted."""
    return "" if event is None else str(event.info.get("detail", ""))
