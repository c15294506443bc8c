"""What comes back: errors, drops and chunks, paired with what was sent."""

import contextlib
import threading
import time

import pytest

from risp.protocol.errors import LocalProtocolError
from risp.reference_impl.action import (
    ConnectionEnded,
    ObservationLost,
    ServerError,
)
from tests.scripted_server import (
    TEXT,
    server_frame,
)


def error(code="inference_failed", **members):
    return {"type": "error", "code": code, "message": "m", **members}


@pytest.mark.requirement("A-CLIENT-5")
@pytest.mark.requirement("A-CLIENT-12")
@pytest.mark.parametrize(
    "sent",
    [
        error(seq=0, fatal=False, retryable=True),
        error("x_vendors_own", seq=0, x_more=1),
        error("never_heard_of", seq=0, fatal=None),
        error("bad_frame"),
        {"type": "error"},
    ],
)
def test_after_an_error_that_is_not_fatal_comes_the_next_chunk(play, sent):
    def script(peer):
        peer.expect("observation")
        peer.send(sent)
        peer.expect("observation")
        peer.chunk(1)

    def use(stream):
        stream.send_observation([1])
        with pytest.raises(ServerError) as caught:
            stream.recv_action()
        assert (caught.value.frame, caught.value.fatal) == (sent, False)
        assert caught.value.code == sent.get("code", "")
        assert isinstance(caught.value, RuntimeError)
        stream.send_observation([1])
        assert stream.recv_action()["seq"] == 1

    play(script, use)


@pytest.mark.requirement("A-CLIENT-12")
@pytest.mark.parametrize("code", ["internal", "x_vendors_own"])
def test_a_fatal_error_ends_the_session(play, code):
    def script(peer):
        peer.expect("observation")
        peer.send(error(code, fatal=True))
        peer.close(1011)

    def use(stream):
        stream.send_observation([1])
        with pytest.raises(ServerError, match="the session has ended") as caught:
            stream.recv_action()
        assert caught.value.fatal
        with pytest.raises(ConnectionEnded, match="the server has ended the session"):
            stream.send_observation([1])
        with pytest.raises(ConnectionEnded) as ended:
            stream.recv_action()
        assert ended.value.code == 1011

    play(script, use)


def test_receive_returns_every_frame_as_it_came_errors_included(play):
    frames = [
        error(),
        {"type": "x_new", "a": 1},
        {"type": "action_chunk", "seq": 99, "actions": [[1]]},
        {"type": "observation.dropped", "seq": 98, "reason": "expired"},
        {"type": "session.closing", "reason": "shutdown", "time_left_ms": 5},
    ]
    play(
        lambda peer: [peer.send(frame) for frame in frames],
        lambda stream: [stream.receive() for _ in frames] == frames or pytest.fail("other frames"),
    )


@pytest.mark.requirement("A-CLIENT-3")
@pytest.mark.requirement("A-CLIENT-7")
@pytest.mark.parametrize(
    "noise",
    [
        {"type": "x_new", "actions": [[9]]},
        {"type": "session.ready", "session_id": "other"},
        {"type": "session.closing", "reason": "shutdown", "time_left_ms": 5000},
        {"type": "action_chunk", "seq": 99, "actions": [[9]]},
        {"type": "action_chunk", "seq": 0, "actions": [[9]]},
        error(seq=99),
        {"type": "observation.dropped", "seq": 99, "reason": "superseded"},
    ],
)
def test_what_nobody_awaits_is_passed_over(play, noise):
    def script(peer):
        peer.expect("observation")
        peer.chunk(0)
        peer.expect("observation")
        peer.send(noise)
        peer.chunk(1)

    def use(stream):
        for seq in range(2):
            stream.send_observation([1])
            assert (stream.recv_action()["seq"], stream.session_id[:5]) == (seq, "sess_")

    play(script, use)


@pytest.mark.requirement("A-CLIENT-7")
@pytest.mark.parametrize("ready", [{"queue": "latest"}, {"queue": "fifo"}, {}])
def test_pipelined_answers_come_in_any_order_each_to_its_own(play, ready):
    def script(peer):
        for _ in range(3):
            peer.expect("observation")
        for seq in (2, 0, 1):
            peer.chunk(seq)

    def use(stream):
        for _ in range(3):
            stream.send_observation([1])
        assert [stream.recv_action()["seq"] for _ in range(3)] == [2, 0, 1]

    play(script, use, ready=ready)


def test_a_server_that_leaves_seq_out_is_paired_by_position(play):
    def script(peer):
        for _ in range(2):
            peer.expect("observation")
            peer.expect("observation")
            peer.chunk(None)
            peer.send(error())

    def use(stream):
        for _ in range(2):
            stream.send_observation([1])
            stream.send_observation([1])
            assert stream.recv_action()["actions"] == [[1.0]]
            with pytest.raises(ServerError):
                stream.recv_action()
        assert stream.send_observation([1]) == 4

    play(script, use, ready={"limits": {"max_in_flight": 2}})


