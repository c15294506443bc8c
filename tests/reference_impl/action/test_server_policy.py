"""What a policy may be, and what it may return."""

from array import array

import pytest

from risp.protocol.action.frames import EncodedImage, Observation, SessionOpen
from risp.reference_impl.action.policy import (
    Description,
    Images,
    PolicyError,
    Step,
    concurrency,
    describe,
)
from risp.reference_impl.action.serving.actions import BadActions, check
from risp.reference_impl.action.serving.jobs import Done, Failed, Job, run
from risp.reference_impl.action.toy import ToyPolicy
from tests.reference_impl.action.serving import Talk, error

STEP = Step(
    Observation(
        seq=3,
        state=[1.0, -2.0],
        images={"a": "AAE=", "b": EncodedImage(encoding="png_base64", data="Ag==")},
        request_id="r",
        capture_time_ns="7",
    ),
    SessionOpen(prompt="session's"),
    "toy",
)


class Array:
    """What a tensor looks like from afar."""

    def __init__(self, value):
        self.value = value

    def tolist(self):
        return self.value


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ([1, 2], [[1.0, 2.0]]),
        ((1.5, 2.5), [[1.5, 2.5]]),
        ([[1, 2], (3, 4)], [[1.0, 2.0], [3.0, 4.0]]),
        (array("f", [1.5, 2.5]), [[1.5, 2.5]]),
        (memoryview(array("d", [1, 2, 3, 4])).cast("B").cast("d", (2, 2)), [[1, 2], [3, 4]]),
        (Array([1, 2]), [[1.0, 2.0]]),
        (Array([[1, 2], [3, 4]]), [[1.0, 2.0], [3.0, 4.0]]),
        ([Array([1, 2])], [[1.0, 2.0]]),
        ([[1e308, 1e308], [1e308, 1e308]], [[1e308, 1e308], [1e308, 1e308]]),
    ],
)
def test_rows_may_come_as_lists_or_arrays_of_rank_one_or_two(value, rows):
    assert check(value, 2).lists() == rows


@pytest.mark.requirement("A-ERR-21")
@pytest.mark.parametrize(
    "value",
    [
        None,
        1.5,
        "12",
        {},
        [],
        [[]],
        array("d"),
        [[1, 2], [3]],
        [[1, 2], 3],
        [[1, 2, 3]],
        [[1, float("nan")]],
        [[float("inf"), float("-inf")]],
        array("d", [float("inf"), 1]),
        [["1", "2"]],
        [[1, None]],
        [[1, 10**400]],
        [[[1], [2]]],
        Array(3),
    ],
)
def test_what_is_no_finite_chunk_of_the_declared_width_is_inference_failed(value):
    with pytest.raises(BadActions):
        check(value, 2)

    class Bad:
        def infer(self, step):
            return value

    talk = Talk()
    talk.open()
    talk.observe(0)
    job = talk.turn()
    assert job is not None
    talk.session.finished(job, run(Bad(), job), talk.now)
    assert talk.hear() == [error("inference_failed", seq=0)]


def test_numpy_arrays_come_through_as_they_are():
    numpy = pytest.importorskip("numpy")
    rows = numpy.array([[1, 2], [3, 4], [5, 6]], dtype="float32")
    assert check(rows, 2).tensor().model_dump() == {
        "dtype": "float32",
        "shape": [3, 2],
        "data": "AACAPwAAAEAAAEBAAACAQAAAoEAAAMBA",
    }
    assert check(rows.T, 3).lists() == [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]]
    assert check(rows.astype("int64"), 2).lists() == rows.tolist()
    with pytest.raises(BadActions):
        check(numpy.zeros((0, 2)), 2)


def test_a_policy_that_raises_fails_without_telling_where(caplog):
    class Broken:
        def infer(self, step):
            raise ValueError("a secret in a file")

    outcome = run(Broken(), Job(None, STEP))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "the policy raised an exception"
    assert "a secret in a file" in caplog.text


def test_a_policy_sees_the_step():
    assert (STEP.seq, STEP.state, STEP.prompt) == (3, [1.0, -2.0], "session's")
    assert (STEP.request_id, STEP.capture_time_ns) == ("r", "7")
    assert dict(STEP.images) == {"a": b"\x00\x01", "b": b"\x02"}
    assert isinstance(STEP.images, Images)
    assert len(STEP.images) == 2


def test_the_prompt_of_a_step_goes_before_the_sessions():
    step = Step(Observation(seq=0, state=[], prompt=""), STEP.opening, "toy")
    assert step.prompt == ""


def test_the_toy_brings_every_joint_home():
    outcome = run(ToyPolicy(), Job(None, STEP))
    assert isinstance(outcome, Done)
    assert outcome.actions is not None
    rows = outcome.actions.lists()
    assert (len(rows), rows[0], rows[-1]) == (10, [0.9, -1.8], [0.0, 0.0])


def test_a_policy_without_a_description_goes_by_its_class():
    assert describe(STEP) == Description(model="Step")


@pytest.mark.parametrize(
    ("said", "hint"),
    [({"state_dims": 3}, "state_dims"), ({"state_dim": "3"}, "state_dim"), (3, "its answer")],
)
def test_a_wrong_description_is_named(said, hint):
    class Odd:
        def describe(self):
            return said

    with pytest.raises(PolicyError, match=hint):
        describe(Odd())


def test_a_description_that_raises_is_named():
    class Odd:
        def describe(self):
            raise KeyError("width")

    with pytest.raises(PolicyError, match=r"describe\(\) raised KeyError: 'width'"):
        describe(Odd())


@pytest.mark.parametrize("number", [0, "2", None])
def test_a_wrong_concurrency_is_named(number):
    class Odd:
        max_concurrency = number

    with pytest.raises(PolicyError, match="max_concurrency"):
        concurrency(Odd())
