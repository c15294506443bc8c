"""The HTTP side of the live profile, over real sockets."""

import itertools
import json
import logging
import re
import socket

import httpx
import jwt
import pytest

from risp.protocol.live.codes import HTTP_CODES
from risp.protocol.live.endpoint import Auth
from risp.protocol.live.http import ENDPOINTS
from risp.reference_impl.live.web.handlers import Handlers
from risp.reference_impl.live.web.site import Site
from tests.live_models import SlowToLoad
from tests.reference_impl.live.bad_input import KEYLESS, MODEL, Bad
from tests.reference_impl.live.bad_keys import KEYED
from tests.reference_impl.live.here import KEYS, Here, served

rule = pytest.mark.requirement
OWN = "http://localhost:3000"
FILE = {"name": "a.png", "size": 3, "mime_type": "image/png"}


@pytest.fixture(scope="module")
def keyless():
    with served() as here:
        yield here


@pytest.fixture(scope="module")
def keyed():
    with served(keys=KEYS) as here:
        yield here


# What is refused


def names_of(here: Here) -> dict[str, str]:
    """What stands for the names in braces."""
    mine = here.bearer() if here.live.settings.keys else {}
    sid, gone = here.create(**mine), here.create(**mine)
    names = {"sid": sid, "gone": gone}
    for name in ("free", "taken"):
        names[name] = here.reserve(sid, **mine).rpartition("/")[2]
    assert here.http.put(f"/uploads/{names['taken']}", content=b"abc").status_code == 200
    assert here.http.delete(f"/sessions/{gone}", headers=mine).status_code == 204
    if mine:
        names |= tokens_of(here)
    return names


def tokens_of(here: Here) -> dict[str, str]:
    good = here.token()
    claims = jwt.decode(good, options={"verify_signature": False})
    other = {"models": {"match": []}}
    detail = [{"type": "session", "resources": other}]
    bound = [{"type": "session", "resources": {"sessions": {"bind": ["x"]}}}]
    secret = here.live.tokens._secret
    return {
        "token": good,
        "other": here.token(KEYS[1]),
        "cut": good[:-3],
        "expired": jwt.encode({**claims, "exp": 1}, secret, "HS256"),
        "none": jwt.encode(claims, None, "none"),
        "forged": jwt.encode(claims, "x" * 64, "HS256"),
        "narrow": here.token(authorization_details=detail),
        "bound": here.token(authorization_details=bound),
    }


def fill(text: str, names: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], text)


def send(here: Here, row: Bad, names: dict[str, str]) -> httpx.Response:
    headers = {name: fill(value, names) for name, value in row.headers.items()}
    sent = {"content": row.body} if row.json is None else {"json": row.json}
    if row.body is None and row.json is None:
        sent = {}
    return here.http.request(row.method, fill(row.path, names), headers=headers, **sent)


@pytest.fixture(scope="module")
def keyless_names(keyless):
    return names_of(keyless)


@pytest.fixture(scope="module")
def keyed_names(keyed):
    return names_of(keyed)


def judge(here: Here, row: Bad, names: dict[str, str]) -> None:
    answer = send(here, row, names)
    assert answer.headers["content-type"] == "application/json", answer.text
    problem = answer.json()
    assert isinstance(problem.pop("detail"), str)
    due = {"code": row.code} | ({} if row.param is None else {"param": row.param})
    assert (answer.status_code, problem) == (row.status, due), answer.text
    assert HTTP_CODES[row.code].status == row.status
    assert ("www-authenticate" in answer.headers) is (row.status == 401)
    assert ("allow" in answer.headers) is (row.status == 405)
    headers = {"Authorization": f"Bearer {names['token']}"} if "token" in names else {}
    after = here.http.get(f"/sessions/{names['sid']}", headers=headers)
    assert after.json()["state"] == "ACTIVE"


@rule("L-HTTP-1")
@rule("L-HTTP-2")
@rule("L-HTTP-3")
@rule("L-HTTP-4")
@rule("L-HTTP-5")
@rule("L-HTTP-7")
@rule("L-HTTP-8")
@rule("L-HTTP-9")
@rule("L-HTTP-10")
@rule("L-HTTP-12")
@rule("L-HTTP-13")
@rule("L-HTTP-14")
@rule("L-HTTP-21")
@rule("L-HTTP-22")
@pytest.mark.parametrize("row", KEYLESS, ids=lambda row: row.name)
def test_a_wrong_request_is_refused_and_a_good_one_still_served(keyless, keyless_names, row):
    judge(keyless, row, keyless_names)


