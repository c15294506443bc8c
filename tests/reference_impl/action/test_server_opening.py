"""From the first frame to `session.ready`."""

import pytest

from risp.protocol.action.declares import Capability
from tests.reference_impl.action.serving import ABOUT, Talk, error


def test_nothing_is_said_before_the_client_has_spoken():
    assert Talk().hear() == []


def test_an_opening_is_answered_with_a_whole_description():
    ready = Talk(max_in_flight=9).open(hz=20, chunk_size=2, robot="any", session_id="mine")
    assert len(ready.pop("session_id")) > 16
    assert ready == {
        "type": "session.ready",
        "protocol": {"version": "1.0", "encoding": "json"},
        "model": "toy",
        "state_dim": 2,
        "action_dim": 2,
        "chunk_size": 2,
        "cameras": [],
        "hz": 30.0,
        "queue": "fifo",
        "limits": {
            "max_frame_bytes": 8 << 20,
            "max_in_flight": 9,
            "idle_timeout_ms": 300_000,
            "answer_timeout_ms": 14_000,
        },
        "capabilities": ["queue_latest", "gpu_budget"],
        "server_time_ns": 5,
    }


def test_a_terse_server_declares_its_session_id_and_keeps_the_defaults():
    talk = Talk(terse=True, max_frame_bytes=2000, max_in_flight=1, answer_timeout_ms=60_000)
    assert list(talk.open(capabilities=["tensor_b64"], queue="latest")) == ["type", "session_id"]
    kept = talk.session.settings
    assert (kept.max_frame_bytes, kept.max_in_flight, kept.answer_timeout_ms) == (1 << 20, 8, 14000)
    assert talk.session.capabilities == frozenset()
    assert talk.session.latest is False


def test_capabilities_hold_only_for_those_who_ask_and_where_they_are_served():
    asked = ["status", "tensor_b64", "max_age", "x_other"]
    assert Talk().open(capabilities=asked)["capabilities"] == list(Capability)
    served = frozenset({Capability.MAX_AGE, Capability.GPU_BUDGET})
    assert Talk(capabilities=served).open(capabilities=asked)["capabilities"] == [
        "max_age",
        "gpu_budget",
    ]


def test_latest_holds_where_it_is_served_and_becomes_fifo_elsewhere():
    assert Talk().open(queue="latest")["queue"] == "latest"
    assert Talk(capabilities=frozenset()).open(queue="latest")["queue"] == "fifo"


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ("model", "unknown_model"),
        ("lora", "unknown_lora"),
        ("action_adapter", "unknown_adapter"),
    ],
)
def test_a_name_that_is_not_served_is_refused(member, code):
    talk = Talk()
    assert talk.say({"type": "session.open", "prompt": "", member: "other"}) == [
        error(code, param=f"/{member}")
    ]
    assert talk.session.close_code == 1008


def test_a_name_that_is_served_opens_and_is_declared():
    about = ABOUT.model_copy(update={"models": ["big"], "loras": ["l"], "action_adapters": ["a"]})
    talk = Talk(about)
    assert talk.open(model="big", lora="l", action_adapter="a")["model"] == "big"


def test_an_undecodable_first_frame_leaves_the_session_able_to_open():
    talk = Talk()
    assert talk.say("no JSON") == [error("bad_frame")]
    assert talk.say(b"{}") == [error("bad_frame")]
    assert talk.open()


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "observation", "seq": 0, "state": [0, 1]},
        {"type": "observation"},
        {"type": "session.close"},
        {"type": "hello"},
    ],
)
def test_any_other_first_frame_earns_not_open_and_a_close(frame):
    talk = Talk()
    assert talk.say(frame) == [error("not_open")]
    assert talk.session.close_code == 1008
    assert talk.say({"type": "session.open", "prompt": ""}) == []


@pytest.mark.parametrize(
    ("members", "param"),
    [({"hz": 0}, "/hz"), ({"prompt": 1}, "/prompt"), ({"queue": "lifo"}, "/queue")],
)
def test_a_malformed_opening_is_refused_for_good(members, param):
    talk = Talk()
    frame = {"type": "session.open", "prompt": "p", **members}
    assert talk.say(frame) == [error("invalid_open", param=param)]
    assert talk.session.close_code == 1008


