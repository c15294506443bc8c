"""`risp serve` with both profiles, as an operator meets it."""

import json
import re
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from click.testing import CliRunner

from risp.reference_impl import app, serving_options
from risp.reference_impl.commands import serve
from tests.support import REFERENCE, ROOT, spawn_server

rule = pytest.mark.requirement


def get(server, path, **headers):
    return httpx.get(f"http://127.0.0.1:{server.port}{path}", headers=headers, trust_env=False)


def refused(*arguments):
    done = subprocess.run(
        [*REFERENCE, *arguments], capture_output=True, text=True, timeout=30, cwd=ROOT, check=False
    )
    assert (done.stdout, "Traceback" in done.stderr) == ("", False)
    return done.returncode, done.stderr.strip().splitlines()[-1]


def wait_for(lines, words, within=10.0):
    until = time.monotonic() + within
    while not any(words in line for line in lines):
        assert time.monotonic() < until, lines
        time.sleep(0.01)


def test_one_port_serves_both_profiles_and_says_so():
    with spawn_server() as server:
        assert server.url == f"ws://127.0.0.1:{server.port}/v1/actions"
        wait_for(server.log, f"live profile: http://127.0.0.1:{server.port}/  (model toy)")
        assert get(server, "/session").json()["model"]["name"] == "toy"
        assert get(server, "/v1/actions").status_code == 426
        assert get(server, "/").headers["content-type"].startswith("text/html")
        assert server.end() == 0


def test_for_programs_the_first_line_names_both():
    with spawn_server("--json", "--model", "tests.live_models:Probe") as server:
        about = json.loads(server.url)
        port = about["url"].split(":")[2].split("/")[0]
        assert about["live"] == f"http://127.0.0.1:{port}"
        answer = httpx.get(f"{about['live']}/health", trust_env=False)
        assert answer.json()["status"] == "healthy"


def test_without_the_live_profile_only_the_other_one_is_there():
    with spawn_server("--no-live") as server:
        known = get(server, "/.well-known/risp").json()
        assert (known["profiles"], known["models"]) == ({"action": {"path": "/v1/actions"}}, [])
        for path in ("/session", "/health", "/"):
            assert get(server, path).status_code == 404
        assert server.log == []


def test_what_an_operator_decides_is_kept():
    options = ("--places", "1", "--session-s", "60", "--resume-window-s", "7")
    options += ("--ice-server", "stun:192.0.2.1", "--ice-server", "stun:192.0.2.2")
    options += ("--max-upload-bytes", "10", "--origin", "https://app.example")
    with spawn_server(*options) as server:
        http = httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False)
        with http:
            http.post("/start_session")
            while http.post("/start_session").json()["code"] == "loading":
                time.sleep(0.05)
            session = http.get("/session", headers={"Origin": "https://app.example"}).json()
            assert session["resume_window_s"] == 7
            assert 50 < session["expires_at"] - time.time() < 61
            path = f"/sessions/{session['session_id']}"
            servers = http.get(f"{path}/transport/webrtc/ice_servers").json()["ice_servers"]
            assert [one["uris"] for one in servers] == [["stun:192.0.2.1"], ["stun:192.0.2.2"]]
            file = {"name": "a", "size": 11, "mime_type": "x/y"}
            assert http.post(f"{path}/uploads", json=file).status_code == 413
            model = {"model": {"name": "toy"}}
            assert http.post("/sessions", json=model).json()["state"] == "WAITING"


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--model", "nowhere:Model"), 2, "cannot import nowhere"),
        (("--model", "tests.live_models:Missing"), 2, "there is no 'Missing'"),
        (("--model", "tests.support:Spawned"), 2, "is no model"),
        (("--model", "Model"), 2, "module:attribute"),
        (("--model", "tests.live_models:Probe", "--no-live"), 2, "--no-live"),
        (("--places", "0"), 2, "--places"),
        (("--model", "tests.live_models:NeverLoads"), 1, "no weights"),
    ],
)
def test_what_cannot_be_served_ends_in_one_clear_line(options, code, words):
    if code == 1:
        with spawn_server(*options) as server:
            assert server.process.wait(10) == 1
            wait_for(server.log, words)
        return
    assert refused(*options)[0] == code
    assert words in refused(*options)[1]