@rule("L-TOKEN-2")
@rule("L-TOKEN-4")
@rule("L-TOKEN-7")
@rule("L-TOKEN-8")
@rule("L-TOKEN-9")
@rule("L-TOKEN-11")
@rule("L-LOCAL-13")
@pytest.mark.parametrize("row", KEYED, ids=lambda row: row.name)
def test_with_keys_a_wrong_request_is_refused_too(keyed, keyed_names, row):
    judge(keyed, row, keyed_names)


def test_every_refusal_in_the_table_is_documented_at_its_endpoint():
    undocumented = []
    for row in [*KEYLESS, *KEYED]:
        path = row.path.partition("?")[0].format_map(
            dict.fromkeys(("sid", "gone", "free", "taken"), "x")
        )
        for one in ENDPOINTS:
            pattern = re.sub(r"\{\w+\}", "[^/]+", one.path)
            is_it = one.method == row.method and re.fullmatch(pattern, path)
            if is_it and row.code not in {code.code for code in one.codes}:
                undocumented.append((row.name, row.code))
    assert undocumented == []


def test_every_endpoint_that_takes_a_body_is_in_the_table():
    tried = {(row.method, row.path.replace("{sid}", "x")) for row in [*KEYLESS, *KEYED]}
    for one in ENDPOINTS:
        pattern = re.sub(r"\{\w+\}", "[^/]+", one.path)
        assert any(
            method == one.method and re.fullmatch(pattern, path) for method, path in tried
        ) or (one.body is None), one.name


# What is answered


@rule("L-HTTP-25")
def test_a_server_says_what_it_speaks(keyless, keyed):
    for here in (keyless, keyed):
        assert here.http.get("/.well-known/risp").json() == {
            "protocol": "risp",
            "version": "1.0",
            "server_info": {
                "server_version": here.http.get("/.well-known/risp").json()["server_info"][
                    "server_version"
                ]
            },
            "profiles": {"action": {"path": "/v1/actions"}, "live": {"path": "/"}},
            "models": [{"name": "toy", "version": "v0.0.0"}],
            "key_required": here is keyed,
        }


@rule("L-HTTP-6")
@rule("L-HTTP-15")
def test_members_and_content_types_that_are_not_known_are_ignored(keyless):
    body = {**MODEL, "extra_configs": {"a": [1]}, "extra_args": 7, "generation": "streamed"}
    for kind in ("application/json", "text/plain", "nonsense", "application/octet-stream"):
        answer = keyless.http.post(
            "/sessions", content=json.dumps(body), headers={"Content-Type": kind}
        )
        assert answer.status_code == 201
        sid = answer.json()["session_id"]
        assert keyless.http.delete(f"/sessions/{sid}").status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Reactor-API-Version": "1", "Reactor-API-Accept-Version": "1"},
        {"Reactor-API-Accept-Version": "7"},
        {"Reactor-WebRTC-Version": "1.0"},
        {"Reactor-WebRTC-Version": "1"},
        {"Reactor-WebRTC-Version": "1.9"},
        {"Authorization": "Bearer local"},
        {"Host": "localhost"},
        {"Host": "app.localhost:99"},
        {"Host": "192.168.0.9:8080"},
        {"Host": "[::1]:8080"},
        {"Host": "LOCALHOST"},
        {"Origin": OWN},
        {"Origin": "https://127.0.0.9"},
        {"Origin": "http://[::1]:5173"},
    ],
)
def test_what_is_right_is_let_in(keyless, headers):
    assert keyless.http.get("/session", headers=headers).status_code == 200


@rule("L-LOCAL-1")
@rule("L-LOCAL-2")
@rule("L-LOCAL-3")
@rule("L-LOCAL-4")
@rule("L-LOCAL-6")
@pytest.mark.parametrize("body", [None, b"", b"{}", b"null", b'{"session_id":"x","steps":3}'])
def test_a_local_session_is_started_seen_and_stopped(keyless, body):
    http = keyless.http
    assert http.get("/session").json()["state"] == "ready"
    started = http.post("/start_session", content=body)
    assert started.status_code == 200
    assert started.json()["state"] == "streaming"
    assert started.json()["capabilities"]["tracks"]
    assert started.json()["session_id"] != "x"
    assert http.get("/session").json() == started.json()
    assert http.get("/health").json()["state"] == "serving"
    again = http.post("/start_session")
    assert (again.status_code, again.json()["code"]) == (409, "session_running")
    stopped = http.post("/stop_session", content=body)
    assert (stopped.status_code, stopped.content) == (200, b"")
    assert http.get("/session").json()["state"] == "ready"


