"""The pytest plugin, in a project of a user's."""

import json
import os
import re
import subprocess
import sys
import threading
import time

import junitparser
import pytest

from risp.conformance import trial
from risp.conformance.check import CHECKS
from risp.conformance.diagnosis import Diagnosis
from risp.conformance.report.words import Outcome
from risp.conformance.runner import Options
from risp.conformance.selection import Selection
from tests.null_servers import answering, null_server

from .conftest import KEY
from .test_reports import sloppy
from .test_runner import serving


@pytest.fixture
def pytest_there(tmp_path):
    """Run pytest in an empty project."""
    (tmp_path / "test_own.py").write_text("def test_of_my_own():\n    assert True\n")

    def run(*arguments, **environment):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *map(str, arguments)]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_without_its_option_it_adds_nothing(pytest_there):
    done = pytest_there("-q")
    assert done.returncode == 0
    assert "1 passed" in done.stdout


def test_a_conformant_server_passes_beside_own_tests(pytest_there, reference):
    done = pytest_there("-q", "--risp-target", reference, "--risp-key", KEY)
    assert done.returncode == 0, done.stdout
    assert " failed" not in done.stdout
    assert "skipped" in done.stdout


def test_a_failing_item_tells_the_story_and_can_be_chosen_by_id(pytest_there):
    with serving(answering(sloppy)) as url:
        done = pytest_there("--risp-target", url, "-k", "A-ERR-10")
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    for part in ("A-ERR-10 A server MUST answer `bad_frame`", "expected  ", "seen      ", "-> {"):
        assert part in done.stdout
    assert "Traceback (most" not in done.stdout.replace("Traceback (most recent call last)", "")


def test_a_target_that_is_not_there_fails_with_the_diagnosis(pytest_there):
    with null_server("dead") as url:
        done = pytest_there("--risp-target", url, "-k", "A-CLOSE-1")
    assert done.returncode == 1
    assert "nothing accepts a connection" in done.stdout


@pytest.fixture
def counted():
    """A sloppy server, and how many connections it has taken."""
    taken = []

    def handle(sock, over):
        taken.append(1)
        answering(sloppy)(sock, over)

    with serving(handle) as url:
        yield url, taken


CHOSEN = {"A-ERR-9", "A-ERR-10", "A-OPEN-28", "A-OBS-44", "test_of_my_own"}


def outcomes(path):
    """What became of each test, and what it told, as a program reads it."""
    return {
        case.name: [(type(result).__name__, result.text or "") for result in case.result]
        for suite in junitparser.JUnitXml.fromfile(str(path))
        for case in suite
    }


def alike(told):
    """Stories without their clocks and ids."""
    return {name: [(kind, text[:60]) for kind, text in found] for name, found in told.items()}


def test_several_workers_judge_once_and_tell_the_same(pytest_there, counted, tmp_path):
    url, taken = counted
    found = []
    for arguments in ((), ("-n", 2)):
        taken.clear()
        path = tmp_path / "r.xml"
        done = pytest_there(
            "--risp-target", url, "-k", " or ".join(CHOSEN), "--junitxml", path, *arguments
        )
        assert done.returncode == 1, done.stdout
        found.append((len(taken), outcomes(path)))
    (connections, alone), (with_workers, shared) = found
    assert set(alone) == CHOSEN
    assert alike(shared) == alike(alone)
    assert with_workers == connections


def test_several_workers_leave_nothing_behind(pytest_there, counted, tmp_path):
    folder = tmp_path / "temporary"
    folder.mkdir()
    arguments = ("--risp-target", counted[0], "-k", "A-ERR-9", "-n", 2)
    done = pytest_there(*arguments, TMPDIR=str(folder))
    assert "1 failed" in done.stdout
    assert [path.name for path in folder.iterdir() if path.name.startswith("risp-")] == []


def test_with_several_workers_one_item_tells_the_diagnosis(pytest_there):
    with null_server("dead") as url:
        done = pytest_there("--risp-target", url, "-k", "A-CLOSE", "-n", 2)
    assert "1 failed" in done.stdout
    assert "nothing accepts a connection" in done.stdout


def test_it_takes_what_the_command_takes(pytest_there, reference, tmp_path):
    (tmp_path / "open.json").write_text('{"robot": "so101"}')
    (tmp_path / "obs.json").write_text('{"prompt": "from a file"}')
    arguments = ("--risp-target", reference, "-k", "A-CLOSE-2", "-q")
    files = ("--risp-open", "open.json", "--risp-observation", "obs.json", "--risp-seed", 3)
    done = pytest_there(*arguments, *files, "--risp-model", "toy", RISP_API_KEY=KEY)
    assert done.returncode == 0, done.stdout
    done = pytest_there(*arguments, "--risp-model", "no-such", RISP_API_KEY=KEY)
    assert done.returncode == 1
    assert "no acceptable session.open found" in done.stdout