def started(monkeypatch, *arguments):
    """What `serve` would run with."""
    found = {}

    def run(settings, policy, on_listening, **classes):
        found.update(settings=settings, **classes)

    monkeypatch.setattr(app, "serve", run)
    found["result"] = CliRunner().invoke(serve, list(arguments))
    return found


def test_without_what_the_live_profile_needs_the_other_one_is_served(monkeypatch):
    monkeypatch.setattr(serving_options, "LIVE_NEEDS", {"no_such_module": "Nothing"})
    found = started(monkeypatch)
    assert found["result"].exit_code == 0
    assert found["live"] is None
    assert re.fullmatch(
        r'live profile: not served, since it needs Nothing; .*pip install "risp\[server,live\]"\n',
        found["result"].stderr,
    )
    found = started(monkeypatch, "--model", "tests.live_models:Probe")
    assert found["result"].exit_code == 1
    assert 'pip install "risp[server,live]"' in found["result"].stderr


def test_the_secret_of_tokens_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("RISP_TOKEN_SECRET", "s-e-c-r-e-t")
    found = started(monkeypatch, "--key", "k")
    assert found["live"].settings.token_secret == "s-e-c-r-e-t"
    assert found["live"].settings.keys == found["settings"].keys == ("k",)


@pytest.mark.parametrize(("options", "grace"), [((), 4.0), (("--grace-s", "9"), 9.0)])
def test_with_the_live_profile_all_has_ended_within_five_seconds_if_nothing_else_is_said(
    monkeypatch, options, grace
):
    assert started(monkeypatch, *options)["settings"].grace_s == grace


def test_webrtc_is_not_imported_at_the_start():
    code = (
        "import sys\n"
        "from risp.protocol.version import ACTION_PATH\n"
        "from risp.reference_impl import app, serving_options\n"
        "from risp.reference_impl.action.serving.settings import Settings\n"
        "live = serving_options.make_live(None, Settings(), {})\n"
        "assert live is not None\n"
        "app.make_server(Settings(), None, print, live=live)\n"
        "print([name for name in ('aiortc', 'av', 'jwt') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


@rule("L-SESS-22")
def test_the_end_comes_within_five_seconds_whatever_is_still_open():
    with spawn_server() as server:
        with (
            httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as http,
            socket.create_connection(("127.0.0.1", server.port)) as slow,
            http.stream("GET", "/events") as events,
        ):
            slow.sendall(b"POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
            start = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            for _ in events.iter_lines():
                pass
            answer = b""
            while part := slow.recv(4096):
                answer += part
            assert b"HTTP/1.1 503" in answer
            assert b"shutting_down" in answer
            assert server.process.wait(6) == 0
        assert time.monotonic() - start < 5
        assert "Traceback" not in "\n".join(server.log)


def test_the_defaults_that_the_help_names_are_those_that_hold():
    from risp.reference_impl.live.settings import LiveSettings

    told = " ".join(CliRunner().invoke(serve, ["--help"]).output.split())
    kept = LiveSettings()
    for option, value in (
        ("--places", kept.places),
        ("--resume-window-s", f"{kept.resume_window_s:.0f}"),
        ("--session-s", f"{kept.session_s:.0f}"),
        ("--max-upload-bytes", f"{kept.max_upload_bytes >> 20} MiB"),
    ):
        line = re.search(rf"{option} .*?\[default: ([^\]]+)\]", told)
        assert line is not None
        assert line[1].split(";")[0] == str(value)


def test_a_port_that_is_taken_is_told_with_the_remedy():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, last = refused("--port", str(taken.getsockname()[1]))
    assert code != 0
    assert "--port 0" in last


@pytest.mark.parametrize(
    ("options", "path", "hint"),
    [(("--key", "k"), "/start_session", "POST /tokens"), ((), "/tokens", "no token is needed")],
)
def test_who_asks_for_the_other_mode_is_told_which_one_this_is(options, path, hint):
    with spawn_server(*options) as server:
        answer = httpx.post(f"http://127.0.0.1:{server.port}{path}", trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert hint in answer.json()["detail"]