@rule("L-LOCAL-8")
def test_a_model_that_is_being_loaded_is_told_of():
    with served(model=SlowToLoad, loaded=False) as here:
        answer = here.http.post("/start_session")
        assert (answer.status_code, answer.json()["code"]) == (503, "loading")
        assert answer.headers["retry-after"] == "1"
        assert here.http.get("/health").json()["state"] == "loading"
        waiting = here.http.post("/sessions", json={"model": {"name": "slow-to-load"}}).json()
        place = f"/sessions/{waiting['session_id']}"
        assert waiting["state"] == "WAITING"
        for method, path, body in (
            ("POST", "/uploads", FILE),
            ("POST", "/transport/webrtc/connections", None),
        ):
            early = here.http.request(method, place + path, json=body)
            assert early.status_code == 503
            assert int(early.headers["retry-after"]) > 0
        assert here.http.put(place).json()["state"] == "WAITING"


@rule("L-HTTP-23")
def test_who_finds_no_room_is_told_when_to_come_again():
    with served(places=1, waiting=1) as here:
        here.create()
        waiting = here.create()
        assert here.http.get(f"/sessions/{waiting}").json()["state"] == "WAITING"
        for answer in (
            here.http.post("/sessions", json=MODEL),
            here.http.post("/start_session"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "no_capacity")
            assert answer.headers["retry-after"] == "5"


def test_head_is_answered_as_get_is_without_a_body(keyless, keyless_names):
    sid = keyless_names["sid"]
    for path in ("/session", "/schema", f"/sessions/{sid}", "/health", "/.well-known/risp", "/"):
        got, head = keyless.http.get(path), keyless.http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"]
    events = keyless.http.head("/events")
    assert events.headers["content-type"].startswith("text/event-stream")


def test_what_is_switched_off_is_not_there():
    with served(flat=False, uploads=False, events=False, page=False) as here:
        sid = here.create()
        for method, path in (
            ("GET", f"/sessions/{sid}/transport/webrtc/sdp_params"),
            ("POST", f"/sessions/{sid}/transport/webrtc/ice_candidates"),
            ("POST", f"/sessions/{sid}/uploads"),
            ("PUT", "/uploads/x"),
            ("GET", "/events"),
            ("GET", "/"),
            ("GET", "/page.js"),
        ):
            answer = here.http.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
        path = f"/sessions/{sid}/transport/webrtc/connections/2000/sdp_params"
        assert here.http.get(path).status_code == 202


def test_empty_answers_are_empty(keyless, keyless_names):
    path = f"/sessions/{keyless_names['sid']}/transport/webrtc"
    for answer, status in (
        (keyless.http.get(f"{path}/connections/2000/sdp_params"), 202),
        (keyless.http.get(f"{path}/sdp_params"), 202),
        (
            keyless.http.post(f"{path}/connections/2000/ice_candidates", json={"candidates": []}),
            202,
        ),
    ):
        assert (answer.status_code, answer.content) == (status, b"")
        assert answer.headers["content-length"] == "0"


@rule("L-SIGNAL-3")
def test_ice_servers_are_those_of_the_operator(keyless, keyless_names):
    path = "/sessions/{}/transport/webrtc/ice_servers"
    assert keyless.http.get(path.format(keyless_names["sid"])).json() == {"ice_servers": []}
    with served(ice_servers=("stun:192.0.2.1:3478",)) as here:
        assert here.http.get(path.format(here.create())).json() == {
            "ice_servers": [{"uris": ["stun:192.0.2.1:3478"]}]
        }


@rule("L-SIGNAL-2")
@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"\xff\x00", b"not json"])
def test_a_connection_is_registered_with_any_body(keyless, keyless_names, body):
    path = f"/sessions/{keyless_names['sid']}/transport/webrtc/connections"
    answer = keyless.http.post(path, content=body)
    assert answer.status_code == 201
    assert 1002 <= answer.json()["connection_id"] <= 9999


# CORS


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


# Tokens


