"""`risp serve` as an operator meets it: start, load, end."""

import json
import signal
import subprocess
import sys
import time

import pytest
from websockets.exceptions import ConnectionClosed

from tests.reference_impl.action.wire import answer, hear, observe, opened, talking
from tests.support import REFERENCE, ROOT, spawn_server

POLICIES = "tests.reference_impl.action.policies"


def refused(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [*REFERENCE, *arguments], capture_output=True, text=True, timeout=30, cwd=ROOT, check=False
    )
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.strip().splitlines()[-1]


def test_the_first_line_is_the_url_and_a_signal_ends_it_with_0():
    with spawn_server() as server:
        assert server.url == f"ws://127.0.0.1:{server.port}/v1/actions"
        with talking(server.url) as peer:
            opened(peer)
        assert server.end() == 0


def test_for_programs_the_first_line_is_json():
    with spawn_server("--json", "--key", "k", "--path", "/elsewhere") as server:
        about = json.loads(server.url)
        assert (about["pid"], about["key_required"]) == (server.process.pid, True)
        assert about["url"].startswith("ws://127.0.0.1:")
        assert about["url"].endswith("/elsewhere")


@pytest.mark.parametrize(("option", "value"), [("--path", "v1"), ("--key", ""), ("--port", "-1")])
def test_a_value_that_cannot_be_meant_ends_in_one_clear_line(option, value):
    code, line = refused(option, value)
    assert code == 2
    assert option in line


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("policies", "module:attribute"),
        ("no_such_module:X", "cannot import no_such_module"),
        (f"{POLICIES}:Missing", "there is no 'Missing'"),
        (f"{POLICIES}:NOTHING", "infer"),
        (f"{POLICIES}:Misdescribed", "state_dims"),
    ],
)
def test_a_bad_policy_ends_in_one_clear_line(spec, words):
    code, line = refused("--policy", spec)
    assert code == 2
    assert words in line


def test_a_port_that_is_taken_ends_in_one_clear_line():
    with spawn_server() as server:
        code, line = refused("--port", str(server.port))
    assert code == 1
    assert str(server.port) in line


def test_an_object_serves_as_well_as_a_class():
    with spawn_server("--policy", f"{POLICIES}:HELD") as server, talking(server.url) as peer:
        assert opened(peer)["model"] == "held"


def test_modules_of_the_current_directory_are_found(tmp_path):
    text = "class Mine:\n    def infer(self, step):\n        return step.state\n"
    (tmp_path / "mine.py").write_text(text)
    with (
        spawn_server("--policy", "mine:Mine", cwd=tmp_path) as server,
        talking(server.url) as peer,
    ):
        ready = opened(peer)
        assert (ready["model"], "state_dim" in ready) == ("Mine", False)
        observe(peer, 0, 1, 2)
        assert hear(peer)["actions"] == [[1.0, 2.0]]


def test_a_session_class_and_a_gate_class_can_be_put_in(tmp_path):
    (tmp_path / "wrong.py").write_text(
        "from risp.reference_impl.action.server import ServerSession\n"
        "from risp.reference_impl.action.serving.gate import Gate\n"
        "class NoSeq(ServerSession):\n"
        "    def echo(self, slot):\n"
        "        return {}\n"
        "class Anyone(Gate):\n"
        "    def check_origin(self, handshake):\n"
        "        return None\n"
    )
    options = ("--session", "wrong:NoSeq", "--gate", "wrong:Anyone")
    with (
        spawn_server(*options, cwd=tmp_path) as server,
        talking(server.url, origin="https://evil.example") as peer,
    ):
        opened(peer)
        observe(peer, 0, 1)
        assert "seq" not in hear(peer)


def test_a_client_waits_for_a_policy_that_loads_or_is_sent_away():
    with (
        spawn_server("--policy", f"{POLICIES}:Loads") as server,
        talking(server.url) as hasty,
        talking(server.url) as patient,
    ):
        patient.send('{"type":"session.open","prompt":"","capabilities":["status"]}')
        assert hear(patient)["type"] == "session.status"
        hasty.send('{"type":"session.open","prompt":""}')
        error = hear(hasty)
        assert (error["code"], error["retry_after_ms"]) == ("unavailable", 5000)
        with pytest.raises(ConnectionClosed):
            hasty.recv(timeout=2)
        assert hasty.close_code == 1013
        assert hear(patient)["type"] == "session.ready"
        observe(patient, 0, 0)
        assert hear(patient)["actions"] == [[1.0]], "load, reset and infer share one thread"


def test_a_policy_that_cannot_be_loaded_ends_the_server_with_its_reason():
    with spawn_server("--policy", f"{POLICIES}:NeverLoads") as server:
        assert server.process.wait(10) == 1
    assert "no weights" in "\n".join(server.log)


def test_a_planned_end_is_announced_answers_what_it_owes_and_takes_nobody_new():
    with spawn_server("--policy", f"{POLICIES}:Held", "--grace-s", "5") as server:
        with talking(server.url) as peer, talking(server.url) as idle:
            opened(peer)
            opened(idle)
            observe(peer, 0, 0.8)
            server.process.send_signal(signal.SIGTERM)
            closing = hear(peer)
            assert closing == {
                "type": "session.closing",
                "reason": "shutdown",
                "time_left_ms": closing["time_left_ms"],
            }
            assert 0 < closing["time_left_ms"] <= 5000
            observe(peer, 1, 0)
            status, fields, body = answer(server.port)
            assert (status, json.loads(body)["code"]) == (503, "shutting_down")
            assert int(fields["retry-after"]) > 0
            assert hear(peer)["type"] == "action_chunk"
            late = hear(peer)
            assert (late["code"], late["seq"]) == ("shutting_down", 1)
            for one in (idle, peer):
                while one is idle and hear(one)["type"] != "session.closing":
                    pass
                with pytest.raises(ConnectionClosed):
                    one.recv(timeout=2)
                assert one.close_code == 1001
        assert server.process.wait(5) == 0


def test_a_second_signal_ends_at_once():
    with (
        spawn_server("--policy", f"{POLICIES}:Held", "--grace-s", "60") as server,
        talking(server.url) as peer,
    ):
        opened(peer)
        observe(peer, 0, 30)
        server.process.send_signal(signal.SIGINT)
        assert hear(peer)["type"] == "session.closing"
        start = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(5) == 0
        assert time.monotonic() - start < 3


def test_without_asking_the_module_help_names_serve():
    done = subprocess.run(
        [sys.executable, "-m", "risp.reference_impl", "--help"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert "serve" in done.stdout
