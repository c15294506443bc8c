"""Pages of other origins, and what a server lets them do."""

import itertools

import httpx
import pytest

from risp.protocol.live.http import ENDPOINTS
from tests.reference_impl.live.here import OWN, Here, served

rule = pytest.mark.requirement


def published():
    """Each path once, with its methods."""
    rows = sorted(ENDPOINTS, key=lambda row: row.path)
    for path, group in itertools.groupby(rows, key=lambda row: row.path):
        yield path, list(group)


def preflight(here: Here, path: str, method: str, origin: str, **headers: str) -> httpx.Response:
    asking = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,reactor-api-version",
    }
    return here.http.options(path, headers=asking | headers)


@rule("L-HTTP-16")
@rule("L-HTTP-17")
@rule("L-HTTP-20")
@pytest.mark.parametrize(("path", "rows"), list(published()))
def test_a_preflight_succeeds_at_every_published_path_without_a_token(keyless, keyed, path, rows):
    url = rows[0].url(session_id="x", connection_id=2000, upload_id="x")
    local = {"/session", "/start_session", "/stop_session", "/schema", "/events"}
    for here, origin in ((keyless, OWN), (keyed, "https://app.example")):
        answer = preflight(here, url, rows[0].method, origin)
        if (here is keyless and path == "/tokens") or (here is keyed and path in local):
            assert answer.status_code == 404
            continue
        assert (answer.status_code, answer.content) == (204, b"")
        head = answer.headers
        assert head["access-control-allow-origin"] == (origin if here is keyless else "*")
        allowed = {name.strip() for name in head["access-control-allow-headers"].split(",")}
        assert allowed >= {
            "authorization",
            "content-type",
            "reactor-api-version",
            "reactor-api-accept-version",
            "reactor-webrtc-version",
        }
        methods = {name.strip() for name in head["access-control-allow-methods"].split(",")}
        assert methods >= {row.method for row in rows}
        assert head["access-control-max-age"] == "600"
        assert "access-control-allow-credentials" not in head
        assert "access-control-allow-private-network" not in head


def test_a_preflight_into_a_private_network_is_answered_to_those_who_may_ask(keyless):
    private = {"Access-Control-Request-Private-Network": "true"}
    good = preflight(keyless, "/session", "GET", OWN, **private)
    assert good.headers["access-control-allow-private-network"] == "true"
    bad = preflight(keyless, "/session", "GET", "https://evil.example", **private)
    assert bad.status_code == 403
    assert not any(name.startswith("access-control") for name in bad.headers)


@rule("L-HTTP-18")
@rule("L-HTTP-19")
@rule("L-HTTP-20")
def test_every_answer_has_its_cors_headers(keyless, keyed):
    for here, origin in ((keyless, OWN), (keyed, "https://app.example")):
        for method, path, status in (
            ("GET", "/health", 200),
            ("GET", "/nope", 404),
            ("GET", "/sessions/nope", 401 if here is keyed else 404),
            ("GET", "/sessions", 405),
            ("POST", "/sessions", 401 if here is keyed else 422),
            ("PUT", "/uploads/nope", 404),
        ):
            answer = here.http.request(method, path, headers={"Origin": origin})
            assert answer.status_code == status
            assert answer.headers["access-control-allow-origin"] in (origin, "*")
            assert "Retry-After" in answer.headers["access-control-expose-headers"]
            assert "access-control-allow-credentials" not in answer.headers
            if here is keyless:
                assert answer.headers["vary"] == "Origin"


def test_origins_and_names_of_the_operator_are_let_in():
    with served(origins=("https://app.example/",), host="localhost") as here:
        path = "/session"
        answer = here.http.get(path, headers={"Origin": "https://app.example"})
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert here.http.get(path, headers={"Origin": "https://other.example"}).status_code == 403
