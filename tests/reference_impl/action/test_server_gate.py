"""Who may come in."""

import json

import pytest

from risp.reference_impl.action.serving.gate import Gate, Handshake, Refusal, Welcome
from risp.reference_impl.action.serving.settings import Settings
from risp.reference_impl.redacting import redact

KEYED = Gate(Settings(keys=("first", "sécond")))
OPEN = Gate(Settings())


def asking(query: str = "", offers: tuple[str, ...] = (), **headers: str) -> Handshake:
    """A handshake as it comes off the wire, where a header is so many bytes."""
    values = {name: [value.encode().decode("latin-1")] for name, value in headers.items()}
    return Handshake(values, query, offers)


def status(gate: Gate, handshake: Handshake) -> int:
    verdict = gate.judge(handshake)
    return verdict.status if isinstance(verdict, Refusal) else 101


@pytest.mark.parametrize("header", ["Bearer first", "bearer first", "Bearer  sécond "])
def test_each_key_opens(header):
    assert KEYED.judge(asking(authorization=header)) == Welcome()


@pytest.mark.parametrize("header", ["Bearer", "Bearer firs", "Basic first", "first", ""])
def test_anything_else_is_refused_with_a_challenge(header):
    refusal = KEYED.judge(asking(authorization=header))
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.headers) == (401, {"WWW-Authenticate": "Bearer"})
    body = json.loads(refusal.body)
    assert (body["code"], sorted(body)) == ("unauthorized", ["code", "detail"])


def test_two_authorization_headers_open_nothing():
    both = Handshake({"authorization": ["Bearer first", "Bearer first"]})
    assert status(KEYED, both) == 401


@pytest.mark.requirement("A-HAND-15")
def test_a_key_in_the_query_opens_nothing():
    assert status(KEYED, asking("token=first")) == 401
    assert status(KEYED, asking("token=first", authorization="Bearer wrong")) == 401
    assert status(KEYED, asking()) == 401


def test_the_header_alone_decides():
    class WithTokens(Gate):
        def is_token(self, token):
            return token == "short-lived"

    gate = WithTokens(KEYED.settings)
    assert status(gate, asking("token=short-lived")) == 101
    assert status(gate, asking("token=short-lived", authorization="Bearer wrong")) == 401


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:3000", "127.0.0.1:8080"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://[::1]:5173", "127.0.0.1:8080"),
        ("https://app.localhost", "127.0.0.1:8080"),
        ("http://192.168.0.7:8080", "192.168.0.7:8080"),
    ],
)
def test_pages_of_this_machine_and_of_this_server_come_in_without_a_key(origin, host):
    assert status(OPEN, asking(origin=origin, host=host)) == 101


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "127.0.0.1:8080"),
        ("null", "127.0.0.1:8080"),
        ("", "127.0.0.1:8080"),
        ("http://localhost.evil.example", "127.0.0.1:8080"),
        ("http://192.168.0.7:9999", "192.168.0.7:8080"),
        ("http://rebound.example:8080", "rebound.example:8080"),
        ("http://[", "127.0.0.1:8080"),
    ],
)
def test_foreign_pages_are_refused_without_a_key(origin, host):
    refusal = OPEN.judge(asking(origin=origin, host=host))
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.code) == (403, "foreign_origin")


def test_a_name_counts_as_own_where_the_operator_listens_on_it():
    gate = Gate(Settings(host="robot.local"))
    assert status(gate, asking(origin="http://robot.local", host="robot.local")) == 101


def test_with_a_key_any_page_may_come():
    page = asking(origin="https://app.example", authorization="Bearer first")
    assert status(KEYED, page) == 101


@pytest.mark.parametrize(
    ("offers", "verdict"),
    [
        ((), Welcome()),
        (("graphql-ws",), Welcome()),
        (("risp.v1.json",), Welcome("risp.v1.json")),
        (("risp.v9.msgpack", "x", "risp.v1.json"), Welcome("risp.v1.json")),
    ],
)
def test_ours_is_selected_and_foreign_offers_are_ignored(offers, verdict):
    assert OPEN.judge(asking(offers=offers)) == verdict


def test_only_unknown_offers_of_our_name_are_refused():
    refusal = OPEN.judge(asking(offers=("risp.v9.json", "other")))
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.headers) == (426, {"Upgrade": "websocket"})


def test_no_more_come_in_than_there_is_room_for():
    gate = Gate(Settings(max_sessions=2))
    gate.sessions = 1
    assert status(gate, asking()) == 101
    gate.sessions = 2
    refusal = gate.judge(asking())
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.headers) == (503, {"Retry-After": "5"})


def test_nobody_comes_in_while_the_server_ends():
    gate = Gate(Settings())
    gate.ending = True
    refusal = gate.judge(asking())
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.code) == (503, "shutting_down")


@pytest.mark.requirement("A-HAND-16")
@pytest.mark.parametrize(
    ("line", "logged"),
    [
        (
            '"WebSocket /v1/actions?token=abc&x=1" 101',
            '"WebSocket /v1/actions?[redacted]" 101',
        ),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_no_key_and_no_token_reaches_a_log(line, logged):
    assert redact(line) == logged
