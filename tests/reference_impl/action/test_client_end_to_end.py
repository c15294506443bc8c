"""The shipped client against the shipped server, over a real socket."""

import asyncio
import struct

import pytest

from risp.protocol.errors import LocalProtocolError
from risp.reference_impl.action import (
    AsyncActionStream,
    ConnectionEnded,
    ObservationLost,
    ServerError,
    WebSocketHandshakeError,
)
from tests.support import spawn_server

HELD = ("--policy", "tests.reference_impl.action.policies:Held")
JPEG = b"\xff\xd8\xff\xd9" * 3000


@pytest.fixture(scope="module")
def toy():
    with spawn_server() as server:
        yield server


@pytest.fixture(scope="module")
def held():
    """A policy that takes as many seconds as `state` says."""
    with spawn_server(*HELD) as server:
        yield server


@pytest.mark.requirement("A-CLIENT-10")
def test_a_tensor_and_lists_give_the_same_rows(skin, toy):
    rows = []
    for capabilities in (None, []):
        with skin.stream(toy.url, capabilities=capabilities) as stream:
            asked = "tensor_b64" in stream.ready["capabilities"]
            assert asked is (capabilities is None)
            state = [0.25] * stream.ready["state_dim"]
            seq = stream.send_observation(state, {"wrist": JPEG}, capture_time_ns=7)
            chunk = stream.recv_action()
            assert (chunk["seq"], chunk["capture_time_ns"]) == (seq, 7)
            rows.append(chunk["actions"])
    assert len(rows[0]) == 10

    def single(row):
        return struct.pack(f"{len(row)}f", *row)

    assert list(map(single, rows[0])) == list(map(single, rows[1]))


def test_one_shot_inference_works(skin, toy):
    chunk = skin.infer_actions(
        {"state": [0.0] * 6, "images": {"w": JPEG}, "prompt": "left"}, url=toy.url
    )
    assert len(chunk["actions"]) == 10


@pytest.mark.requirement("A-CLIENT-5")
def test_after_a_refused_observation_the_session_goes_on(skin, toy):
    with skin.stream(toy.url) as stream:
        stream.send_observation([1.0])
        with pytest.raises(ServerError, match="invalid_observation") as caught:
            stream.recv_action()
        assert not caught.value.fatal
        stream.send_raw({"type": "x_unknown"})
        with pytest.raises(ServerError, match="unknown_type"):
            stream.recv_action()
        seq = stream.send_observation([1.0] * 6)
        assert stream.recv_action()["seq"] == seq


def test_a_model_that_is_not_served_is_final(skin, toy):
    with pytest.raises(ServerError) as caught:
        skin.stream(toy.url, model="no-such-model", connect_retry_seconds=60).open()
    assert (caught.value.code, caught.value.fatal) == ("unknown_model", True)


def test_a_key_opens_and_a_wrong_one_is_final_at_once(skin):
    with spawn_server("--key", "right") as server:
        for key in ("wrong", None):
            stream = skin.stream(server.url, api_key=key, connect_retry_seconds=60)
            with pytest.raises(WebSocketHandshakeError) as caught:
                stream.open()
            assert caught.value.status_code == 401
        skin.stream(server.url, api_key="right").open().close()


@pytest.mark.requirement("A-CLIENT-9")
def test_a_server_that_declares_nothing_is_served_all_the_same(skin):
    with spawn_server("--terse", *HELD) as server, skin.stream(server.url) as stream:
        for _ in range(8):
            stream.send_observation([0.1])
        with pytest.raises(LocalProtocolError, match="too_many_in_flight"):
            stream.send_observation([0.1])
        assert [stream.recv_action()["seq"] for _ in range(8)] == list(range(8))


def test_newest_wins_and_the_others_are_listed(skin, held):
    with skin.stream(held.url, queue="latest") as stream:
        assert stream.ready["queue"] == "latest"
        for _ in range(4):
            stream.send_observation([0.3])
        assert [stream.recv_action()["seq"] for _ in range(2)] == [0, 3]
        assert [(drop["seq"], drop["reason"]) for drop in stream.dropped] == [
            (1, "superseded"),
            (2, "superseded"),
        ]


def test_what_is_too_old_when_its_turn_comes_is_lost(skin, held):
    with skin.stream(held.url) as stream:
        stream.send_observation([0.3])
        stream.send_observation([0.0], max_age_ms=10)
        assert stream.recv_action()["seq"] == 0
        with pytest.raises(ObservationLost, match="expired"):
            stream.recv_action()


def test_a_planned_end_answers_what_is_owed_and_closes(skin):
    with spawn_server(*HELD) as server, skin.stream(server.url) as stream:
        stream.send_observation([0.5])
        server.process.terminate()
        assert stream.recv_action()["seq"] == 0
        with pytest.raises(ConnectionEnded) as caught:
            stream.recv_action()
        assert caught.value.code == 1001


def test_one_task_sends_while_another_receives(held):
    count = 40

    async def send(stream):
        sent = 0
        while sent < count:
            try:
                await stream.send_observation([0.002])
                sent += 1
            except LocalProtocolError:
                await asyncio.sleep(0.001)

    async def converse():
        async with AsyncActionStream(prompt="p", url=held.url, timeout=10) as stream:
            sending = asyncio.create_task(send(stream))
            seqs = [(await stream.recv_action())["seq"] for _ in range(count)]
            await sending
        return seqs

    assert asyncio.run(converse()) == list(range(count))


def test_a_wait_that_is_cancelled_loses_nothing(held):
    async def converse():
        async with AsyncActionStream(prompt="p", url=held.url, timeout=10) as stream:
            await stream.send_observation([0.3])
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await stream.recv_action()
            return await stream.recv_action()

    assert asyncio.run(converse())["seq"] == 0