@rule("L-TOKEN-1")
@rule("L-TOKEN-5")
@pytest.mark.parametrize(
    "body", [None, b"", b"null", b" ", b"{}", b'{"authorization_details":null}']
)
def test_a_key_is_exchanged_for_a_token(keyed, body):
    headers = {"Reactor-API-Key": KEYS[0], "Content-Type": "application/octet-stream"}
    answer = keyed.http.post("/tokens", content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    bearer = {"Authorization": f"Bearer {answer.json()['jwt']}"}
    assert keyed.http.post("/sessions", json=MODEL, headers=bearer).status_code == 201


@rule("L-TOKEN-10")
@rule("L-TOKEN-11")
def test_every_token_of_a_key_may_touch_its_sessions_and_no_other_may(keyed):
    sid = keyed.create(**keyed.bearer())
    path = f"/sessions/{sid}"
    assert keyed.http.get(path, headers=keyed.bearer(KEYS[1])).status_code == 404
    bind = [{"type": "session", "resources": {"sessions": {"bind": [sid]}}}]
    bound = keyed.bearer(authorization_details=bind)
    for headers in (keyed.bearer(), bound):
        assert keyed.http.get(path, headers=headers).json()["state"] == "ACTIVE"
        assert keyed.http.put(path, headers=headers).status_code == 200
    assert keyed.http.delete(path, headers=keyed.bearer(KEYS[1])).status_code == 404
    assert keyed.http.delete(path, headers=bound).status_code == 204


@rule("L-TOKEN-14")
def test_a_token_has_as_many_sessions_as_it_allows(keyed):
    detail = [{"type": "session", "constraints": {"max_sessions": 1}}]
    headers = keyed.bearer(authorization_details=detail)
    sid = keyed.create(**headers)
    full = keyed.http.post("/sessions", json=MODEL, headers=headers)
    assert (full.status_code, full.json()["code"]) == (429, "too_many_sessions")
    assert int(full.headers["retry-after"]) > 0
    keyed.http.delete(f"/sessions/{sid}", headers=headers)
    keyed.http.delete(f"/sessions/{keyed.create(**headers)}", headers=headers)


def upgrade(here: Here, query: str) -> int:
    lines = [
        f"GET /v1/actions{query} HTTP/1.1",
        f"Host: 127.0.0.1:{here.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
    ]
    with socket.create_connection(("127.0.0.1", here.port), timeout=5) as raw:
        raw.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(raw.recv(4096).split()[1])


@rule("L-TOKEN-15")
@rule("A-HAND-15")
def test_the_action_profile_takes_a_token_and_no_key_in_its_query(keyed):
    assert upgrade(keyed, f"?token={keyed.token()}") == 101
    for wrong in ("", f"?token={KEYS[0]}", "?token=", f"?token={keyed.token()[:-2]}"):
        assert upgrade(keyed, wrong) == 401


# Uploads


@rule("L-UP-1")
@rule("L-UP-2")
@rule("L-UP-3")
@rule("L-UP-8")
def test_a_file_is_put_without_a_token_on_the_host_that_was_asked(keyed):
    headers = keyed.bearer() | {"Host": f"files.example:{keyed.port}"}
    sid = keyed.create(**headers)
    answer = keyed.http.post(f"/sessions/{sid}/uploads", json=FILE, headers=headers)
    url = httpx.URL(answer.json()["presigned_url"])
    assert str(url).startswith(f"http://files.example:{keyed.port}/uploads/")
    assert sid in answer.json()["path"]
    done = keyed.http.put(url.path, content=b"abc", headers={"Content-Type": "image/png"})
    assert (done.status_code, done.content) == (200, b"")
    spare = keyed.reserve(sid, **headers)
    keyed.http.delete(f"/sessions/{sid}", headers=headers)
    assert keyed.http.put(spare, content=b"abc").json()["code"] == "unknown_upload"


@rule("L-UP-4")
def test_a_file_that_comes_in_chunks_is_counted(keyless):
    path = keyless.reserve(keyless.create(), 4)
    for chunks, status in (([b"ab", b"c"], 400), ([b"abc", b"de"], 400), ([b"ab", b"cd"], 200)):
        assert keyless.http.put(path, content=iter(chunks)).status_code == status


# Events


def lines(answer: httpx.Response, until: int):
    found = []
    for line in answer.iter_lines():
        if line.startswith("id:"):
            found.append(int(line.partition(":")[2]))
        if line.startswith("data:") and found[-1] >= until:
            return found, json.loads(line.partition(":")[2])
    return found, None


@rule("L-LOCAL-12")
def test_events_are_streamed_from_where_a_watcher_was(keyless):
    keyless.http.delete(f"/sessions/{keyless.create()}")
    last = keyless.live.journal.since(0)[-1].id
    for url, headers in (
        (f"/events?since={last - 2}", {}),
        ("/events", {"Last-Event-ID": str(last - 2)}),
        ("/events?since=0", {"Last-Event-ID": str(last - 2)}),
    ):
        with keyless.http.stream("GET", url, headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            found, event = lines(answer, last)
        assert found == [last - 1, last]
        assert event["type"] == "transition"
        assert sorted(event) == ["detail", "event", "from", "to", "ts", "type"]


def test_events_show_a_sign_of_life_and_end_with_the_server(monkeypatch):
    monkeypatch.setattr("risp.reference_impl.live.web.events.KEEP_ALIVE_S", 0.02)
    with served() as here, here.http.stream("GET", "/events") as answer:
        came = answer.iter_lines()
        assert [line for line in itertools.islice(came, 6) if line] == [":"] * 3
        here.loop.call_soon_threadsafe(here.server.end)
        for _ in came:
            pass  # until it ends


# The page, the logs, the failures of our own


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
