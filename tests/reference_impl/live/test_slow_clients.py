"""Clients that do not send what they began, or do not read."""

import asyncio
import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from tests.reference_impl.live.here import served

rule = pytest.mark.requirement
CLOCK_S = 0.4
"""The clock of ten seconds, for tests."""


@pytest.fixture(scope="module")
def here():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("risp.reference_impl.transport.REQUEST_WITHIN_S", CLOCK_S)
        patch.setattr("risp.reference_impl.transport.SPARE_S", 0.2)
        with served() as here:
            yield here


@contextmanager
def plugged(here):
    with socket.create_connection(("127.0.0.1", here.port), timeout=5) as raw:
        yield raw


def head(method="POST", path="/sessions", *headers):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def until_closed(raw):
    """What comes until the server closes, and how long that takes."""
    start, data = time.monotonic(), b""
    try:
        while part := raw.recv(4096):
            data += part
    except ConnectionResetError:
        pass
    return data, time.monotonic() - start


def status(data):
    return int(data.split()[1]) if data else 0


def problem(data):
    return json.loads(data.partition(b"\r\n\r\n")[2])


@rule("L-HTTP-24")
@pytest.mark.parametrize("begun", [b"", b"PO", head()[:-2], head("POST", "/sessions", "X: y")[:-1]])
def test_a_head_that_does_not_come_is_waited_for_no_longer(here, begun):
    with plugged(here) as raw:
        raw.sendall(begun)
        data, seconds = until_closed(raw)
    assert data == b""
    assert CLOCK_S - 0.1 < seconds < CLOCK_S + 1


@rule("L-HTTP-24")
@pytest.mark.parametrize("announced", ["Content-Length: 40", "Transfer-Encoding: chunked"])
def test_a_body_that_does_not_come_is_answered_408(here, announced):
    with plugged(here) as raw:
        raw.sendall(head("POST", "/sessions", announced, "Origin: http://localhost"))
        data, seconds = until_closed(raw)
    assert status(data) == 408
    assert problem(data)["code"] == "too_slow"
    assert b"access-control-allow-origin: http://localhost" in data
    assert CLOCK_S - 0.1 < seconds < CLOCK_S + 1


@rule("L-HTTP-24")
def test_a_body_that_trickles_in_is_cut_off_all_the_same(here):
    with plugged(here) as raw:
        raw.sendall(head("POST", "/sessions", "Content-Length: 4000"))
        over = threading.Event()

        def trickle():
            while not over.wait(0.05):
                try:
                    raw.sendall(b" ")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        data, seconds = until_closed(raw)
        over.set()
        thread.join()
    assert status(data) in (0, 408)  # what it still sent may have reset the connection
    assert seconds < CLOCK_S + 1


def test_the_time_for_the_head_counts_for_the_body_too(here):
    with plugged(here) as raw:
        whole = head("POST", "/sessions", "Content-Length: 40")
        start = time.monotonic()
        raw.sendall(whole[:20])
        time.sleep(CLOCK_S * 0.7)
        raw.sendall(whole[20:])
        data, _ = until_closed(raw)
    assert status(data) == 408
    assert time.monotonic() - start < CLOCK_S * 1.6


@rule("L-HTTP-24")
def test_a_large_file_has_more_time_and_its_place_may_be_used_again_if_it_is_cut(here):
    path = here.reserve(here.create(), 1 << 16)
    with plugged(here) as raw:
        raw.sendall(head("PUT", path, f"Content-Length: {1 << 16}") + b"x" * 1000)
        data, seconds = until_closed(raw)
    assert status(data) == 408
    assert CLOCK_S + 0.9 < seconds < CLOCK_S + 2
    assert here.http.put(path, content=b"y" * (1 << 16)).status_code == 200


def test_the_second_request_of_a_connection_has_a_clock_too(here):
    with plugged(here) as raw:
        raw.sendall(head("GET", "/health"))
        assert b"healthy" in raw.recv(4096)
        time.sleep(CLOCK_S * 1.5)  # idle is not slow
        raw.sendall(head("GET", "/health"))
        assert b"healthy" in raw.recv(4096)
        raw.sendall(b"GE")
        data, seconds = until_closed(raw)
    assert data == b""
    assert CLOCK_S - 0.1 < seconds < CLOCK_S + 1


def test_requests_that_come_in_one_piece_are_answered_in_order_and_their_bodies_waited_for(here):
    with plugged(here) as raw:
        raw.sendall(head("GET", "/health") + head("POST", "/start_session", "Content-Length: 9"))
        data, seconds = until_closed(raw)
    assert data.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 408" in data
    assert seconds < CLOCK_S + 1


def test_what_is_refused_before_its_body_is_read_is_answered_at_once(here):
    with plugged(here) as raw:
        start = time.monotonic()
        raw.sendall(head("POST", "/sessions", "Content-Length: 99999999"))
        data = raw.recv(4096)
        assert time.monotonic() - start < CLOCK_S
        assert status(data) == 413
        _, seconds = until_closed(raw)
    assert seconds < CLOCK_S + 1, "the rest is not waited for any longer"


def test_a_client_that_goes_away_in_the_middle_leaves_nothing_behind(here, caplog):
    with plugged(here) as raw:
        raw.sendall(head("POST", "/sessions", "Content-Length: 40") + b"{")
    assert here.http.get("/health").status_code == 200
    assert caplog.records == [] or all(r.levelname in ("DEBUG", "INFO") for r in caplog.records)


def test_what_goes_on_for_long_is_not_cut(here):
    with here.http.stream("GET", "/events") as answer:
        came = answer.iter_lines()
        next(came)
        time.sleep(CLOCK_S * 2)
        here.loop.call_soon_threadsafe(here.live.journal.add, "x", "a", "b", {})
        assert any(line.startswith("data:") for line in came)


def test_many_who_are_slow_do_not_hold_up_one_who_is_not(here):
    slow = [socket.create_connection(("127.0.0.1", here.port), timeout=5) for _ in range(50)]
    try:
        for raw in slow:
            raw.sendall(head("POST", "/sessions", "Content-Length: 40"))
        start = time.monotonic()
        assert here.http.get("/health").status_code == 200
        assert time.monotonic() - start < CLOCK_S
        for raw in slow:
            assert status(until_closed(raw)[0]) == 408
    finally:
        for raw in slow:
            raw.close()


def test_no_request_leaves_a_task_behind(here):
    async def tasks():
        return len(asyncio.all_tasks())

    def count():
        return asyncio.run_coroutine_threadsafe(tasks(), here.loop).result(5)

    here.http.get("/health")
    before = count()
    with plugged(here) as raw:
        raw.sendall(head("POST", "/sessions", "Content-Length: 40"))
        until_closed(raw)
    until = time.monotonic() + 5
    while count() > before and time.monotonic() < until:
        time.sleep(0.02)
    assert count() <= before
