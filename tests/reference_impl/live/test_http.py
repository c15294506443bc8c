"""The HTTP side of the live profile, over real sockets."""

import itertools
import json

import httpx
import pytest

from tests.live_models import SlowToLoad
from tests.reference_impl.live.bad_input import MODEL
from tests.reference_impl.live.here import KEYS, OWN, served, upgrade

rule = pytest.mark.requirement
FILE = {"name": "a.png", "size": 3, "mime_type": "image/png"}


@pytest.fixture(scope="module")
def sid(keyless):
    return keyless.create()


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


def test_head_is_answered_as_get_is_without_a_body(keyless, sid):
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


def test_empty_answers_are_empty(keyless, sid):
    path = f"/sessions/{sid}/transport/webrtc"
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
def test_ice_servers_are_those_of_the_operator(keyless, sid):
    path = "/sessions/{}/transport/webrtc/ice_servers"
    assert keyless.http.get(path.format(sid)).json() == {"ice_servers": []}
    with served(ice_servers=("stun:192.0.2.1:3478",)) as here:
        assert here.http.get(path.format(here.create())).json() == {
            "ice_servers": [{"uris": ["stun:192.0.2.1:3478"]}]
        }


@rule("L-SIGNAL-2")
@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"\xff\x00", b"not json"])
def test_a_connection_is_registered_with_any_body(keyless, sid, body):
    path = f"/sessions/{sid}/transport/webrtc/connections"
    answer = keyless.http.post(path, content=body)
    assert answer.status_code == 201
    assert 1002 <= answer.json()["connection_id"] <= 9999


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
