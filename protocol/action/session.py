"""One session as a table, and the walker that keeps its books on either side.

1. The table has no role in it: a frame knows its sender.
2. What a single frame cannot show is in the books: which observations are unanswered, and how far
   `seq` has come.
3. Nothing is sent here and no clock is read. Who breaks a rule is told by the type of the
   exception: LocalProtocolError for our side, RemoteProtocolError for the peer's.
"""

from __future__ import annotations

from enum import StrEnum

from ..errors import LocalProtocolError, RemoteProtocolError
from ..frame import Frame
from ..machine import Machine, Row, Sender
from .frames import (
    ActionChunk,
    Error,
    Observation,
    ObservationDropped,
    SessionClose,
    SessionClosing,
    SessionOpen,
    SessionReady,
    SessionStatus,
)
from .requirements import closing, error, observation, opening, queue

FATAL, NOT_FATAL = "fatal", "not fatal"
"""The two cases of an `error`, as `Error.case` names them."""


class State(StrEnum):
    """How far a session has come."""

    NEW = "new"
    """Connected; nothing is opened."""
    OPENING = "opening"
    """`session.open` is on its way or being worked on."""
    OPEN = "open"
    """Observations are taken."""
    CLOSING = "closing"
    """The server has announced its end."""
    CLOSED = "closed"
    """Nothing more is sent."""


_S = State
TABLE: Machine[State] = Machine(
    State.NEW,
    [
        Row(_S.NEW, SessionOpen.as_move(), _S.OPENING, opening.ANSWER_OPEN),
        Row(_S.NEW, Error.as_move(NOT_FATAL), _S.NEW, opening.STILL_UNOPENED),
        Row(_S.NEW, Error.as_move(FATAL), _S.CLOSED, opening.OPEN_FIRST),
        Row(_S.OPENING, SessionStatus.as_move(), _S.OPENING, opening.STATUS_WHILE_LOADING),
        Row(_S.OPENING, SessionReady.as_move(), _S.OPEN, opening.ANSWER_OPEN),
        Row(_S.OPENING, SessionClose.as_move(), _S.CLOSED, closing.CLOSE),
        Row(_S.OPENING, Error.as_move(FATAL), _S.CLOSED, error.FATAL_CLOSES),
        Row(_S.OPEN, Observation.as_move(), _S.OPEN, observation.ONE_ANSWER),
        Row(_S.OPEN, ActionChunk.as_move(), _S.OPEN, observation.ONE_ANSWER),
        Row(_S.OPEN, ObservationDropped.as_move(), _S.OPEN, queue.SUPERSEDE),
        Row(_S.OPEN, Error.as_move(NOT_FATAL), _S.OPEN, error.LIVES_ON),
        Row(_S.OPEN, Error.as_move(FATAL), _S.CLOSED, error.FATAL_CLOSES),
        Row(_S.OPEN, SessionClosing.as_move(), _S.CLOSING, closing.ANNOUNCE),
        Row(_S.OPEN, SessionClose.as_move(), _S.CLOSED, closing.CLOSE),
        Row(_S.CLOSING, Observation.as_move(), _S.CLOSING, closing.REFUSE_NEW),
        Row(_S.CLOSING, ActionChunk.as_move(), _S.CLOSING, closing.ANSWER_BEFORE_END),
        Row(_S.CLOSING, ObservationDropped.as_move(), _S.CLOSING, closing.ANSWER_BEFORE_END),
        Row(_S.CLOSING, Error.as_move(NOT_FATAL), _S.CLOSING, closing.ANSWER_BEFORE_END),
        Row(_S.CLOSING, Error.as_move(FATAL), _S.CLOSED, error.FATAL_CLOSES),
        Row(_S.CLOSING, SessionClose.as_move(), _S.CLOSED, closing.CLOSE),
    ],
)
"""Every legal move of a session. A Close frame, by either side, ends it from any state."""


class Session:
    """The books of one session, kept by one side.

    Feed it every frame that is sent or received, in order. It raises LocalProtocolError or
    RemoteProtocolError, and stays as it was, for a frame that may not come now; `code` is the
    error that a server owes for it.
    """

    def __init__(self, side: Sender) -> None:
        self.side = side
        self.state = TABLE.initial
        self.fifo = True
        """Whether answers come in the order of the observations."""
        self.unanswered: dict[int, None] = {}
        """The `seq` of observations without an answer, in order; pictures are not kept for it."""
        self.last_seq = -1
        """The greatest `seq` so far."""

    def advance(self, frame: Frame) -> State:
        """Take one frame by either side into the books; returns the state after it."""
        row = TABLE.find(self.state, frame.move)
        if row is None:
            raise self._blame(frame, _refusal(self.state, frame), f"not in state {self.state}")
        match frame:
            case Observation():
                if frame.seq <= self.last_seq:
                    raise self._blame(
                        frame, "out_of_order", f"seq {frame.seq} after {self.last_seq}", "/seq"
                    )
                self.last_seq = frame.seq
                self.unanswered[frame.seq] = None
            case ActionChunk() | ObservationDropped():
                self._answer(frame, frame.seq)
            case Error() if frame.seq is not None and frame.seq in self.unanswered:
                self._answer(frame, frame.seq)
            case SessionReady():
                self.fifo = frame.queue != "latest"
            case _:
                pass
        self.state = row.target
        if self.state is State.CLOSED:
            self.unanswered.clear()
        return self.state

    def end(self) -> None:
        """The connection has ended, by whichever side: nothing is owed any more."""
        self.state = State.CLOSED
        self.unanswered.clear()

    def _answer(self, frame: Frame, seq: int | None) -> None:
        if not self.unanswered:
            raise self._blame(frame, "internal", "an answer where none is owed")
        oldest = next(iter(self.unanswered))
        # Deployed servers may answer without `seq`; then the position says which one is meant.
        due = oldest if seq is None else seq
        if due not in self.unanswered:
            raise self._blame(
                frame, "internal", f"an answer to {due}, which is not owed one", "/seq"
            )
        if self.fifo and due != oldest:
            raise self._blame(frame, "internal", f"an answer to {due} before {oldest}", "/seq")
        del self.unanswered[due]

    def _blame(
        self, frame: Frame, code: str, message: str, pointer: str = ""
    ) -> LocalProtocolError | RemoteProtocolError:
        kind = LocalProtocolError if frame.sender is self.side else RemoteProtocolError
        return kind(code, f"{frame.move}: {message}", pointer=pointer)


def _refusal(state: State, frame: Frame) -> str:
    """The error code that a frame earns by coming in a state that has no row for it."""
    if frame.sender is Sender.CLIENT:
        if state is State.NEW:
            return "not_open"
        if isinstance(frame, SessionOpen):
            return "already_open"
    return "internal"
