"""The walker: order, pairing and blame, the same on both sides."""

from collections.abc import Callable

import pytest

from risp.protocol.action.frames import (
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
from risp.protocol.action.session import TABLE, Session, State
from risp.protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from risp.protocol.frame import Frame
from risp.protocol.machine import Move, Sender

OPEN = SessionOpen(prompt="p")
READY = SessionReady(session_id="s" * 16)
LATEST = SessionReady(session_id="s" * 16, queue="latest")
SIDES = [Sender.CLIENT, Sender.SERVER]


def see(seq: int) -> Observation:
    return Observation(seq=seq, state=[0.0])


def chunk(seq: int | None = None) -> ActionChunk:
    return ActionChunk(seq=seq, actions=[[0.0]])


def refuse(seq: int | None = None, code: str = "invalid_observation") -> Error:
    return Error(code=code, message="m", seq=seq)


def dropped(seq: int) -> ObservationDropped:
    return ObservationDropped(seq=seq, reason="superseded")


FATAL = Error(code="internal", message="m", fatal=True)
CLOSING = SessionClosing(reason="shutdown", time_left_ms=1)


def walk(side: Sender, *frames: Frame) -> Session:
    session = Session(side)
    for frame in frames:
        session.advance(frame)
    return session


LEGAL: list[tuple[list[Frame], State]] = [
    ([], State.NEW),
    ([OPEN], State.OPENING),
    ([refuse(), OPEN, READY], State.OPEN),
    ([OPEN, SessionStatus(state="loading"), SessionStatus(state="warming"), READY], State.OPEN),
    ([OPEN, FATAL], State.CLOSED),
    ([OPEN, SessionClose()], State.CLOSED),
    ([FATAL], State.CLOSED),
    ([OPEN, READY, see(0), chunk(0), see(7), refuse(7)], State.OPEN),
    ([OPEN, READY, see(0), see(1), chunk(), chunk()], State.OPEN),
    ([OPEN, READY, see(0), refuse(code="bad_frame"), chunk(0)], State.OPEN),
    ([OPEN, LATEST, see(0), see(1), see(2), dropped(1), chunk(2), chunk(0)], State.OPEN),
    ([OPEN, READY, see(0), CLOSING, see(1), chunk(0), refuse(1)], State.CLOSING),
    ([OPEN, READY, see(0), SessionClose()], State.CLOSED),
    ([OPEN, READY, see(0), FATAL], State.CLOSED),
]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("frames", "state"), LEGAL)
def test_a_legal_conversation_is_accepted_by_both_sides(side, frames, state):
    assert walk(side, *frames).state is state


ILLEGAL: list[tuple[list[Frame], Frame, str]] = [
    ([], see(0), "not_open"),
    ([], SessionClose(), "not_open"),
    ([], READY, "internal"),
    ([OPEN], OPEN, "already_open"),
    ([OPEN], chunk(), "internal"),
    ([OPEN, READY], OPEN, "already_open"),
    ([OPEN, READY], READY, "internal"),
    ([OPEN, READY], SessionStatus(state="loading"), "internal"),
    ([OPEN, READY, see(3)], see(3), "out_of_order"),
    ([OPEN, READY, see(3), chunk(3)], see(2), "out_of_order"),
    ([OPEN, READY], chunk(0), "internal"),
    ([OPEN, READY, see(0), chunk(0)], chunk(0), "internal"),
    ([OPEN, READY, see(0), refuse(0)], chunk(0), "internal"),
    ([OPEN, READY, see(0)], chunk(1), "internal"),
    ([OPEN, READY, see(0), see(1)], chunk(1), "internal"),
    ([OPEN, READY, see(0), see(1)], refuse(1), "internal"),
    ([OPEN, READY, see(0), see(1)], dropped(1), "internal"),
    ([OPEN, READY, CLOSING], CLOSING, "internal"),
    ([OPEN, READY, SessionClose()], see(0), "internal"),
    ([OPEN, READY, FATAL], chunk(0), "internal"),
]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("before", "frame", "code"), ILLEGAL)
def test_an_illegal_frame_is_blamed_on_its_sender_and_changes_nothing(side, before, frame, code):
    session = walk(side, *before)
    books = (session.state, dict(session.unanswered), session.last_seq)
    blamed = LocalProtocolError if frame.sender is side else RemoteProtocolError
    with pytest.raises(ProtocolError) as caught:
        session.advance(frame)
    assert type(caught.value) is blamed
    assert caught.value.code == code
    assert books == (session.state, session.unanswered, session.last_seq)


def test_an_error_about_no_pending_observation_answers_none():
    session = walk(Sender.CLIENT, OPEN, READY, see(5), refuse(4, "out_of_order"), refuse())
    assert list(session.unanswered) == [5]


@pytest.mark.parametrize("last", [FATAL, SessionClose()])
def test_the_end_of_a_session_ends_what_is_owed(last):
    assert walk(Sender.SERVER, OPEN, READY, see(0), last).unanswered == {}


def test_the_end_of_a_connection_ends_what_is_owed():
    session = walk(Sender.SERVER, OPEN, READY, see(0))
    session.end()
    assert (session.state, session.unanswered) == (State.CLOSED, {})


SAMPLES: dict[str, Callable[[], Frame]] = {
    "session.open": lambda: OPEN,
    "session.ready": lambda: READY,
    "session.status": lambda: SessionStatus(state="loading"),
    "session.close": SessionClose,
    "session.closing": lambda: CLOSING,
    "observation": lambda: see(9),
    "action_chunk": lambda: chunk(0),
    "observation.dropped": lambda: dropped(0),
    "error": refuse,
}
WAY: dict[State, list[Frame]] = {
    State.NEW: [],
    State.OPENING: [OPEN],
    State.OPEN: [OPEN, READY, see(0)],
    State.CLOSING: [OPEN, READY, see(0), CLOSING],
    State.CLOSED: [OPEN, READY, SessionClose()],
}


def sample(move: Move) -> Frame:
    return FATAL if move.case == "fatal" else SAMPLES[move.frame]()


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", TABLE.moves, ids=str)
def test_the_walker_takes_exactly_the_moves_of_the_table(state, move):
    session = walk(Sender.CLIENT, *WAY[state])
    assert session.state is state
    row = TABLE.find(state, move)
    if row is None:
        with pytest.raises(ProtocolError):
            session.advance(sample(move))
    else:
        assert session.advance(sample(move)) is row.target
