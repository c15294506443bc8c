"""Clients that are deployed already are served as they are."""

import threading
import time

import pytest

from tests.deployed_client import DeployedClient, ErrorFrame, Failed, dialled, infer_once
from tests.support import spawn_server

POLICIES = "tests.reference_impl.action.policies"
HOME = [0.5] * 6


@pytest.fixture(scope="module")
def server():
    with spawn_server("--key", "k") as server:
        yield server


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("ws://h:1", "ws://h:1/v1/actions"),
        ("ws://h:1/", "ws://h:1/v1/actions"),
        ("ws://h:1/a/b", "ws://h:1/a/b"),
        ("ws://h:1?x=1", "ws://h:1?x=1"),
        ("http://h:1/q?x=1", "ws://h:1/v1/actions"),
        ("https://h", "wss://h/v1/actions"),
    ],
)
def test_the_emulator_dials_what_deployed_clients_dial(given, address):
    assert dialled(given) == address


def test_a_stream_opens_and_its_chunks_come_in_order(server):
    with DeployedClient(f"http://127.0.0.1:{server.port}", "k") as client:
        client.open("pick up the cup", session_id="mine", robot="so101", hz=30.0, chunk_size=4)
        assert client.session_id != "mine"
        jpeg = b"\xff\xd8\xff\xd9"
        for number in range(8):
            client.send_observation(
                [number] * 6, {"wrist": jpeg, "bare": "/9j/2Q=="}, prompt="\u00e9 per step"
            )
        chunks = [client.recv_action() for _ in range(8)]
        assert [chunk["seq"] for chunk in chunks] == list(range(8))
        assert {len(chunk["actions"]) for chunk in chunks} == {4}
        assert sorted(chunks[0]["metadata"]) == ["inference_ms", "model", "queue_ms"]


def test_a_large_observation_and_an_odd_one_are_taken(server):
    with DeployedClient(server.url, "k") as client:
        client.open()
        client.send_observation(HOME, {"wrist": bytes(3_000_000)})
        assert client.recv_action()["seq"] == 0
        client.send_observation_frame({"state": HOME, "x_vendor": 1, "seq": 43})
        assert client.recv_action()["seq"] == 43
        assert client.send_observation(HOME) == 44
        assert client.recv_action()["seq"] == 44


def test_a_stream_survives_error_frames(server):
    with DeployedClient(server.url, "k") as client:
        client.open()
        client.send_observation([float("nan")] * 6)
        client.send_observation([1.0])
        client.send_observation(HOME)
        codes = []
        for _ in range(2):
            with pytest.raises(ErrorFrame) as caught:
                client.recv_action()
            codes.append(caught.value.frame["code"])
        assert codes == ["bad_frame", "invalid_observation"]
        assert client.recv_action()["seq"] == 2


def test_an_answer_that_is_an_error_keeps_its_place_in_the_line():
    with (
        spawn_server("--policy", f"{POLICIES}:Held") as server,
        DeployedClient(server.url) as client,
    ):
        client.open()
        client.send_observation([0.2])
        client.send_observation([])
        client.send_observation([0.0])
        assert client.recv_action()["seq"] == 0
        with pytest.raises(ErrorFrame):
            client.recv_action()
        assert client.recv_action()["seq"] == 2


def test_one_shot_inference(server):
    frame = {"prompt": "p", "robot": "so101", "state": HOME, "images": {}, "hz": 10}
    assert infer_once(server.url, frame, "k")["seq"] == 0


def test_a_wrong_key_is_not_tried_again(server):
    client = DeployedClient(server.url, "wrong")
    with pytest.raises(Failed, match="401"):
        client.open()
    assert client.tries == 1


def test_a_stream_cut_without_reading_leaves_the_server_serving(server):
    for _ in range(20):
        client = DeployedClient(server.url, "k")
        client.open()
        for _ in range(5):
            client.send_observation(HOME)
        client.close()
    assert infer_once(server.url, {"state": HOME}, "k")["seq"] == 0


def test_who_comes_while_the_server_is_full_gets_in_when_there_is_room():
    with spawn_server("--max-sessions", "1") as server:
        first = DeployedClient(server.url)
        first.open()
        leave = threading.Timer(0.7, first.close)
        leave.start()
        with DeployedClient(server.url) as second:
            start = time.monotonic()
            second.open()
            assert (second.tries > 1, time.monotonic() - start < 5) == (True, True)
        leave.join()
