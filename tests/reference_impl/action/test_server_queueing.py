"""Queue modes, ages, and requests that come again."""

import pytest

from tests.reference_impl.action.serving import ROWS, Talk, chunk, error

OTHER = [[9.5, 9.5]]


def dropped(seq, reason, **members):
    return {"type": "observation.dropped", "seq": seq, "reason": reason, **members}


@pytest.fixture
def talk():
    talk = Talk()
    talk.open(capabilities=["max_age"])
    return talk


@pytest.fixture
def newest():
    talk = Talk()
    talk.open(queue="latest")
    return talk


def test_in_latest_the_newest_wins_and_the_overtaken_one_hears_at_once(newest):
    newest.observe(0)
    running = newest.turn()
    assert newest.observe(1, request_id="r") == []
    assert newest.observe(2) == [dropped(1, "superseded", request_id="r")]
    assert newest.finish(running) == [chunk(0)]
    assert newest.infer() == [chunk(2)]


def test_in_latest_one_inference_runs_at_a_time(newest):
    newest.observe(0)
    running = newest.turn()
    newest.observe(1)
    assert newest.session.has_work is False
    assert newest.turn() is None
    newest.finish(running)
    assert newest.session.has_work is True


def test_in_latest_a_refusal_does_not_wait_and_does_not_overtake(newest):
    newest.observe(0)
    running = newest.turn()
    newest.observe(1)
    assert newest.observe(2, state=[]) == [error("invalid_observation", param="/state", seq=2)]
    newest.finish(running)
    assert newest.infer() == [chunk(1)]


def test_in_latest_two_answers_with_one_seq_leave_in_order(newest):
    newest.observe(0)
    running = newest.turn()
    assert newest.observe(0) == []
    assert newest.finish(running) == [chunk(0), error("out_of_order", param="/seq", seq=0)]


def test_in_latest_any_number_may_come(newest):
    newest.observe(0)
    newest.turn()
    assert newest.observe(1) == []
    assert [newest.observe(n) for n in range(2, 90)] == [
        [dropped(n - 1, "superseded")] for n in range(2, 90)
    ]


def test_an_observation_too_old_when_its_turn_comes_is_dropped(talk):
    talk.observe(0, max_age_ms=500)
    talk.observe(1, max_age_ms=501)
    talk.now += 0.5
    job = talk.turn()
    assert talk.hear() == [dropped(0, "expired")]
    assert talk.finish(job) == [chunk(1, queue_ms=500.0)]


def test_an_age_of_zero_always_expires(talk):
    talk.observe(0, max_age_ms=0)
    assert talk.turn() is None
    assert talk.hear() == [dropped(0, "expired")]


def test_ages_bind_only_where_that_is_declared():
    talk = Talk()
    talk.open()
    talk.observe(0, max_age_ms=0)
    assert talk.infer() == [chunk(0)]


@pytest.mark.requirement("A-OBS-35")
def test_a_repeated_request_gets_the_same_actions_without_a_second_inference(talk):
    talk.observe(0, request_id="r", capture_time_ns=1)
    talk.infer()
    assert talk.observe(1, request_id="r", capture_time_ns=2, max_age_ms=9) == [
        chunk(1, request_id="r", capture_time_ns=2)
    ]
    assert talk.turn() is None


@pytest.mark.parametrize(
    "other",
    [
        {"state": [0, 2]},
        {"images": {"w": "AA=="}},
        {"prompt": ""},
        {"max_gpu_seconds": 9},
    ],
)
def test_other_content_under_the_same_request_is_refused_and_changes_nothing(talk, other):
    talk.observe(0, request_id="r")
    talk.infer()
    assert talk.observe(1, request_id="r", **other) == [
        error("duplicate_request", param="/request_id", seq=1, request_id="r")
    ]
    assert talk.observe(2, request_id="r", images={}) == [chunk(2, request_id="r")]


def test_seq_is_checked_before_the_request(talk):
    talk.observe(3, request_id="r")
    talk.infer()
    assert talk.observe(3, request_id="r") == [
        error("out_of_order", param="/seq", seq=3, request_id="r")
    ]


def test_the_repeat_of_a_pending_request_waits_for_its_actions(talk):
    talk.observe(0, request_id="r")
    talk.observe(1, request_id="r")
    talk.observe(2, request_id="r", prompt="other")
    job = talk.turn()
    assert talk.turn() is None, "even if the policy could take another turn"
    assert talk.finish(job) == [
        chunk(0, request_id="r"),
        chunk(1, request_id="r"),
        error("duplicate_request", param="/request_id", seq=2, request_id="r"),
    ]


def test_a_repeat_is_inferred_if_the_pending_request_fails(talk):
    talk.observe(0, request_id="r")
    talk.observe(1, request_id="r", prompt="other")
    assert talk.fail(talk.turn()) == [error("inference_failed", seq=0, request_id="r")]
    assert talk.infer(OTHER) == [chunk(1, request_id="r", actions=OTHER)]


def test_others_do_not_wait_behind_a_repeat(talk):
    talk.observe(0, request_id="r")
    talk.observe(1, request_id="r")
    talk.observe(2)
    first, third = talk.turn(), talk.turn()
    assert talk.finish(third, OTHER) == []
    assert talk.finish(first) == [
        chunk(0, request_id="r"),
        chunk(1, request_id="r"),
        chunk(2, actions=OTHER),
    ]


def test_in_latest_the_repeat_of_a_running_request_is_answered_with_it(newest):
    newest.observe(0, request_id="r")
    job = newest.turn()
    newest.observe(1, request_id="r")
    assert newest.finish(job) == [chunk(0, request_id="r"), chunk(1, request_id="r")]


def test_in_latest_the_repeat_of_a_waiting_request_takes_its_place(newest):
    newest.observe(0)
    running = newest.turn()
    newest.observe(1, request_id="r")
    assert newest.observe(2, request_id="r") == [dropped(1, "superseded", request_id="r")]
    newest.finish(running)
    assert newest.infer() == [chunk(2, request_id="r")]


@pytest.mark.parametrize("state", [[0, 1], [7, 8]])
def test_in_latest_what_is_answered_from_memory_overtakes_nothing(newest, state):
    newest.observe(0, request_id="r")
    newest.infer()
    newest.observe(1)
    running = newest.turn()
    newest.observe(2)
    answers = newest.observe(3, request_id="r", state=state)
    assert [answer["seq"] for answer in answers] == [3]
    assert [answer["type"] for answer in answers] != ["observation.dropped"]
    assert newest.finish(running) == [chunk(1)]
    assert newest.infer() == [chunk(2)]


def test_a_refused_request_is_not_remembered(talk):
    talk.observe(0, request_id="r", state=[])
    talk.observe(1, request_id="r", max_age_ms=0)
    talk.turn()
    talk.hear()
    talk.observe(2, request_id="r")
    assert talk.infer() == [chunk(2, request_id="r")]


def test_the_last_64_chunks_are_remembered(talk):
    for seq in range(64):
        talk.observe(seq, request_id=f"r{seq}")
        talk.infer()
    for seq in range(64):
        assert talk.observe(64 + seq, request_id=f"r{seq}") == [
            chunk(64 + seq, request_id=f"r{seq}", actions=ROWS)
        ]


def test_an_aged_repeat_is_dropped_like_any_other(talk):
    talk.observe(0, request_id="r")
    talk.infer()
    assert talk.observe(1, request_id="r", max_age_ms=0) == [dropped(1, "expired", request_id="r")]
