"""Observations: each gets one answer, with what it brought along, in order and in time."""

import pytest

from tests.reference_impl.action.serving import ABOUT, MAX_SEQ, ROWS, Talk, chunk, error


@pytest.fixture
def talk():
    talk = Talk()
    talk.open()
    return talk


def test_a_chunk_repeats_what_its_observation_brought(talk):
    talk.observe(0)
    assert talk.infer() == [chunk(0)]
    talk.observe(7, request_id="r", capture_time_ns="0012")
    assert talk.infer() == [chunk(7, request_id="r", capture_time_ns="0012")]
    talk.observe(MAX_SEQ, capture_time_ns=2**63 - 1)
    assert talk.infer() == [chunk(MAX_SEQ, capture_time_ns=2**63 - 1)]


def test_the_metadata_tells_how_long_it_waited(talk):
    talk.observe(0)
    talk.now += 0.5
    job = talk.turn()
    talk.now += 0.25
    assert talk.finish(job) == [chunk(0, queue_ms=500.0)]


@pytest.mark.parametrize(
    ("members", "refusal"),
    [
        ({"state": [1]}, error("invalid_observation", param="/state")),
        ({"state": [1, True]}, error("invalid_observation", param="/state/1")),
        ({"state": None}, error("invalid_observation", param="/state")),
        ({"images": {"w": 1}}, error("invalid_image", param="/images/w")),
        ({"images": {"w": "A"}}, error("invalid_image", param="/images/w")),
        ({"max_age_ms": -1}, error("invalid_observation", param="/max_age_ms")),
    ],
)
def test_a_refusal_carries_what_arrived_valid_and_the_session_lives(talk, members, refusal):
    said = talk.observe(3, request_id="r", **members)
    assert said == [{**refusal, "seq": 3, "request_id": "r"}]
    talk.observe(4, request_id="r")
    assert talk.infer() == [chunk(4, request_id="r")]


def test_a_refusal_leaves_out_what_did_not_arrive_valid(talk):
    assert talk.observe(-1, request_id="r") == [
        error("invalid_observation", param="/seq", request_id="r")
    ]
    assert talk.observe(0, request_id="") == [
        error("invalid_observation", param="/request_id", seq=0)
    ]


def test_frame_errors_carry_nothing_and_wait_for_nothing(talk):
    talk.observe(0)
    assert talk.say('{"type":"observation","seq":1,"seq":1}') == [error("bad_frame")]
    assert talk.say({"type": "x", "seq": 1}) == [error("unknown_type", param="/type")]


def test_a_required_camera_is_asked_for_and_other_cameras_are_taken():
    talk = Talk(ABOUT.model_copy(update={"cameras": ["wrist"]}))
    assert talk.open()["cameras"] == ["wrist"]
    assert talk.observe(0) == [error("invalid_observation", param="/images", seq=0)]
    assert talk.observe(1, images={"wrist": "AA==", "other": "AA=="}) == []


@pytest.mark.parametrize("seq", [5, 4, 0])
def test_a_seq_that_does_not_rise_is_out_of_order(talk, seq):
    talk.observe(5)
    talk.infer()
    assert talk.observe(seq) == [error("out_of_order", param="/seq", seq=seq)]
    assert talk.observe(6) == []


def test_in_fifo_refusals_wait_for_the_answers_before_them(talk):
    talk.observe(0)
    assert talk.observe(1, state=[1]) == []
    assert talk.observe(0) == []
    assert talk.observe(None) == []
    assert talk.observe(3) == []
    assert talk.infer() == [
        chunk(0),
        error("invalid_observation", param="/state", seq=1),
        error("out_of_order", param="/seq", seq=0),
        error("invalid_observation", param="/seq"),
    ]
    assert talk.infer() == [chunk(3)]


def test_with_several_turns_at_a_time_answers_still_leave_in_order(talk):
    talk.observe(0)
    talk.observe(1)
    first, second = talk.turn(), talk.turn()
    assert talk.finish(second) == []
    assert talk.finish(first) == [chunk(0), chunk(1)]


def test_more_than_may_be_in_flight_are_refused_in_their_turn():
    talk = Talk(max_in_flight=8)
    talk.open()
    assert [talk.observe(seq) for seq in range(9)] == [[]] * 9
    for seq in range(7):
        assert talk.infer() == [chunk(seq)]
    assert talk.infer() == [chunk(7), error("too_many_in_flight", seq=8)]
    assert talk.observe(9) == []


def test_a_policy_that_fails_earns_inference_failed_and_the_session_lives(talk):
    talk.observe(0)
    assert talk.fail(talk.turn()) == [error("inference_failed", seq=0)]
    talk.observe(1)
    assert talk.infer() == [chunk(1)]


def test_no_answer_is_later_than_declared_and_a_late_result_is_dropped(talk):
    talk.observe(0, request_id="r")
    job = talk.turn()
    due = talk.session.next_deadline()
    assert due is not None
    assert 13 < due - talk.now < 14
    talk.observe(1)
    assert talk.wait(due - talk.now) == [
        error("inference_failed", seq=0, request_id="r"),
        error("inference_failed", seq=1),
    ]
    assert talk.finish(job) == []
    assert talk.session.has_work is False
    talk.observe(2, request_id="r")
    assert talk.infer() == [chunk(2, request_id="r")], "the late result is not remembered"


def test_an_inference_over_its_budget_is_answered_when_the_budget_ends(talk):
    talk.observe(0, max_gpu_seconds=0.5)
    job = talk.turn()
    assert talk.session.next_deadline() == talk.now + 0.5
    assert talk.wait(0.4) == []
    assert talk.wait(0.1) == [error("budget_exceeded", seq=0)]
    assert talk.finish(job) == []


def test_a_result_that_took_longer_than_its_budget_is_refused_all_the_same(talk):
    talk.observe(0, max_gpu_seconds=0.2)
    assert talk.finish(talk.turn(), s=0.21) == [error("budget_exceeded", seq=0)]


def test_the_budget_of_a_step_takes_the_place_of_the_sessions():
    talk = Talk()
    talk.open(max_gpu_seconds=0.1)
    talk.observe(0)
    assert talk.infer() == [error("budget_exceeded", seq=0)]
    talk.observe(1, max_gpu_seconds=1)
    assert talk.infer() == [chunk(1)]


def test_without_the_capability_no_budget_is_kept():
    talk = Talk(capabilities=frozenset())
    talk.open(max_gpu_seconds=1e-9)
    talk.observe(0)
    assert talk.infer() == [chunk(0)]


def test_no_more_rows_than_declared_are_sent():
    talk = Talk()
    assert talk.open(chunk_size=1)["chunk_size"] == 1
    talk.observe(0)
    assert talk.infer() == [chunk(0, actions=ROWS[:1])]


def test_a_client_that_asked_for_tensors_gets_one():
    talk = Talk()
    talk.open(capabilities=["tensor_b64"])
    talk.observe(0)
    tensor = {
        "dtype": "float64",
        "shape": [2, 2],
        "data": "AAAAAAAA+D8AAAAAAAAEQAAAAAAAAAxAAAAAAAAAEkA=",
    }
    assert talk.infer() == [chunk(0, actions=tensor)]
