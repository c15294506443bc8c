"""Make `.venv-runtime`, the environment of a live server that nobody here wrote.

`python3 -m tests.peers.install`. reactor-runtime 3.10.0 needs Python 3.12 or newer, and RISP itself
does not, so it has an environment of its own, of whatever such Python the machine has.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv-runtime"
NAMED = "RISP_RUNTIME_PYTHON"
"""A variable of the environment that names another interpreter which can import the runtime."""
VERSION = "3.10.0"
CONSTRAINTS = Path(__file__).with_name("constraints.txt")
REMEDY = "python3 -m tests.peers.install"
COMMANDS = ("python3.12", "python3.13", "python3.14", "python3")

_IS_NEW = "import sys, venv; sys.exit(sys.version_info < (3, 12))"
_HAS_IT = (
    "import sys; from importlib.metadata import version; from importlib.util import find_spec; "
    f"sys.exit(not find_spec('reactor_runtime') or version('reactor-runtime') != {VERSION!r})"
)


def says_yes(python: str | Path, question: str) -> bool:
    """Ask an interpreter; a shim that finds none says no."""
    try:
        asked = subprocess.run([python, "-c", question], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def interpreter() -> Path:
    """The interpreter that is to run the runtime, whether it is there or not."""
    return Path(os.environ.get(NAMED) or FOLDER / "bin" / "python")


def lacking() -> str:
    """What is missing, and how to get it; empty if nothing is."""
    if says_yes(interpreter(), _HAS_IT):
        return ""
    if os.environ.get(NAMED):
        return f"{NAMED} names an interpreter without reactor-runtime {VERSION}: {interpreter()}"
    return (
        f"reactor-runtime {VERSION} is missing: `{REMEDY}` makes {FOLDER.name}, for which it needs "
        "Python 3.12 or newer"
    )


def candidates() -> Iterator[str]:
    """Every Python of which it is worth asking how old it is."""
    if os.environ.get("PYTHON"):
        yield os.environ["PYTHON"]
    yield from COMMANDS
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from (str(path) for path in sorted(pyenv.glob("versions/*/bin/python")))


def fit() -> str | None:
    """The first of them that is new enough and has venv; None: there is none."""
    return next((one for one in candidates() if says_yes(one, _IS_NEW)), None)


def main() -> None:
    """Make it unless it is there, or end with the reason why not."""
    why = lacking()
    if not why:
        print(f"reactor-runtime {VERSION} is there")
        return
    if os.environ.get(NAMED):
        sys.exit(why)
    base = fit()
    if base is None:
        sys.exit(
            f"reactor-runtime {VERSION} needs Python 3.12 or newer with venv, and there is none: "
            "install one, and name it with PYTHON=..."
        )
    print(f"making {FOLDER.name} with {base}", flush=True)
    pip = (FOLDER / "bin" / "python", "-m", "pip", "install", "--quiet")
    try:
        subprocess.run([base, "-m", "venv", "--clear", FOLDER], check=True)
        subprocess.run(
            [*pip, "--disable-pip-version-check", "-c", CONSTRAINTS, f"reactor-runtime=={VERSION}"],
            check=True,
        )
    except subprocess.CalledProcessError as failed:
        sys.exit(f"{FOLDER.name} could not be made: {failed}")
    if lacking():
        sys.exit(f"{FOLDER.name} is made, and has no reactor-runtime {VERSION}")


if __name__ == "__main__":
    main()
