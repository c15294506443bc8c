"""Faults in HTTP: each at every step where it can happen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

from risp.reference_impl.live.client import Timeouts

from .misdeeds import (
    drips,
    hangs,
    is_a_bomb,
    is_huge,
    is_no_http,
    refuses,
    resets,
    says,
    stops_halfway,
)
from .playing import DOWN, QUICK, READY, WAITED, Row, Scene, statuses_at, ways
from .scripted import CAPABILITIES, SESSION, TRACKS, Misdeed, Scripted, gone

HASTY = Timeouts(request_s=0.4, close_s=1.0)
"""Requests are not waited for long."""
REQUEST = ("request_s",)
Made = Callable[[], Misdeed]


async def connects(scene: Scene) -> None:
    """connect()"""
    if scene.server.faults.get("start" if scene.client._where.local else "token") is gone:
        await scene.server.leave()
    scene.restart()
    await scene.client.connect()


def at_every_step() -> dict[str, tuple[Made, dict[str, Any]]]:
    """Name of the fault: what the server does, and what the caller sees."""
    out = {"code": "unreachable", "recoverable": True}
    late = {"code": "timed_out", "recoverable": True, "timeouts": HASTY, "bounds": REQUEST}
    bad = {"code": "bad_answer"}

    def no(status: int, code: str, recoverable: bool = False, **headers: str) -> tuple[Made, Any]:
        told = code or f"http_{status}"
        sees: dict[str, Any] = {"code": told, "recoverable": recoverable}
        if headers:
            sees["retry_after"] = float(headers["Retry_After"])
        return lambda: refuses(status, code, **headers), sees

    return {
        "connection refused": (lambda: gone, out),
        "reset in the middle of the answer": (lambda: resets, out),
        "an answer that is not HTTP": (lambda: is_no_http, out),
        "no answer": (lambda: hangs, late),
        "an answer that stops halfway": (lambda: stops_halfway, late),
        "an answer that drips for ever": (lambda: drips, late),
        "an answer that is not JSON": (lambda: says("jwt=5"), bad),
        "an answer in HTML": (lambda: says("<html>Welcome</html>"), bad),
        "a JSON list": (lambda: says([1]), bad),
        "JSON nested too deep": (lambda: says('{"a":' + "[" * 999 + "]" * 999 + "}"), bad),
        "10 MB": (lambda: is_huge, bad),
        "10 MB, packed to 10 kB": (lambda: is_a_bomb, bad),
        "a redirect elsewhere": (
            lambda: says({}, 307, {"Location": "http://localhost:9/elsewhere"}),
            {"code": "http_307"},
        ),
        "403 without a code": no(403, ""),
        "403 of a proxy, in HTML": (lambda: says("<html>", 403), {"code": "http_403"}),
        "404": no(404, "unknown_session"),
        "426": no(426, "client_too_old"),
        "501": no(501, "server_too_old"),
        "429, Retry-After: 7": no(429, "too_many_sessions", True, Retry_After="7"),
        "500": no(500, "internal", True),
        "502 of a proxy": no(502, "", True),
        "503 loading, Retry-After: 1": no(503, "loading", True, Retry_After="1"),
    }


WRONG: dict[str, list[Any]] = {
    "token": [{}, {"jwt": None}, {"jwt": 5}, {"jwt": ""}, {"jwt": "a\nb"}, {"jwt": "ü"}],
    "create": [{}, {"session_id": None}, {"session_id": 5}, {"session_id": ""}],
    "poll": [
        {},
        {"session_id": 5},
        {"session_id": "another", "selected_transport": {"a": 1}, "capabilities": CAPABILITIES},
        *(
            {"session_id": SESSION, "selected_transport": {"a": 1}, "capabilities": one}
            for one in (
                [1],
                "x",
                {"tracks": 7},
                {"tracks": [7]},
                {"tracks": [{"name": "a"}]},
                {"tracks": [{"name": "a", "kind": "smell", "direction": "recvonly"}]},
                {"tracks": [TRACKS[0], TRACKS[0]]},
                {"tracks": [{**TRACKS[0], "name": f"t{n}"} for n in range(1000)]},
            )
        ),
    ],
    "ice_servers": [
        {},
        {"ice_servers": None},
        {"ice_servers": {"a": 1}},
        {"ice_servers": [5]},
        {"ice_servers": [{"uris": "stun:a"}]},
    ],
    "register": [
        {},
        {"connection_id": None},
        {"connection_id": "5001"},
        {"connection_id": True},
        {"connection_id": 5001.5},
        {"connection_id": 0},
        {"connection_id": 10_000},
        '{"connection_id": 1e999}',
        '{"connection_id": ' + "9" * 380 + "}",
    ],
    "answer": [{}, {"sdp_answer": None}, {"sdp_answer": 5}, {"sdp_answer": ""}],
    "reserve": [{}, {"presigned_id": 5}, {"presigned_id": "a"}, {"presigned_id": "a", "x": 1}],
}
"""Members that are missing, null or of a wrong type."""


def _http() -> Iterator[Row]:
    for local in (False, True):
        for step in ("start",) if local else ways(local):
            statuses = statuses_at(step)
            for fault, (made, sees) in at_every_step().items():
                if fault == "404" and step not in ("ice_servers", "register", "offer", "answer"):
                    continue
                more = {**sees, "ends": fault != "connection refused"}
                yield Row(
                    fault=fault,
                    step=step,
                    local=local,
                    act=connects,
                    faults={step: made()},
                    statuses=statuses,
                    **more,
                )
            for n, body in enumerate(WRONG.get({"start": "poll"}.get(step, step), [])):
                if step == "start" and n == 2:
                    continue  # it may name any session
                yield Row(
                    fault=f"a member is missing or wrong ({n + 1})",
                    step=step,
                    local=local,
                    act=connects,
                    faults={step: says(body)},
                    statuses=statuses,
                    code="bad_answer",
                )


def _of_one_step() -> Iterator[Row]:
    def row(fault: str, step: str, misdeed: Misdeed, code: str, **more: Any) -> Row:
        more = {"statuses": statuses_at(step), **more}
        return Row(fault=fault, step=step, act=connects, faults={step: misdeed}, code=code, **more)

    yield row("a key that is refused", "token", refuses(401, "unauthorized"), "unauthorized")
    yield row("a token that is refused", "create", refuses(401), "unauthorized")
    yield row("a token that is refused", "answer", refuses(401), "unauthorized")
    yield row(
        "a model that is not served", "create", refuses(404, "unknown_model"), "unknown_model"
    )
    yield row("403", "create", refuses(403, "model_not_allowed"), "model_not_allowed")
    yield row("no such thing", "token", refuses(404, "not_found"), "not_found")
    long = "x" * 100_000
    yield row("a code without an end", "create", refuses(400, long), "x" * 300)
    for said, seconds in (
        ("0", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0),
        ("Sun Nov  6 08:49:37 1994", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("9" * 400, 3600.0),
    ):
        fault = f"429, Retry-After: {said[:30]}"
        misdeed = refuses(429, "too_many_sessions", Retry_After=said)
        more = {"recoverable": True, "retry_after": seconds}
        yield row(fault, "create", misdeed, "too_many_sessions", **more)
    more = {"recoverable": True, "retry_after": 90.0}
    fault = "429, Retry-After: a date in 90 s"
    yield row(fault, "create", _refuses_until, "too_many_sessions", **more)
    for state in ("CLOSED", "INACTIVE"):
        told = {"session_id": SESSION, "state": state}
        yield row(f"the session is {state}", "poll", says(told), "session_ended")
    short: dict[str, Any] = {"timeouts": Timeouts(place_s=0.4, close_s=1.0), "bounds": ("place_s",)}
    for state in ("WAITING", "a state that nobody knows", None, ["WAITING"]):
        told = {"session_id": SESSION, "state": state}
        fault = f"the session is {state} for ever"
        yield row(fault, "poll", says(told), "no_place", recoverable=True, **short)
    short = {"timeouts": Timeouts(answer_s=0.4, close_s=1.0), "bounds": ("answer_s",)}
    for body in (None, {}):
        misdeed = says(body, 202)
        fault = f"202 for ever ({body})"
        yield row(
            fault, "answer", misdeed, "no_answer", recoverable=True, component="connection", **short
        )
    fine: dict[str, Any] = {"statuses": READY, "keeps": True}
    yield row("the offer has failed", "answer", refuses(422, "offer_failed"), "offer_failed")
    yield row("an expiry that is no time", "poll", _expires("1e999"), "", **fine)
    yield row("an expiry beyond all floats", "poll", _expires("9" * 380), "", **fine)
    for uri in ("nonsense", "stun:", "turn:127.0.0.1?transport=smell", "http://127.0.0.1/", ""):
        misdeed = says({"ice_servers": [{"uris": [uri]}]})
        fault = f"the ICE server {uri or 'without a name'}"
        yield row(fault, "ice_servers", misdeed, "", **fine)
    misdeed = says({"ice_servers": [{"uris": ["turn:127.0.0.1:9?transport=udp"]}]})
    short = {"timeouts": Timeouts(open_s=0.4, close_s=1.0), "bounds": ("open_s",)}
    fault = "a TURN server that says nothing"
    out = {"recoverable": True, "component": "connection", "statuses": WAITED}
    yield row(fault, "ice_servers", misdeed, "channel_timed_out", **out, **short)


async def _refuses_until(server: Scripted, request: Any) -> Any:
    date = formatdate(time.time() + 90, usegmt=True)
    return await refuses(429, "too_many_sessions", Retry_After=date)(server, request)


def _expires(number: str) -> Misdeed:
    async def answer(server: Scripted, request: Any) -> Any:
        from aiohttp import web

        told = web.json_response(server.told(True)).text or ""
        return web.Response(text=told[:-1] + f', "expires_at": {number}}}')

    return answer


def _local() -> Iterator[Row]:
    busy = Timeouts(busy_s=0.4, close_s=1.0)
    running = refuses(409, "session_running")
    yield Row(
        fault="a local session runs already",
        step="start",
        local=True,
        act=connects,
        faults={"start": running},
        timeouts=busy,
        bounds=("busy_s",),
        code="session_running",
        statuses=DOWN,
    )
    yield Row(
        fault="a local session is just ending",
        step="start",
        local=True,
        act=connects,
        faults={"start": says({"code": "session_running"}, 409, times=2)},
        timeouts=QUICK,
        bounds=("busy_s",),
        statuses=READY,
        keeps=True,
    )


ROWS: tuple[Row, ...] = (*_http(), *_of_one_step(), *_local())
