"""The guide to judging in CI does what it says."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import junitparser
import pytest
from click.testing import CliRunner

from risp.conformance import pytest_plugin
from risp.conformance.commands import test as judge
from risp.conformance.diagnosis import Exit
from tests.docs.pages import DOCS, Block, blocks
from tests.support import spawn_server

PAGE = "guides/judge-in-ci.md"
TEXT = (DOCS / PAGE).read_text(encoding="utf-8")
BLOCKS = [block for block in blocks() if block.page == PAGE]
URL = "ws://127.0.0.1:8080/v1/actions"


def commands(block: Block) -> list[str]:
    return [line.removeprefix("$ ") for line in block.body.splitlines() if line.startswith("$ ")]


def do(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line as a CI's shell does, with the commands of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=folder,
        env={**clean, "PATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def is_green(path: Path) -> bool:
    (suite,) = list(junitparser.JUnitXml.fromfile(str(path)))
    return suite.tests > 100 and (suite.failures, suite.errors) == (0, 0)


def test_every_block_is_one_that_is_tried_here():
    assert [(block.language, len(commands(block))) for block in BLOCKS] == [
        ("console", 1),
        ("yaml", 0),
        ("console", 1),
        ("console", 1),
    ]


def test_the_line_judges_and_leaves_a_green_report(tmp_path):
    (command,) = commands(BLOCKS[0])
    done = do(command, tmp_path)
    assert done.returncode == 0, done.stdout
    assert is_green(tmp_path / "risp.xml")


def test_the_workflow_judges_annotates_and_keeps_its_report(tmp_path, need):
    need("yaml", "reads the workflow")
    import yaml

    steps = yaml.safe_load(BLOCKS[1].body)["jobs"]["risp"]["steps"]
    (step,) = [step for step in steps if step.get("name") == "Judge the server"]
    (kept,) = [step for step in steps if step.get("name") == "Keep the report"]
    summary = tmp_path / "summary.md"
    done = do(step["run"], tmp_path, GITHUB_STEP_SUMMARY=str(summary), GITHUB_ACTIONS="true")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("::stop-commands::")
    assert is_green(tmp_path / kept["with"]["path"])
    assert re.match(r"### RISP: (\d+) of \1 MUSTs", summary.read_text())
    (install,) = [step["run"] for step in steps if "pip install" in step.get("run", "")]
    assert shlex.split(install)[-1] == "risp[server]"


def test_the_line_for_pytest_judges_a_server_that_runs(tmp_path):
    (command,) = commands(BLOCKS[2])
    assert URL in command
    with spawn_server() as server:
        done = do(command.replace(URL, server.url) + " -k A-OPEN", tmp_path)
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d\d passed", done.stdout)


def test_the_line_that_chooses_takes_one_requirement_and_not_its_namesakes(tmp_path):
    (command,) = commands(BLOCKS[3])
    done = do(f"{command} --collect-only -q", tmp_path)
    assert done.returncode == 0, done.stdout
    items = re.findall(r"^risp::(\S+)$", done.stdout, re.MULTILINE)
    assert items[0] == "A-OPEN-2"
    assert all(item.startswith("A-CLOSE-") for item in items[1:])


def test_the_exit_codes_are_the_command_s():
    rows = re.findall(r"^\| (\d) \| ([a-z ]+):", TEXT, re.MULTILINE)
    assert rows == [(str(int(one)), one.name.lower().replace("_", " ")) for one in Exit]


@pytest.mark.parametrize("option", sorted(set(re.findall(r"--[a-z][a-z-]+", TEXT))))
def test_the_options_that_it_names_exist(option):
    known = CliRunner().invoke(judge, ["--help"]).output
    assert option in known + Path(pytest_plugin.__file__).read_text() + "--port"
