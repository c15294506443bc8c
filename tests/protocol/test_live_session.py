"""The three tables of the live profile: reachable, ended as they have to, named on both wires."""

from typing import Any, get_args

import pytest

from risp.protocol.live.bodies import HostedState, LocalState
from risp.protocol.live.http import END_SESSION, ENDPOINTS, RESTART_SESSION
from risp.protocol.live.profile import LIVE
from risp.protocol.live.session import (
    CLIENT_TABLE,
    CONNECTED,
    CONNECTION_TABLE,
    ENDED,
    GONE,
    HOSTED,
    LOCAL,
    OFFER,
    STARTS,
    STOPS,
    TABLE,
    WINDOW_OVER,
    Link,
    State,
    Status,
)
from risp.protocol.machine import Machine

every_table = pytest.mark.parametrize("table", LIVE.machines.values(), ids=list(LIVE.machines))


def reached(table: Machine[Any]) -> set[Any]:
    found, rest = set(), [table.initial]
    while rest:
        state = rest.pop()
        if state not in found:
            found.add(state)
            rest += [row.target for row in table.rows if row.source == state]
    return found


@every_table
def test_every_state_is_reached_and_every_move_starts_in_one(table: Machine[Any]):
    assert reached(table) == set(type(table.initial))
    assert {row.source for row in table.rows} <= reached(table)


def test_the_profile_has_the_three_tables():
    assert LIVE.machines == {
        "session": TABLE,
        "connection": CONNECTION_TABLE,
        "client": CLIENT_TABLE,
    }


def test_a_session_can_be_deleted_from_every_state_and_leaves_closed_by_nothing():
    for state in set(State) - {State.CLOSED}:
        row = TABLE.find(state, END_SESSION.move)
        assert row is not None
        assert row.target is State.CLOSED
    assert [row for row in TABLE.rows if row.source is State.CLOSED] == []


def test_only_a_session_with_a_place_is_restarted_and_stays_what_it_was():
    sources = [row for row in TABLE.rows if row.move == RESTART_SESSION.move]
    assert {row.source for row in sources} == {State.ACTIVE, State.ORPHANED}
    assert all(row.target is row.source for row in sources)


@pytest.mark.parametrize(
    ("moves", "state"),
    [
        ([], State.ACTIVE),
        ([CONNECTED], State.ACTIVE),
        ([CONNECTED, GONE], State.ORPHANED),
        ([CONNECTED, GONE, CONNECTED], State.ACTIVE),
        ([CONNECTED, GONE, WINDOW_OVER], State.CLOSED),
        ([WINDOW_OVER], State.CLOSED),
        ([CONNECTED, ENDED], State.CLOSED),
    ],
)
def test_what_becomes_of_a_session_that_has_a_place(moves, state):
    now = State.ACTIVE
    for move in moves:
        row = TABLE.find(now, move)
        assert row is not None, move
        now = row.target
    assert now is state


def test_an_offer_is_taken_in_every_state_of_a_connection():
    for link in Link:
        row = CONNECTION_TABLE.find(link, OFFER)
        assert row is not None
        assert row.target is Link.OFFERED


def test_a_client_goes_back_to_disconnected_from_everywhere():
    for status in set(Status) - {Status.DISCONNECTED}:
        targets = {row.target for row in CLIENT_TABLE.rows if row.source is status}
        assert Status.DISCONNECTED in targets


def test_every_state_has_a_word_on_both_wires():
    assert set(HOSTED) == set(LOCAL) == set(State)
    assert set(HOSTED.values()) <= set(get_args(HostedState))
    assert set(LOCAL.values()) <= set(get_args(LocalState))


def test_moves_that_look_like_requests_are_endpoints():
    known = {one.move for one in ENDPOINTS}
    moves = [row.move for machine in LIVE.machines.values() for row in machine.rows]
    requests = {move for move in moves if " /" in move.frame}
    assert requests
    assert requests <= known
    assert all(one in ENDPOINTS for one in (*STARTS, *STOPS))


@every_table
def test_a_move_that_names_a_message_names_one_of_the_profile(table: Machine[Any]):
    named = {row.move.frame for row in table.rows if row.move.frame.startswith("runtime.")}
    assert named <= set(LIVE.frames)
