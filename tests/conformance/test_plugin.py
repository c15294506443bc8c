"""The pytest plugin, in a project of a user's."""

import subprocess
import sys

import pytest

from tests.null_servers import answering, null_server

from .conftest import KEY
from .test_reports import sloppy
from .test_runner import serving


@pytest.fixture
def pytest_there(tmp_path):
    """Run pytest in an empty project."""
    (tmp_path / "test_own.py").write_text("def test_of_my_own():\n    assert True\n")

    def run(*arguments):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
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
