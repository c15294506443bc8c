"""A connection out of a transcript: the same script, held against what was recorded."""

from __future__ import annotations

from ..transcript import Event, Kind, Transcript, Way
from .link import LinkError, Request


class Diverged(Exception):
    """The script did something else than the transcript holds: it cannot be judged by it."""


class Tape:
    """A transcript being played back; its clock is that of the recording."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.clock = 0.0
        self._channels = iter(transcript.channels)

    def link(self) -> RecordedLink:
        """The next connection of the recording. Raises Diverged if there was none."""
        number = next(self._channels, None)
        if number is None:
            raise Diverged("the script opens a connection that the transcript does not have")
        return RecordedLink(self, [event for _, event in self.transcript.channel(number)])


class RecordedLink:
    """One recorded connection."""

    def __init__(self, tape: Tape, events: list[Event]) -> None:
        self._tape = tape
        self._out = [event for event in events if event.way is Way.OUT]
        self._in = [event for event in events if event.way is Way.IN]

    def now(self) -> float:
        """The transcript's clock, in seconds."""
        return self._tape.clock

    def _advance(self, event: Event) -> None:
        self._tape.clock = max(self._tape.clock, event.at / 1e9)

    def connect(self, request: Request, within: float) -> Event:
        """Connect and shake hands; returns the response. Raises LinkError."""
        self._expect(Kind.HANDSHAKE)
        event = self._in.pop(0) if self._in else None
        if event is None or event.kind is not Kind.HANDSHAKE:
            detail = "" if event is None else str(event.info.get("detail", ""))
            raise LinkError(detail or "the recorded connection did not come about")
        self._advance(event)
        return event

    def _expect(self, kind: Kind) -> Event:
        if not self._out or self._out[0].kind is not kind:
            recorded = self._out[0].kind if self._out else "nothing"
            raise Diverged(f"the script sends {kind} where the transcript has {recorded}")
        event = self._out.pop(0)
        self._advance(event)
        return event

    def put(self, kind: Kind, payload: str | bytes, *, flush: bool = True) -> None:
        """Send a message or a ping; with `flush=False` it leaves with the next."""
        event = self._expect(kind)
        sent = event.text if isinstance(payload, str) else event.data
        if sent != payload and event.frame_type != "session.close":
            raise Diverged(f"the script sends another {kind} than the transcript holds")

    def put_close(self, code: int | None) -> None:
        """Send a Close frame."""
        self._expect(Kind.CLOSE)

    def get(self, until: float) -> Event | None:
        """The next event from the peer, or None if none came before `until`."""
        if not self._in or self._in[0].at / 1e9 > until:
            self._tape.clock = max(self._tape.clock, until)
            return None
        event = self._in.pop(0)
        self._advance(event)
        return event

    def index(self, event: Event) -> int:
        """The event's place in the transcript."""
        return next(i for i, one in enumerate(self._tape.transcript.events) if one is event)

    def pause(self, until: float) -> None:
        """Let time pass without reading."""
        self._tape.clock = max(self._tape.clock, until)

    def abort(self) -> None:
        """End the connection with a reset."""
        if self._out and self._out[0].kind is Kind.END:
            self._advance(self._out.pop(0))

    def release(self) -> None:
        """Let go of the connection."""
