"""`import protocol` in the tree's root would make a second copy of every class: it is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOMS, ROOT, write


def bare_import_error(root: Path, room: str) -> str | None:
    """The last line of what `import <room>` prints when started in the folder, if it fails."""
    run = subprocess.run(
        [sys.executable, "-c", f"import {room}"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return run.stderr.strip().splitlines()[-1] if run.returncode else None


@pytest.mark.parametrize("room", ROOMS)
def test_a_bare_import_names_the_right_one(room):
    error = bare_import_error(ROOT, room)
    assert error is not None
    assert error.startswith(f"ImportError: import risp.{room}")


def test_a_room_without_the_guard_is_noticed(tmp_path):
    assert bare_import_error(write(tmp_path, {}), "protocol") is None
