"""How sessions end, and what keeps them."""

import pytest

from tests.reference_impl.action.serving import ABOUT, Talk, chunk, error


@pytest.fixture
def talk():
    talk = Talk(idle_timeout_ms=2000, answer_timeout_ms=60_000)
    talk.open()
    return talk


def announced(ms):
    return {"type": "session.closing", "reason": "shutdown", "time_left_ms": ms}


def shut(talk, seconds):
    talk.session.shutdown("shutdown", seconds, talk.now)
    return talk.hear()


@pytest.mark.parametrize("label", ["mine", None, 7])
def test_a_session_that_is_closed_owes_nothing(talk, label):
    talk.observe(0)
    job = talk.turn()
    talk.observe(1)
    assert talk.say({"type": "session.close", "session_id": label}) == []
    assert talk.session.close_code == 1000
    assert talk.finish(job) == []
    assert (talk.turn(), talk.session.next_deadline()) == (None, None)
    assert talk.observe(2) == []


def test_a_silent_session_ends(talk):
    assert talk.session.next_deadline() == talk.now + 2
    assert talk.wait(1.9) == []
    assert talk.wait(0.1) == [error("idle_timeout")]
    assert talk.session.close_code == 1001


@pytest.mark.parametrize("sign", ["ping", "frame", "answer"])
def test_any_sign_of_life_keeps_a_session(talk, sign):
    talk.now += 1.5
    if sign == "ping":
        talk.session.on_ping(talk.now)
    elif sign == "frame":
        talk.say("no JSON")
    else:
        talk.observe(0)
        talk.infer()
    assert talk.wait(1.9) == []
    assert talk.wait(0.1) == [error("idle_timeout")]


@pytest.mark.requirement("A-LIM-6")
def test_a_session_that_is_owed_an_answer_is_never_idle(talk):
    talk.observe(0)
    job = talk.turn()
    assert talk.wait(50) == []
    assert talk.session.close_code is None
    assert talk.finish(job) == [chunk(0)]
    assert talk.wait(1.9) == []
    assert talk.wait(0.1) == [error("idle_timeout")]


@pytest.mark.requirement("A-CLOSE-6")
def test_an_ended_connection_holds_nothing(talk):
    talk.observe(0, request_id="r")
    talk.infer()
    talk.observe(1)
    job = talk.turn()
    talk.observe(2)
    talk.session.disconnected()
    session = talk.session
    assert [len(held) for held in (session.slots, session.waiting, session.chunks)] == [0, 0, 0]
    assert talk.finish(job) == []
    assert (len(session.running), session.has_work, session.next_deadline()) == (0, False, None)


def test_a_planned_end_is_announced_and_what_is_owed_is_answered_first(talk):
    talk.observe(0)
    job = talk.turn()
    assert shut(talk, 5) == [announced(5000)]
    assert talk.observe(1) == []
    assert talk.session.close_code is None
    assert talk.finish(job) == [chunk(0), error("shutting_down", seq=1)]
    assert talk.session.close_code == 1001


def test_after_the_announcement_what_is_wrong_in_itself_earns_what_it_always_does(talk):
    talk.observe(0, request_id="r")
    talk.infer()
    talk.observe(1)
    job = talk.turn()
    shut(talk, 5)
    talk.observe(1)
    talk.observe(2, state=[])
    talk.observe(3, request_id="r")
    assert talk.finish(job) == [
        chunk(1),
        error("out_of_order", param="/seq", seq=1),
        error("invalid_observation", param="/state", seq=2),
        error("shutting_down", seq=3, request_id="r"),
    ]


def test_a_planned_end_comes_at_once_where_nothing_is_owed(talk):
    assert shut(talk, 5) == [announced(5000)]
    assert talk.session.close_code == 1001


def test_what_cannot_be_answered_in_the_announced_time_fails(talk):
    talk.observe(0)
    talk.turn()
    talk.observe(1)
    shut(talk, 5)
    assert talk.wait(4.9) == []
    assert talk.wait(0.1) == [
        error("inference_failed", seq=0),
        error("inference_failed", seq=1),
    ]
    assert talk.session.close_code == 1001


def test_an_end_without_grace_still_answers(talk):
    talk.observe(0)
    assert shut(talk, 0) == [announced(0), error("inference_failed", seq=0)]
    assert talk.session.close_code == 1001


def test_a_second_announcement_changes_nothing(talk):
    talk.observe(0)
    shut(talk, 5)
    assert shut(talk, 1) == []


def test_an_unopened_connection_is_just_closed_at_a_planned_end():
    talk = Talk()
    assert shut(talk, 5) == []
    assert talk.session.close_code == 1001


def test_who_waits_for_the_policy_is_sent_away_at_a_planned_end():
    talk = Talk(None)
    talk.say({"type": "session.open", "prompt": "p", "capabilities": ["status"]})
    assert shut(talk, 5) == [error("unavailable", retry_after_ms=5000)]
    assert talk.session.close_code == 1013


def test_an_abort_ends_at_once(talk):
    talk.observe(0)
    talk.session.abort()
    assert talk.session.close_code == 1001


def test_a_defect_of_ours_is_owned_up_to(talk):
    talk.observe(0)
    talk.session.on_defect()
    assert talk.hear() == [error("internal")]
    assert talk.session.close_code == 1011


def test_a_loaded_policy_does_not_open_what_is_over():
    talk = Talk(None)
    talk.say({"type": "session.open", "prompt": "p"})
    talk.hear()
    talk.session.loaded(ABOUT, talk.now)
    assert talk.hear() == []
