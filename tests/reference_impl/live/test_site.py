"""The page, the logs, and the failures of our own."""

import logging
import re

import pytest

from risp.protocol.live.endpoint import Auth
from risp.protocol.live.http import ENDPOINTS
from risp.reference_impl.live.web.handlers import Handlers
from risp.reference_impl.live.web.site import Site
from tests.reference_impl.live.here import KEYS, OWN, served, upgrade

rule = pytest.mark.requirement


def test_the_page_runs_nothing_from_elsewhere(keyless):
    page = keyless.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    names = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert names
    for name in names:
        assert keyless.http.get(f"/{name}").status_code == 200, name
    assert keyless.http.get("/", headers={"Host": "evil.example"}).status_code == 403


class Failing(Handlers):
    """Fails at one endpoint."""

    def get_health(self, asked):
        raise RuntimeError(f"secret: {asked.request.headers.get('authorization')}")


@rule("L-HTTP-8")
@rule("L-HTTP-18")
def test_a_failure_of_ours_is_told_of_as_json_and_written_down(caplog):
    with served(handlers_class=Failing) as here:
        head = {"Origin": OWN, "Authorization": "Bearer my.own.token"}
        answer = here.http.get("/health", headers=head)
        assert answer.status_code == 500
        assert answer.json() == {"detail": "the server failed", "code": "internal"}
        assert answer.headers["access-control-allow-origin"] == OWN
        assert here.http.get("/session").status_code == 200
    text = "\n".join(record.exc_text or "" for record in caplog.records)
    assert "RuntimeError" in text
    assert "my.own.token" not in text


@rule("L-SESS-24")
def test_no_secret_is_written_into_the_log(caplog):
    caplog.set_level(logging.DEBUG)
    with served(keys=KEYS) as here:
        token = here.token()
        mine = {"Authorization": f"Bearer {token}"}
        place = here.reserve(here.create(**mine), **mine)
        here.http.put(place, content=b"ab")
        here.http.put(place, content=b"abc")
        here.http.get("/session?token=" + token)
        upgrade(here, f"?token={token}")
        log = logging.getLogger("risp.live")
        log.warning("PUT %s with %s and Reactor-API-Key: %s", place, token, KEYS[0])
    own = [r for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    text = "\n".join(f"{record.getMessage()} {record.exc_text or ''}" for record in own)
    assert "PUT /uploads/[redacted]" in text
    for secret in (*KEYS, token, place.rpartition("/")[2]):
        assert secret not in text


def test_a_row_that_nothing_carries_out_is_found_at_the_start(keyless):
    class Without(Handlers):
        def handler(self, endpoint):
            if endpoint.name == "get_health":
                raise AttributeError(endpoint.name)
            return super().handler(endpoint)

    with pytest.raises(AttributeError, match="get_health"):
        Site(Without(keyless.live, version="1", profiles={}))


def test_what_the_table_asks_for_is_asked_for(keyed):
    for row in ENDPOINTS:
        if row.auth is Auth.NOTHING:
            continue
        url = row.url(session_id="x", connection_id=2000, upload_id="x")
        assert keyed.http.request(row.method, url).status_code == 401, row.name


@rule("L-SESS-22")
def test_a_server_that_ends_says_so():
    with served() as here:
        here.live.ending = True
        answer = here.http.get("/health", headers={"Origin": OWN})
        assert (answer.status_code, answer.json()["code"]) == (503, "shutting_down")
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["access-control-allow-origin"] == OWN
