"""The handshake over real sockets."""

import json

import pytest

from tests.reference_impl.action.wire import answer, frame, head, masked, plugged, request, whole
from tests.support import spawn_server

OPEN = b'{"type":"session.open","prompt":"p"}'


@pytest.fixture(scope="module")
def keyless():
    with spawn_server("--max-sessions", "3") as server:
        yield server


@pytest.fixture(scope="module")
def keyed():
    with spawn_server("--key", "one", "--key", "two") as server:
        yield server


def test_the_status_line_has_a_space_after_101_and_no_data_comes_along(keyless):
    with plugged(keyless.port) as raw:
        raw.sendall(request(keyless.port, "Sec-WebSocket-Extensions: permessage-deflate"))
        before, after = head(raw)
        assert before.startswith(b"HTTP/1.1 101 ")
        assert (b"extensions" in before.lower(), after) == (False, b"")
        raw.sendall(masked(OPEN))
        opcode, fin, payload = frame(raw)
        assert (opcode, fin, json.loads(payload)["type"]) == (1, True, "session.ready")


def test_a_handshake_that_trickles_in_is_answered(keyless):
    with plugged(keyless.port) as raw:
        for byte in request(keyless.port):
            raw.sendall(bytes([byte]))
        assert head(raw)[0].startswith(b"HTTP/1.1 101 ")


def test_ours_is_selected(keyless):
    status, fields, _ = answer(keyless.port, "Sec-WebSocket-Protocol: x, risp.v1.json")
    assert (status, fields["sec-websocket-protocol"]) == (101, "risp.v1.json")


def test_foreign_offers_are_ignored(keyless):
    status, fields, _ = answer(keyless.port, "Sec-WebSocket-Protocol: x, y")
    assert (status, "sec-websocket-protocol" in fields) == (101, False)


@pytest.mark.parametrize(
    ("path", "header", "status", "code"),
    [
        ("/v1/action", "", 404, "not_found"),
        ("/v1/actions/", "", 404, "not_found"),
        ("/", "", 404, "not_found"),
        ("/v1/actions", "Origin: https://evil.example", 403, "foreign_origin"),
        ("/v1/actions", "Sec-WebSocket-Protocol: risp.v7", 426, "unknown_subprotocol"),
    ],
)
def test_a_refusal_has_a_body_of_json(keyless, path, header, status, code):
    got, fields, body = answer(keyless.port, *filter(None, [header]), path=path)
    assert (got, fields["content-type"]) == (status, "application/json")
    assert json.loads(body)["code"] == code
    assert fields.get("upgrade") == ("websocket" if status == 426 else None)


@pytest.mark.parametrize("path", ["/v1/actions", "/other"])
def test_plain_http_is_answered_too(keyless, path):
    with plugged(keyless.port) as raw:
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        status, _fields, body = whole(raw)
    assert status == (426 if path == "/v1/actions" else 404)
    assert sorted(json.loads(body)) == ["code", "detail"]


def test_a_full_server_says_when_to_come_back(keyless):
    with plugged(keyless.port) as a, plugged(keyless.port) as b, plugged(keyless.port) as c:
        for raw in (a, b, c):
            raw.sendall(request(keyless.port))
            head(raw)
        status, fields, body = answer(keyless.port)
        assert (status, fields["retry-after"]) == (503, "5")
        assert json.loads(body)["code"] == "unavailable"


@pytest.mark.parametrize("key", ["one", "two"])
def test_every_key_opens(keyed, key):
    assert answer(keyed.port, f"Authorization: Bearer {key}")[0] == 101


@pytest.mark.requirement("A-HAND-15")
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/actions", ()),
        ("/v1/actions?token=one", ()),
        ("/v1/actions?token=one", ("Authorization: Bearer wrong",)),
        ("/v1/actions", ("Authorization: Basic one",)),
    ],
)
def test_without_a_known_key_nobody_comes_in(keyed, path, headers):
    status, fields, body = answer(keyed.port, *headers, path=path)
    assert (status, fields["www-authenticate"]) == (401, "Bearer")
    assert json.loads(body)["code"] == "unauthorized"


@pytest.mark.requirement("A-HAND-16")
def test_no_key_and_no_token_is_logged():
    with spawn_server("--key", "long-lived", "--verbose") as server:
        answer(server.port, "Authorization: Bearer long-lived", path="/v1/actions?token=short-one")
        answer(server.port, "Authorization: Bearer almost-it", path="/v1/actions?token=short-one")
        server.end()
    log = "\n".join(server.log)
    assert "/v1/actions" in log
    for secret in ("long-lived", "almost-it", "short-one"):
        assert secret not in log


@pytest.mark.slow
def test_who_does_not_finish_a_request_is_cut_off_and_who_waits_for_a_session_is_not(keyless):
    with plugged(keyless.port) as idle, plugged(keyless.port) as half, plugged(keyless.port) as ws:
        half.sendall(request(keyless.port)[:40])
        ws.sendall(request(keyless.port))
        head(ws)
        for raw in (idle, half):
            raw.settimeout(15)
            assert raw.recv(1) == b""
        ws.sendall(masked(OPEN))
        assert frame(ws)[0] == 1
