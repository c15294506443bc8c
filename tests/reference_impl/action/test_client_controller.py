"""The decorator, and the one-shot call."""

import inspect

import pytest

from risp.reference_impl.action import (
    ActionStream,
    ObservationLost,
    ServerError,
    action,
    connect,
    enabled,
    infer_actions,
    observation,
)
from tests.scripted_server import ScriptedServer


def answer(peer):
    """Open, answer every observation with its seq, until the Close."""
    peer.open()
    while (frame := peer.expect("observation", "session.close"))["type"] == "observation":
        peer.chunk(frame["seq"], [float(frame["seq"])])
    peer.until_closed()


class Arm:
    """Sees three things, then nothing."""

    def __init__(self, sights=3, steps=99):
        self.sights = sights
        self.steps = steps
        self.moves = []

    @observation
    def look(self):
        self.sights -= 1
        return {"state": [1.0], "x_n": self.sights} if self.sights >= 0 else None

    @action
    def move(self, actions):
        self.moves.append(actions)

    @enabled
    def may_go_on(self):
        return len(self.moves) < self.steps


def controlled(server, maker=Arm, **members):
    return connect(prompt="p", url=server.url, timeout=5.0, connect_retry_seconds=0.0, **members)(
        maker
    )


@pytest.mark.parametrize(
    ("arm", "max_steps", "steps"),
    [
        ({}, None, 3),
        ({"sights": 9}, 2, 2),
        ({"sights": 9, "steps": 4}, None, 4),
        ({"sights": 9}, 0, 0),
    ],
)
def test_a_run_goes_in_lock_step_and_ends_with_session_close(arm, max_steps, steps):
    with ScriptedServer(answer) as server:
        controller = controlled(server, model="m")(**arm)
        assert controller.run(max_steps) == steps
    assert controller.robot.moves == [[[float(n)]] for n in range(steps)]
    frames = server.peer.frames
    assert (frames[0]["prompt"], frames[0]["model"]) == ("p", "m")
    kinds = [frame["type"] for frame in frames]
    assert kinds == ["session.open", *["observation"] * steps, "session.close"]


def test_as_a_context_it_keeps_one_session_for_several_runs():
    with ScriptedServer(answer) as server, controlled(server)(sights=9) as controller:
        assert [controller.run(max_steps=2), controller.run(max_steps=1)] == [2, 1]
    assert [f["seq"] for f in server.peer.frames[1:-1]] == [0, 1, 2]


def test_what_the_robot_raises_closes_the_session():
    def collide(self, actions):
        raise ZeroDivisionError

    arm = type("Clumsy", (Arm,), {"move": action(collide)})
    with ScriptedServer(answer) as server, pytest.raises(ZeroDivisionError):
        controlled(server, arm)().run()
    assert server.peer.frames[-1]["type"] == "session.close"


def test_what_the_server_refuses_is_raised_and_the_session_closed():
    def script(peer):
        peer.open()
        peer.expect("observation")
        peer.send({"type": "error", "code": "rate_limited", "message": "m", "seq": 0})
        peer.until_closed()

    with ScriptedServer(script) as server, pytest.raises(ServerError, match="rate_limited"):
        controlled(server)().run()


def test_a_dropped_observation_is_taken_anew():
    def script(peer):
        peer.open()
        peer.expect("observation")
        peer.send({"type": "observation.dropped", "seq": 0, "reason": "expired"})
        peer.expect("observation")
        peer.chunk(1)
        peer.until_closed()

    with ScriptedServer(script) as server:
        assert controlled(server)().run(max_steps=1) == 1


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"move": None}, "one method marked @action, and has 0"),
        ({"also": observation(lambda self: None)}, "one method marked @observation, and has 2"),
    ],
)
def test_a_class_without_the_right_marks_says_so(members, said):
    with pytest.raises(TypeError, match=said):
        connect(prompt="p", url="ws://h")(type("Odd", (Arm,), members))()


def test_the_decorator_has_the_parameters_of_the_stream():
    assert inspect.signature(connect) == inspect.signature(ActionStream)


def test_the_mark_for_enabled_may_be_left_out():
    arm = type("Plain", (Arm,), {"may_go_on": None})
    with ScriptedServer(answer) as server:
        assert controlled(server, arm)().run() == 3


def test_an_observation_that_is_no_mapping_says_so():
    arm = type("Odd", (Arm,), {"look": observation(lambda self: [1.0])})
    with ScriptedServer(answer) as server, pytest.raises(TypeError, match="mapping with `state`"):
        controlled(server, arm)().run()


OBSERVATION = {"state": [1.0], "images": {"w": b"\xff\xd8"}, "request_id": "r"}


@pytest.mark.parametrize(
    ("members", "opened"),
    [
        ({}, {"prompt": "do something", "cameras": ["w"]}),
        (
            {
                "prompt": "move left",
                "model": "m",
                "lora": "l",
                "robot": "r",
                "action_adapter": "a",
                "cameras": [],
                "hz": 5.0,
                "chunk_size": 3,
                "max_gpu_seconds": 0.5,
            },
            None,
        ),
    ],
)
def test_one_shot_lifts_the_session_out_of_the_observation(skin, members, opened):
    with ScriptedServer(answer) as server:
        chunk = skin.infer_actions({**OBSERVATION, **members}, url=server.url, timeout=5.0)
    assert chunk["actions"] == [[0.0]]
    first, second, third = server.peer.frames
    bare = {"type": "session.open", "session_id": "", "capabilities": first["capabilities"]}
    assert first == {**bare, **(members if opened is None else opened)}
    image = {"encoding": "jpeg_base64", "data": "/9g="}
    whole = {**OBSERVATION, **members, "images": {"w": image}, "type": "observation", "seq": 0}
    assert second == whole
    assert third["type"] == "session.close"


def test_one_shot_closes_after_an_error(skin):
    def script(peer):
        peer.open()
        peer.expect("observation")
        peer.send({"type": "observation.dropped", "seq": 0, "reason": "expired"})
        peer.until_closed()

    with ScriptedServer(script) as server, pytest.raises(ObservationLost):
        skin.infer_actions(observation=OBSERVATION, url=server.url)
    assert server.peer.frames[-1]["type"] == "session.close"


def test_one_shot_takes_server_and_key_from_the_environment(monkeypatch):
    with ScriptedServer(answer) as server:
        monkeypatch.setenv("RISP_URL", server.url)
        monkeypatch.setenv("RISP_API_KEY", "k")
        infer_actions(observation=OBSERVATION)
    assert server.peer.header("Authorization") == "Bearer k"