@pytest.mark.parametrize(
    ("option", "content", "says"),
    [
        ("--risp-open", "[]", "not an array"),
        ("--risp-open", '{"type": "x"}', "`type`, which the kit sets itself"),
        ("--risp-observation", '{"state": "x"}', "at /state"),
    ],
)
def test_a_wrong_file_is_told_before_anything_runs(pytest_there, tmp_path, option, content, says):
    (tmp_path / "one.json").write_text(content)
    done = pytest_there("--risp-target", "ws://127.0.0.1:1", option, "one.json")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {option} one.json" in done.stderr
    assert says in done.stderr


def test_a_choice_that_fits_nothing_is_told_before_anything_runs(pytest_there):
    done = pytest_there("--risp-target", "ws://127.0.0.1:1", "--risp-only", "A-NONE-1")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--risp-only: nothing is called A-NONE-1" in done.stderr


@pytest.mark.parametrize(
    ("pattern", "items"),
    [
        ("A-OPEN-2", ["A-OPEN-2"]),
        ("a-close-1?", [f"A-CLOSE-{number}" for number in range(10, 20)]),
        ("opening.second_open", [rule.id for rule in CHECKS["opening.second_open"].requirements]),
    ],
)
def test_a_choice_means_what_it_means_to_the_command(pytest_there, pattern, items):
    arguments = ("--risp-target", "ws://127.0.0.1:1", "--risp-only", pattern)
    done = pytest_there(*arguments, "--collect-only", "-q", "test_own.py")
    found = re.findall(r"^risp::(\S+)$", done.stdout, re.MULTILINE)
    assert found
    assert set(found) <= set(items)
    assert pattern == "a-close-1?" or found == items


def test_the_requirements_count_among_what_is_collected(pytest_there, counted):
    wide = pytest_there("--risp-target", counted[0], "--collect-only").stdout
    narrow = pytest_there("--risp-target", counted[0], "-k", "A-ERR-9").stdout
    collected = len(re.findall(r"<RequirementItem ", wide)) + 1
    assert f"collected {collected} items\n" in wide
    assert f"collected {collected} items / {collected - 1} deselected / 1 selected" in narrow


def test_a_check_that_is_named_is_held_and_is_the_first_to_tell(pytest_there):
    arguments = ("--risp-only", "closing.close", "--risp-only", "error.unknown_type")
    with serving(answering(sloppy)) as url:
        done = pytest_there("--risp-target", url, *arguments, "-k", "A-ERR-9 or A-ERR-5")
        named = pytest_there("--risp-target", url, "--risp-only", "error.unknown_type", "-q")
    assert "A-ERR-9 A server MUST" in done.stdout
    assert "    in        error.unknown_type\n" in named.stdout
    assert named.returncode == 1


def test_a_bad_address_is_told_by_one_item(pytest_there):
    done = pytest_there("--risp-target", "localhost:1", "-k", "A-CLOSE-2")
    assert done.returncode == 1
    assert "ws://host:port/v1/actions" in done.stdout


NARROW = Options(selection=Selection(only=("opening.second_open",)))


def test_what_one_process_leaves_another_reads(tmp_path):
    with serving(answering(sloppy)) as url:
        first = trial.judge_once(tmp_path, url, NARROW, "")
    second = trial.judge_once(tmp_path, "ws://nobody.invalid", NARROW, "")
    assert second == first
    assert first.told["A-OPEN-28"].outcome is Outcome.FAILED
    assert first.told["A-OPEN-28"].story.startswith("A-OPEN-28 A server MUST")


def test_whoever_waits_for_one_that_is_gone_says_so(tmp_path, monkeypatch):
    claim = tmp_path / "claim"
    claim.touch()
    os.utime(claim, (0, 0))
    with pytest.raises(Diagnosis, match="has ended"):
        trial.judge_once(tmp_path, "ws://nobody.invalid", NARROW, "")
    claim.unlink()
    monkeypatch.setattr(trial, "judge", lambda *how: json.loads("no json"))
    with pytest.raises(ValueError, match="Expecting"):
        trial.judge_once(tmp_path, "ws://nobody.invalid", NARROW, "")
    assert not claim.exists()


def test_whoever_judges_for_long_shows_that_it_lives(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "BEAT_S", 0.01)
    beaten = threading.Event()

    def slowly(*how):
        os.utime(tmp_path / "claim", (0, 0))
        until = time.monotonic() + 10
        while (tmp_path / "claim").stat().st_mtime == 0 and time.monotonic() < until:
            beaten.wait(0.01)
        return trial.Judged({}, str((tmp_path / "claim").stat().st_mtime > 0))

    monkeypatch.setattr(trial, "judge", slowly)
    assert trial.judge_once(tmp_path, "", NARROW, "").diagnosis == "True"
