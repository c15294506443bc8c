"""A table of moves: what it refuses, what it answers, how it is drawn."""

from enum import StrEnum

import pytest

from risp.protocol.action.session import TABLE, State
from risp.protocol.machine import Machine, Move, Row, Sender
from risp.protocol.requirement import Requirement

WHY = Requirement("T-TEST-1", "A door MUST open.")
PUSH = Move("push", Sender.CLIENT)
CREAK = Move("creak", Sender.SERVER, "loud")
SHUT_IT = Move("shut", Sender.CLIENT)


class Door(StrEnum):
    SHUT = "shut"
    OPEN = "open"
    GONE = "gone"


DOOR = Machine(
    Door.SHUT,
    [
        Row(Door.SHUT, PUSH, Door.OPEN, WHY),
        Row(Door.OPEN, CREAK, Door.OPEN, WHY),
        Row(Door.OPEN, PUSH, Door.OPEN, WHY),
        Row(Door.OPEN, SHUT_IT, Door.GONE, WHY),
    ],
)


def test_two_rows_of_one_source_and_move_are_refused():
    twice = [Row(Door.SHUT, PUSH, Door.OPEN, WHY), Row(Door.SHUT, PUSH, Door.GONE, WHY)]
    with pytest.raises(ValueError, match="two rows share a source and a move"):
        Machine(Door.SHUT, twice)


def test_a_move_is_found_by_source_frame_sender_and_case():
    row = DOOR.find(Door.OPEN, CREAK)
    assert row is not None
    assert row.target is Door.OPEN
    assert DOOR.find(Door.SHUT, CREAK) is None
    assert DOOR.find(Door.OPEN, Move("creak", Sender.SERVER)) is None
    assert DOOR.find(Door.OPEN, Move("creak", Sender.CLIENT, "loud")) is None


def test_legal_and_illegal_moves_split_what_a_side_can_do():
    assert DOOR.legal(Door.SHUT, Sender.CLIENT) == (PUSH,)
    assert DOOR.illegal(Door.SHUT, Sender.CLIENT) == (SHUT_IT,)
    assert DOOR.legal(Door.SHUT, Sender.SERVER) == ()
    assert DOOR.illegal(Door.SHUT, Sender.SERVER) == (CREAK,)
    assert DOOR.illegal(Door.GONE, Sender.CLIENT) == (PUSH, SHUT_IT)


def test_the_diagram_shows_every_move_and_one_arrow_per_pair_of_states():
    assert DOOR.mermaid() == (
        "stateDiagram-v2\n"
        "    [*] --> shut\n"
        "    shut --> open: C: push\n"
        "    open --> open: S: creak (loud)<br>C: push\n"
        "    open --> gone: C: shut\n"
        "    gone --> [*]\n"
    )


def test_every_state_of_a_session_can_be_reached_and_left():
    reached, new = set(), {TABLE.initial}
    while new:
        reached |= new
        new = {row.target for row in TABLE.rows if row.source in reached} - reached
    assert reached == set(State)
    assert {row.source for row in TABLE.rows} == set(State) - {State.CLOSED}


def test_the_diagram_of_a_session_draws_every_row():
    drawn = TABLE.mermaid()
    for row in TABLE.rows:
        arrow = next(
            line for line in drawn.splitlines() if f"{row.source} --> {row.target}:" in line
        )
        assert f"{row.move.sender[0].upper()}: {row.move}" in arrow
