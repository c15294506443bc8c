"""The environment of the runtime: which Python makes it, and what is said where none can."""

import re
import sys

import pytest

from tests.peers import install

SHIM, OLD, NEW = 127, 1, 0
"""How a command ends that is asked whether it is new enough."""


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine with nothing but the commands that are named, each ending with its code."""

    def make(**codes):
        for name, code in codes.items():
            path = tmp_path / name.replace("_", ".")
            path.write_text(f"#!/bin/sh\nexit {code}\n")
            path.chmod(0o755)

    for name in ("PYTHON", "PYENV_ROOT", install.NAMED):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(install, "FOLDER", tmp_path / ".venv-runtime")
    return make


def test_a_shim_without_a_python_behind_it_is_passed_over(machine):
    machine(python3_12=SHIM, python3_13=OLD, python3_14=NEW)
    assert install.fit() == "python3.14"


def test_the_python_that_is_named_comes_first(machine, monkeypatch):
    machine(python3_12=NEW, mine=NEW)
    monkeypatch.setenv("PYTHON", "mine")
    assert install.fit() == "mine"


def test_what_pyenv_has_is_found_last(machine, tmp_path):
    machine(python3=OLD)
    folder = tmp_path / ".pyenv" / "versions" / "3.13.0" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(tmp_path / "new")
    machine(new=NEW)
    assert install.fit() == str(folder / "python")


def test_the_question_is_one_that_a_python_understands(machine):
    is_new = sys.version_info >= (3, 12)
    assert install.says_yes(sys.executable, install._IS_NEW) == is_new
    assert not install.says_yes(sys.executable, install._HAS_IT)


def test_where_no_python_will_do_the_reason_says_so(machine):
    machine(python3=OLD)
    with pytest.raises(SystemExit, match=r"needs Python 3\.12 or newer .* PYTHON="):
        install.main()


def test_a_named_interpreter_without_the_runtime_is_said_by_its_name(machine, monkeypatch):
    monkeypatch.setenv(install.NAMED, sys.executable)
    with pytest.raises(SystemExit, match=f"{install.NAMED} .*{re.escape(sys.executable)}"):
        install.main()


def test_the_remedy_is_said_where_the_environment_is_missing(machine):
    assert f"`{install.REMEDY}` makes .venv-runtime" in install.lacking()


def test_the_pins_are_names_and_versions_and_the_runtime_is_among_them():
    lines = install.CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[\w.\-]+==[\w.]+", line)] == []
    assert f"reactor-runtime=={install.VERSION}" in pins