@pytest.mark.requirement("A-CLIENT-6")
@pytest.mark.requirement("A-CLIENT-7")
def test_after_a_timeout_a_late_answer_is_not_taken_for_the_next_one(play):
    def script(peer):
        peer.expect("observation")
        peer.expect("observation")
        peer.chunk(0, [0.0])
        peer.chunk(1, [1.0])

    def use(stream):
        stream.send_observation([1])
        began = time.monotonic()
        with pytest.raises(TimeoutError, match=r"within 0.3 s"):
            stream.recv_action()
        assert 0.3 <= time.monotonic() - began < 1
        stream.send_observation([2])
        assert stream.recv_action()["actions"] == [[1.0]]

    play(script, use, timeout=0.3)


def test_whoever_waits_again_without_sending_still_gets_the_late_answer(play):
    def script(peer):
        peer.expect("observation")
        peer.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            peer.socket.recv(1)
        peer.socket.settimeout(5)
        peer.chunk(0)

    def use(stream):
        stream.send_observation([1])
        with pytest.raises(TimeoutError):
            stream.recv_action()
        assert stream.recv_action()["seq"] == 0

    play(script, use, timeout=0.4)


@pytest.mark.requirement("A-CLIENT-6")
def test_frames_that_nobody_awaits_do_not_prolong_a_wait(play):
    def script(peer):
        peer.expect("observation")
        stop = time.monotonic() + 9
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < stop:
                peer.raw(server_frame(TEXT, b'{"type":"x_noise"}') * 5000)

    def use(stream):
        stream.send_observation([1])
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            stream.recv_action()
        assert time.monotonic() - began < 2.5
        stream.close()
        assert time.monotonic() - began < 5

    play(script, use, timeout=0.3)


@pytest.mark.requirement("A-CLIENT-9")
@pytest.mark.parametrize(
    ("ready", "room"),
    [({}, 8), ({"limits": {"max_in_flight": 3}}, 3), ({"limits": {"max_in_flight": True}}, 8)],
)
def test_no_more_is_sent_than_the_server_takes(play, ready, room):
    def script(peer):
        for _ in range(room):
            peer.expect("observation")
        refused.wait(5)
        peer.chunk(0)
        peer.expect("observation")
        peer.chunk(1)

    def use(stream):
        for _ in range(room):
            stream.send_observation([1])
        with pytest.raises(LocalProtocolError, match="call recv_action first") as caught:
            stream.send_observation([1])
        assert caught.value.code == "too_many_in_flight"
        refused.set()
        assert stream.recv_action()["seq"] == 0
        assert stream.send_observation([1]) == room
        assert stream.recv_action()["seq"] == 1

    refused = threading.Event()
    server = play(script, use, ready=ready)
    assert [f["seq"] for f in server.peer.frames[1:-1]] == list(range(room + 1))


@pytest.mark.requirement("A-CLIENT-9")
def test_answers_that_have_arrived_make_room_and_none_is_lost(play):
    def script(peer):
        for seq in range(4):
            peer.expect("observation")
            peer.chunk(seq)

    def use(stream):
        for _ in range(4):
            send_when_there_is_room(stream)
        assert [stream.recv_action()["seq"] for _ in range(4)] == [0, 1, 2, 3]

    play(script, use, ready={"limits": {"max_in_flight": 1}})


def send_when_there_is_room(stream):
    stop = time.monotonic() + 5
    while time.monotonic() < stop:
        try:
            return stream.send_observation([1])
        except LocalProtocolError:
            time.sleep(0.001)
    raise AssertionError("no room within 5 s")


def test_drops_are_passed_over_and_listed(play):
    drops = [
        {"type": "observation.dropped", "seq": seq, "reason": "superseded"} for seq in range(2)
    ]

    def script(peer):
        for _ in range(3):
            peer.expect("observation")
        peer.send(drops[0])
        peer.send(drops[1])
        peer.chunk(2)

    def use(stream):
        for _ in range(3):
            stream.send_observation([1])
        assert stream.recv_action()["seq"] == 2
        assert stream.dropped == drops

    server = play(script, use, ready={"queue": "latest"}, queue="latest")
    assert server.peer.frames[0]["queue"] == "latest"


def test_a_drop_of_the_last_observation_ends_the_wait(play):
    drop = {"type": "observation.dropped", "seq": 0, "reason": "expired"}

    def script(peer):
        peer.expect("observation")
        peer.send(drop)
        peer.expect("observation")
        peer.chunk(1)

    def use(stream):
        stream.send_observation([1], max_age_ms=5)
        with pytest.raises(ObservationLost, match=r"observation 0 was dropped \(expired\)") as lost:
            stream.recv_action()
        assert lost.value.frame == drop
        stream.send_observation([1])
        assert stream.recv_action()["seq"] == 1

    play(script, use)


def test_in_fifo_an_answer_settles_the_older_observations_that_got_none(play):
    def script(peer):
        for last in (1, 3):
            peer.expect("observation")
            peer.expect("observation")
            peer.chunk(last)

    def use(stream):
        for last in (1, 3):
            stream.send_observation([1])
            assert stream.send_observation([1]) == last
            assert stream.recv_action()["seq"] == last

    play(script, use, ready={"limits": {"max_in_flight": 2}})