def test_a_second_opening_is_refused_and_the_session_lives():
    talk = Talk()
    talk.open()
    assert talk.say({"type": "session.open", "prompt": "p"}) == [error("already_open")]
    assert talk.say({"type": "session.open", "hz": -1}) == [error("already_open")]
    talk.observe(0)
    assert [frame["type"] for frame in talk.infer()] == ["action_chunk"]


def test_a_connection_on_which_nothing_is_opened_is_closed_after_its_time():
    talk = Talk()
    assert talk.session.next_deadline() == talk.now + 30
    talk.wait(29.9)
    assert talk.session.close_code is None
    assert talk.wait(0.1) == []
    assert talk.session.close_code == 1001


def test_while_the_policy_loads_a_client_is_sent_away():
    talk = Talk(about=None)
    assert talk.say({"type": "session.open", "prompt": "p"}) == [
        error("unavailable", retry_after_ms=5000)
    ]
    assert talk.session.close_code == 1013


def test_while_the_policy_loads_a_client_that_asked_is_told_so_until_it_is_ready():
    talk = Talk(about=None)
    status = {"type": "session.status", "state": "loading", "message": "the policy is loading"}
    assert talk.say({"type": "session.open", "prompt": "p", "capabilities": ["status"]}) == [status]
    assert talk.session.next_deadline() == talk.now + 4
    assert talk.wait(3.9) == []
    assert talk.wait(0.1) == [status]
    talk.session.loaded(ABOUT, talk.now)
    assert [frame["type"] for frame in talk.hear()] == ["session.ready"]


def test_what_comes_while_the_policy_loads_has_its_turn_afterwards():
    talk = Talk(about=None)
    talk.say({"type": "session.open", "prompt": "p", "capabilities": ["status"]})
    assert talk.observe(0) == []
    assert talk.say("no JSON") == []
    assert talk.observe(1, state=[1]) == []
    talk.session.loaded(ABOUT, talk.now)
    assert [frame["type"] for frame in talk.hear()] == ["session.ready", "error"]
    assert [frame["seq"] for frame in talk.infer()] == [0, 1]


def test_an_end_does_not_wait_for_the_policy_to_load():
    talk = Talk(about=None)
    talk.say({"type": "session.open", "prompt": "p", "capabilities": ["status"]})
    talk.say({"type": "session.close"})
    assert talk.session.close_code == 1000


def test_who_floods_an_unopened_session_is_sent_away():
    talk = Talk(about=None, max_in_flight=8)
    talk.say({"type": "session.open", "prompt": "p", "capabilities": ["status"]})
    said = [talk.observe(seq) for seq in range(9)]
    assert said == [*([[]] * 8), [error("not_open")]]
    assert talk.session.close_code == 1008


@pytest.mark.requirement("A-OPEN-19")
def test_session_ids_hold_at_least_120_random_bits(monkeypatch):
    asked = []

    def token(size):
        asked.append(size)
        return "r" * size

    monkeypatch.setattr("secrets.token_urlsafe", token)
    assert Talk().open()["session_id"] == f"sess_{'r' * asked[0]}"
    assert [size * 8 >= 120 for size in asked] == [True]


@pytest.mark.requirement("A-OPEN-29")
def test_the_policy_is_reset_once_per_opening_and_ready_does_not_wait_for_it():
    talk = Talk(resets=True)
    assert talk.turn() is None
    talk.open()
    talk.say({"type": "session.open", "prompt": "again"})
    reset = talk.turn()
    assert reset is not None
    assert reset.step is None
    talk.observe(0)
    assert talk.turn() is None, "the first inference waits for the reset"
    assert talk.finish(reset) == []
    first = talk.turn()
    assert first is not None
    assert first.step is not None
    talk.finish(first)
    assert talk.turn() is None


def test_a_policy_that_cannot_be_reset_ends_the_session():
    talk = Talk(resets=True)
    talk.open()
    assert talk.fail(talk.turn()) == [error("internal")]
    assert talk.session.close_code == 1011
