"""What is tried again, after which waits, and for how long."""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from risp.reference_impl.action import ConnectionEnded, ServerError, WebSocketHandshakeError
from risp.reference_impl.action.handshake import retry_after
from tests.scripted_server import ScriptedServer

BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def refuse(status, **headers):
    def script(peer):
        peer.refuse(status, {name.replace("_", "-"): value for name, value in headers.items()})
        peer.until_gone()

    return script


def well(peer):
    peer.open()
    peer.until_closed()


def fail(code, **members):
    def script(peer):
        peer.upgrade()
        peer.expect("session.open")
        peer.send({"type": "error", "code": code, "message": "m", **members})
        peer.until_closed()

    return script


def dated(seconds):
    return format_datetime(BEGIN + timedelta(seconds=seconds), usegmt=True)


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize("status", [403, 404, 408, 425, 429, 500, 501, 503, 505, 507, 599])
def test_a_transient_status_is_tried_again(skin, status):
    with ScriptedServer(refuse(status), well) as server:
        stream, network = skin.patient(server.url, connect_retry_seconds=10)
        stream.open().close()
    assert network.slept == [0.5]


@pytest.mark.parametrize("status", [200, 301, 400, 401, 402, 409, 410, 413, 422, 426])
def test_any_other_status_is_final_at_once(skin, status):
    with ScriptedServer(refuse(status)) as server:
        stream, network = skin.patient(server.url, connect_retry_seconds=10)
        with pytest.raises(WebSocketHandshakeError) as caught:
            stream.open()
    assert (caught.value.status_code, network.slept) == (status, [])


def test_after_503_and_503_comes_101_within_the_stated_window(skin):
    with ScriptedServer(refuse(503), refuse(503), well) as server:
        stream = skin.stream(server.url, connect_retry_seconds=5).open()
        # 0.5 s and 0.8 s of waiting, and nothing else that takes long.
        assert 1300 <= stream.open_timing["open_ms"] < 2300
        stream.close()


def test_the_waits_grow_and_the_last_one_ends_with_the_window(skin):
    with ScriptedServer(*[refuse(503)] * 9) as server:
        stream, network = skin.patient(server.url, connect_retry_seconds=20)
        with pytest.raises(WebSocketHandshakeError) as caught:
            stream.open()
    assert caught.value.status_code == 503
    assert network.slept[:6] == pytest.approx([0.5, 0.8, 1.28, 2.048, 3.2768, 5.0])
    assert sum(network.slept) == pytest.approx(20, abs=1)
    assert len(network.slept) == 8


def test_a_window_of_zero_means_one_attempt(skin):
    with ScriptedServer(refuse(503)) as server:
        stream, network = skin.patient(server.url, connect_retry_seconds=0)
        with pytest.raises(WebSocketHandshakeError):
            stream.open()
    assert network.slept == []


@pytest.mark.requirement("A-CLIENT-8")
@pytest.mark.parametrize(
    "headers", [{"Retry_After": "7"}, {"Retry_After": dated(7), "Date": dated(0)}]
)
def test_a_wait_that_the_server_asks_for_is_kept(skin, headers):
    with ScriptedServer(refuse(503, **headers), well) as server:
        stream, network = skin.patient(server.url, connect_retry_seconds=10)
        stream.open().close()
    assert network.slept == [7.0]


@pytest.mark.requirement("A-CLIENT-8")
def test_a_wait_beyond_the_window_is_not_begun(skin):
    with ScriptedServer(refuse(429, Retry_After="11")) as server:
        stream, network = skin.patient(server.url, connect_retry_seconds=10)
        with pytest.raises(WebSocketHandshakeError) as caught:
            stream.open()
    assert (caught.value.retry_after, network.slept) == (11.0, [])


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": dated(90), "date": dated(30)}, 60.0),
        ({"retry-after": dated(30), "date": dated(90)}, 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(headers, seconds):
    assert retry_after(headers) == seconds


def test_a_date_without_the_servers_own_clock_is_held_against_ours():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert retry_after({"retry-after": soon}) == pytest.approx(60, abs=5)


def test_a_port_that_nobody_listens_on_is_tried_again_until_the_window_ends(skin):
    stream, network = skin.patient(f"ws://127.0.0.1:{closed_port()}", connect_retry_seconds=2)
    with pytest.raises(ConnectionRefusedError):
        stream.open()
    assert network.slept == pytest.approx([0.5, 0.8, 0.7], abs=0.1)


def test_a_hang_up_during_the_upgrade_is_tried_again(skin):
    with ScriptedServer(lambda peer: peer.read_head(), well) as server:
        stream, network = skin.patient(server.url, connect_retry_seconds=10)
        stream.open().close()
    assert network.slept == [0.5]


def test_a_server_that_never_answers_the_upgrade_is_tried_again(skin):
    def mute(peer):
        peer.read_head()
        peer.until_gone()

    with ScriptedServer(mute, well) as server:
        stream, network = skin.patient(server.url, connect_retry_seconds=10, timeout=0.3)
        stream.open().close()
    assert network.slept == [0.5]


@pytest.mark.requirement("A-CLIENT-8")
def test_a_server_that_is_loading_is_asked_again_when_it_says(skin):
    busy = fail("unavailable", fatal=True, retryable=True, retry_after_ms=3000)
    with ScriptedServer(busy, well) as server:
        stream, network = skin.patient(server.url, connect_retry_seconds=10)
        stream.open().close()
    assert network.slept == [3.0]


@pytest.mark.parametrize(
    "members", [{}, {"fatal": True}, {"retryable": True}, {"fatal": True, "retryable": False}]
)
def test_any_other_error_in_place_of_ready_is_final(skin, members):
    with ScriptedServer(fail("unknown_model", **members)) as server:
        stream, network = skin.patient(server.url, connect_retry_seconds=10)
        with pytest.raises(ServerError) as caught:
            stream.open()
    assert (caught.value.code, network.slept) == ("unknown_model", [])


@pytest.mark.parametrize(
    ("code", "slept"), [(1001, [0.5]), (1013, [0.5]), (1008, []), (1002, []), (1000, [])]
)
def test_a_close_in_place_of_ready_is_tried_again_if_it_blames_the_moment(skin, code, slept):
    def script(peer):
        peer.upgrade()
        peer.expect("session.open")
        peer.close(code, "why")
        peer.until_closed()

    with ScriptedServer(script, *([well] if slept else [])) as server:
        stream, network = skin.patient(server.url, connect_retry_seconds=10)
        if slept:
            stream.open().close()
        else:
            with pytest.raises(ConnectionEnded) as caught:
                stream.open()
            assert (caught.value.code, caught.value.reason) == (code, "why")
    assert network.slept == slept


@pytest.mark.parametrize(("text", "window"), [("3", 3.0), ("", 90.0)])
def test_the_environment_sets_the_window(skin, monkeypatch, text, window):
    monkeypatch.setenv("RISP_CONNECT_RETRY_SECONDS", text)
    stream, network = skin.patient(f"ws://127.0.0.1:{closed_port()}", connect_retry_seconds=None)
    with pytest.raises(ConnectionRefusedError):
        stream.open()
    assert sum(network.slept) == pytest.approx(window, abs=1)


@pytest.mark.parametrize("text", ["soon", "-1", "nan"])
def test_a_window_that_is_none_is_refused(skin, monkeypatch, text):
    monkeypatch.setenv("RISP_CONNECT_RETRY_SECONDS", text)
    with pytest.raises(ValueError, match=r"(?i)connect_retry_seconds"):
        skin.stream("ws://h", connect_retry_seconds=None)
