"""The server in Node that a reader of the pages wrote: judged, small, its questions answered."""

import json
import re
import signal
from collections.abc import Sequence

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from risp.conformance.runner import Options
from risp.conformance.verdict import Verdict
from risp.protocol.action.requirements import REQUIREMENTS
from risp.protocol.requirement import Level, Seen
from tests.conformance.conftest import KEY, run
from tests.need import ROOT, need
from tests.support import spawn_server

need("node", "runs the server in Node")
need("examples/node-server/node_modules", "run `npm ci` there")

HOME = ROOT / "examples/node-server"
SERVER = ("node", str(HOME / "server.mjs"), "--port", "0")
QUESTION = re.compile(r"^(?P<number>\d+)\. ", re.MULTILINE)
LINK = re.compile(r"\]\((?P<path>[^)#]+)")
PASSED = {Verdict.PASS}
LEFT = {Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE}


@pytest.mark.parametrize("key", [None, KEY], ids=["keyless", "with a key"])
def test_it_keeps_every_must_that_applies_and_follows_every_should(key: str | None):
    arguments: Sequence[str] = ("--key", key) if key else ()
    with spawn_server(*arguments, command=SERVER) as server:
        held = run(server.url, Options(key=key))
    judged = {one.requirement.id: one for one in held.finished.requirements}
    assert {
        id_: one.verdict for id_, one in judged.items() if one.verdict not in PASSED | LEFT
    } == {}
    # Left are what it does not declare, and what no default run can make happen.
    left = {one.requirement for one in judged.values() if one.verdict in LEFT}
    assert {rule.id for rule in left if rule.seen is Seen.PROVOKED} == set()
    assert {rule.needs for rule in left if rule.seen is Seen.DECLARED} == {
        "keyless" if key else "auth",
        *("cameras", "max_age", "gpu_budget", "only_fifo", "tensor_b64"),
    }
    kept = [one for one in judged.values() if one.verdict is Verdict.PASS]
    assert sum(one.requirement.level is Level.MUST for one in kept) >= 110
    assert held.finished.complete
    assert held.finished.exit_code == 0


def test_it_announces_its_end_and_refuses_what_still_comes():
    with spawn_server(command=SERVER) as server, connect(server.url, compression=None) as socket:
        socket.send('{"type":"session.open","prompt":"p"}')
        assert json.loads(socket.recv(5))["type"] == "session.ready"
        server.process.send_signal(signal.SIGTERM)
        assert json.loads(socket.recv(5))["type"] == "session.closing"
        socket.send('{"type":"observation","seq":0,"state":[0]}')
        socket.send('{"type":"observation","seq":1,"state":[0,0,0,0,0,0]}')
        errors = [json.loads(socket.recv(5)) for _ in range(2)]
        assert [(e["seq"], e["code"]) for e in errors] == [
            (0, "invalid_observation"),
            (1, "shutting_down"),
        ]
        with pytest.raises(ConnectionClosed) as ended:
            socket.recv(5)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1001
        assert server.process.wait(5) == 0


def test_it_is_at_most_200_lines_of_at_most_120_columns():
    lines = (HOME / "server.mjs").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 200
    assert max(map(len, lines)) <= 120


def questions() -> dict[int, str]:
    """The questions of its author, each with what stands below it."""
    text = (HOME / "QUESTIONS.md").read_text(encoding="utf-8").partition("\n## D. ")[0]
    _, *parts = QUESTION.split(text)
    return {int(number): said for number, said in zip(parts[::2], parts[1::2], strict=True)}


def test_every_question_of_its_author_has_its_answer():
    assert list(questions()) == list(range(1, 36))
    assert [number for number, said in questions().items() if said.count("**Answer:** ") != 1] == []


def test_an_answer_names_requirements_and_pages_that_exist():
    text = "".join(said.partition("**Answer:** ")[2] for said in questions().values())
    assert set(re.findall(r"\bA-[A-Z]+-\d+\b", text)) <= set(REQUIREMENTS)
    paths = {match["path"] for match in LINK.finditer(text)}
    assert paths
    assert [path for path in paths if not (HOME / path).is_file()] == []
