"""Law 10: a folder of transcripts is judged as the run was, and needs nothing but itself."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from risp.conformance.check import CHECKS
from risp.conformance.commands import judge as command
from risp.conformance.events import RunFinished
from risp.conformance.offline import Recording, judge, judge_run, read_folder
from risp.conformance.report.folder import Transcripts
from risp.conformance.runner import Options, Run
from risp.conformance.selection import Selection
from risp.conformance.transcript import Transcript
from risp.conformance.verdict import Verdict
from tests.broken import FAULTS
from tests.broken.catalogue import Served
from tests.broken.serve import serving
from tests.broken.sessions import PLANTED
from tests.null_servers import null_server

from .conftest import KEY


@dataclass
class Held:
    """A run that was held, and the folder that it has left."""

    finished: RunFinished
    folder: Path


def hold(url: str, folder: Path, key: str | None = None, choice: Selection | None = None) -> Held:
    choice = choice or Selection()
    options = Options(key=key, selection=choice)
    return Held(Run(url, options, [Transcripts(folder, choice)]).execute(), folder)


@pytest.fixture(scope="module")
def kept(reference, tmp_path_factory) -> Held:
    """A default run against the reference."""
    return hold(reference, tmp_path_factory.mktemp("reference"), KEY)


@pytest.fixture
def no_network(monkeypatch):
    """Let every attempt to connect fail, as on a machine that has no network."""

    def refuse(*arguments, **options):
        raise AssertionError("it reaches for the network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def said(finished: RunFinished) -> dict[str, tuple]:
    """Everything that a run says of each requirement."""
    return {
        one.requirement.id: (one.verdict, one.reason, one.checks, one.findings)
        for one in finished.requirements
    }


def invoke(*arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)


def as_live(held: Held) -> None:
    offline = judge_run(read_folder(held.folder), [])
    assert said(offline) == said(held.finished)
    assert (offline.exit_code, offline.complete) == (
        held.finished.exit_code,
        held.finished.complete,
    )


def test_a_whole_run_is_judged_as_it_was_live(kept, no_network):
    assert kept.finished.complete
    as_live(kept)


def server(name: str) -> tuple[type, Served]:
    """A broken server by its name."""
    found = {fault.name: (fault.server, fault.served) for fault in FAULTS}
    return (found | {one.name: (one.server, one.served) for one in PLANTED})[name]


@pytest.mark.parametrize(
    ("name", "breaks"),
    [
        ("A-OPEN-28-opens-twice", "A-OPEN-28"),  # a script finds it
        ("A-ERR-8-points-with-dots", "A-ERR-8"),  # a monitor finds it, in many conversations
        ("CountsTheRefused", "A-ERR-6"),  # a search finds it
    ],
)
def test_a_broken_server_is_judged_as_it_was_live(name, breaks, tmp_path):
    with serving(*server(name)) as url:
        held = hold(url, tmp_path)
    assert said(held.finished)[breaks][0] is Verdict.FAIL
    as_live(held)


@pytest.mark.parametrize(
    ("name", "only", "breaks"),
    [
        ("A-CLOSE-3-finishes-first", "closing.close_with_pending", "A-CLOSE-3"),  # by a clock
        ("A-OBS-2-answers-when-it-is-done", "images.png_image", "A-OBS-2"),  # a monitor's clock
        ("A-OPEN-13-takes-true-for-a-rate", "frames.a_open_13", "A-OPEN-13"),  # generated frames
        ("KeepsThePrompt", "sessions.whole_sessions", "A-CLOSE-12"),  # equal sessions
        ("A-HAND-9-forbids-the-keyless", "handshake.*", "A-HAND-9"),  # no session at all
    ],
)
def test_a_part_of_a_run_is_judged_as_it_was_live(name, only, breaks, tmp_path):
    broken, how = server(name)
    with serving(broken, how) as url:
        held = hold(url, tmp_path, how.key, Selection(only=(only,), skip=("opening.wrong_types",)))
    assert said(held.finished)[breaks][0] is Verdict.FAIL
    as_live(held)


@pytest.mark.parametrize("kind", ["dead", "closes", "garbage", "echo", "not-risp"])
def test_a_target_that_is_none_gets_the_same_diagnosis(kind, tmp_path):
    with null_server(kind) as url:
        held = hold(url, tmp_path)
    offline = judge_run(read_folder(tmp_path), [])
    assert held.finished.diagnosis is not None
    assert offline.diagnosis is not None
    assert str(offline.diagnosis) == str(held.finished.diagnosis)
    assert offline.exit_code == held.finished.exit_code


def test_every_check_by_itself_says_what_it_said_live(kept, full_run, tmp_path):
    differing = {}
    for name, live in full_run.checks.items():
        path = tmp_path / f"{name}.jsonl"
        live.transcript.write(path)
        one = Recording.read(path)
        finished = judge(CHECKS[name], one, one.known())
        came = (finished.verdict, finished.findings)
        # What tells that a search came to its end stands in a folder only.
        due = Verdict.NOT_TESTED if CHECKS[name].explores else live.verdict
        if came != (due, live.findings):
            differing[name] = (came, finished.reason)
    assert differing == {}


def test_what_is_missing_has_not_been_tested(kept, tmp_path):
    for path in kept.folder.iterdir():
        if path.stem != "opening.second_open":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    offline = judge_run(read_folder(tmp_path), [])
    assert said(offline)["A-OPEN-28"][:2] == (Verdict.NOT_TESTED, "no transcript")
    assert (offline.exit_code, offline.complete) == (3, False)


def altered(kept: Held, name: str, folder: Path, **facts) -> Recording:
    """A recording with other facts in its header."""
    head, *lines = (kept.folder / f"{name}.jsonl").read_text().splitlines()
    tree = json.loads(head)
    tree["facts"] |= facts
    tree["facts"] = {k: v for k, v in tree["facts"].items() if v is not None}
    path = folder / f"{name}.jsonl"
    path.write_text("\n".join([json.dumps(tree), *lines]))
    return Recording.read(path)


@pytest.mark.parametrize(
    ("outcome", "verdict", "reason"),
    [
        ({"verdict": "pass", "reason": "", "broken": []}, Verdict.PASS, ""),
        (None, Verdict.NOT_TESTED, "nothing says"),
        ({"verdict": "not-tested", "reason": "gone", "broken": []}, Verdict.NOT_TESTED, "gone"),
        (
            {"verdict": "inconclusive", "reason": "samples", "broken": []},
            Verdict.INCONCLUSIVE,
            "samples",
        ),
        ({"verdict": "fail", "reason": "", "broken": []}, Verdict.NOT_TESTED, "does not show why"),
    ],
)
def test_a_search_passes_only_if_it_came_to_its_end(kept, tmp_path, outcome, verdict, reason):
    one = altered(kept, "sessions.whole_sessions", tmp_path, outcome=outcome)
    finished = judge(CHECKS["sessions.whole_sessions"], one, one.known())
    assert finished.verdict is verdict
    assert reason in finished.reason


@pytest.mark.parametrize(
    ("outcome", "verdict", "code"),
    [
        ({"verdict": "flaky", "reason": "", "broken": ["A-OPEN-28"]}, Verdict.FLAKY, 1),
        ({"verdict": "fail", "reason": "", "broken": ["A-OPEN-28"]}, Verdict.FAIL, 1),
        (None, Verdict.FAIL, 1),
        # Nothing that was found showed twice: a clock is forgiven.
        ({"verdict": "fail", "reason": "", "broken": []}, Verdict.NOT_TESTED, 3),
    ],
)
def test_what_a_second_go_made_of_it_holds_offline_too(tmp_path, outcome, verdict, code):
    broken, how = server("A-OPEN-28-opens-twice")
    with serving(broken, how) as url:
        held = hold(url, tmp_path, None, Selection(only=("opening.second_open",)))
    altered(held, "opening.second_open", tmp_path, outcome=outcome)
    offline = judge_run(read_folder(tmp_path), [])
    assert (said(offline)["A-OPEN-28"][0], offline.exit_code) == (verdict, code)
    # By itself, a file is judged by what it shows.
    assert invoke(tmp_path / "opening.second_open.jsonl").exit_code == 1


def test_a_clock_that_ran_out_live_has_run_out_offline(kept, tmp_path):
    one = altered(kept, "opening.second_open", tmp_path, deadline_s=1e-9)
    finished = judge(CHECKS["opening.second_open"], one, one.known())
    assert (finished.verdict, finished.reason) == (
        Verdict.NOT_TESTED,
        "the time for it was used up",
    )


def test_the_folder_says_what_the_run_was_asked(reference, tmp_path):
    held = hold(reference, tmp_path, KEY, Selection(only=("A-CLOSE-1",), skip=("A-OPEN-*",)))
    assert list(said(held.finished)) == ["A-CLOSE-1"]
    as_live(held)


def test_a_run_does_not_leave_files_of_an_earlier_one(kept, tmp_path):
    for name in ("discovery", "opening.second_open", "of-somebody-else"):
        (tmp_path / f"{name}.jsonl").write_text("stale")
    with null_server("dead") as url:
        hold(url, tmp_path)
    assert not (tmp_path / "opening.second_open.jsonl").exists()
    assert (tmp_path / "of-somebody-else.jsonl").read_text() == "stale"
    assert Transcript.read(tmp_path / "discovery.jsonl").check == "discovery"


# As it is typed


def test_a_folder_is_judged_and_reported_without_a_network(kept, tmp_path, no_network):
    reports = [f"json={tmp_path / 'r.json'}", f"junit={tmp_path / 'r.xml'}", "github"]
    result = invoke(kept.folder, *(word for one in reports for word in ("--report", one)))
    assert result.exit_code == 0, result.output
    assert "complete: true   exit 0" in result.output
    assert KEY not in result.output
    document = json.loads((tmp_path / "r.json").read_text())
    assert (document["complete"], document["seed"]) == (True, 0)
    live = {one.requirement.id: str(one.verdict) for one in kept.finished.requirements}
    assert {one["id"]: one["verdict"] for one in document["requirements"]} == live
    assert "<testsuites" in (tmp_path / "r.xml").read_text()


def test_a_file_is_printed_with_what_is_broken_in_it(kept, tmp_path, no_network):
    result = invoke(kept.folder / "opening.second_open.jsonl")
    assert result.exit_code == 0, result.output
    assert "already_open" in result.output
    assert "nothing broken in this conversation" in result.output


def test_a_file_that_shows_a_fault_is_1(tmp_path):
    broken, how = server("A-OPEN-28-opens-twice")
    with serving(broken, how) as url:
        hold(url, tmp_path, None, Selection(only=("opening.second_open",)))
    result = invoke(tmp_path / "opening.second_open.jsonl", tmp_path / "discovery.jsonl")
    assert result.exit_code == 1, result.output
    assert "A-OPEN-28" in result.output
    assert "discovery.jsonl:" in result.output


def test_a_file_that_does_not_tell_of_its_target_is_judged_by_monitors(kept, tmp_path):
    altered(kept, "opening.second_open", tmp_path, subject=None)
    result = invoke(tmp_path / "opening.second_open.jsonl")
    assert result.exit_code == 0
    assert "judged by monitors only" in result.output


def test_a_file_that_its_script_cannot_judge_is_3(kept, tmp_path):
    lines = (kept.folder / "opening.second_open.jsonl").read_text().splitlines()
    (tmp_path / "cut.jsonl").write_text("\n".join(lines[:3]))
    result = invoke(tmp_path / "cut.jsonl")
    assert result.exit_code == 3, result.output
    assert "not-tested" in result.output


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda d: (d / "x.txt").write_text(""), "no discovery.jsonl"),
        (lambda d: (d / "discovery.jsonl").write_text("{"), "discovery.jsonl, line 1"),
        (
            lambda d: (d / "discovery.jsonl").write_text(
                '{"risp_transcript":1,"check":"closing.close","seed":0,"target":"ws://h:1/"}'
            ),
            "discovery.jsonl, line 1: it is the transcript of closing.close",
        ),
        (
            lambda d: (d / "discovery.jsonl").write_text(
                '{"risp_transcript":1,"check":"discovery","seed":0,"target":"ws://h:1/",'
                '"facts":{"subject":{"key":7}}}'
            ),
            "discovery.jsonl, line 1: no sound facts: `subject` has no sound key",
        ),
        (
            lambda d: (d / "discovery.jsonl").write_text(
                '{"risp_transcript":1,"check":"discovery","seed":0,"target":"no address"}'
            ),
            "discovery.jsonl, line 1: 'no address' is no address",
        ),
    ],
)
def test_a_folder_that_is_no_run_is_2_and_says_why(tmp_path, make, says):
    make(tmp_path)
    result = invoke(tmp_path)
    assert result.exit_code == 2
    assert says in result.output.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Missing argument"),
        (["no-such-file"], "does not exist"),
        ([".", "."], "one folder, or files"),
        ([__file__, "--report", "json=x"], "a report is made of a whole folder"),
        ([__file__], "test_offline.py, line 1"),
    ],
)
def test_wrong_usage_is_2(arguments, says):
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert says in result.output
