"""Build the sdist, the wheel from the sdist, and use the wheel as a stranger would.

Run by `make wheel-test` in a tree that has been installed with -e: that is where a build once
packed an empty sdist in silence, and where the tree's own names hide what a wheel lacks.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("protocol", "reference_impl", "conformance")
SCRIPTS = "Scripts" if os.name == "nt" else "bin"

OWN_NAMES = {
    "protocol.py": "MINE = True\n",
    "conformance/__init__.py": "MINE = True\n",
    "reference_impl/__init__.py": "MINE = True\n",
    "test_own_names.py": """
import conformance
import protocol
import reference_impl
import risp.conformance
import risp.protocol


def test_the_project_s_own_modules_are_its_own():
    assert protocol.MINE and conformance.MINE and reference_impl.MINE
    assert risp.protocol is not protocol


def test_the_plugin_is_loaded(pytestconfig):
    assert pytestconfig.pluginmanager.hasplugin("risp")
""",
}
"""A project whose own modules bear the names of our folders."""


SCHEMA = """{
  "openapi": "3.1.0",
  "info": {"title": "lamp", "version": "1"},
  "paths": {"/events/set_level": {"post": {"requestBody": {"content": {"application/json": {
    "schema": {"type": "object", "properties": {"level": {"type": "integer"}},
               "required": ["level"]}}}}}}}
}"""
"""What a model publishes; a client for it is written without any extra."""


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command outside the tree's own environment; a failure ends the test with its output."""
    print("$", *(Path(part).name if isinstance(part, Path) else part for part in command))
    env = {
        key: value
        for key, value in os.environ.items()
        if key not in {"PYTHONPATH", "VIRTUAL_ENV"} and not key.startswith(("COVERAGE", "PYTEST"))
    }
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}failed with {done.returncode}")
    return done.stdout


def in_tree() -> set[str]:
    """Every file that belongs into the wheel, as it is named there."""
    names = {"risp/command.py"}
    for room in ROOMS:
        names |= {
            f"risp/{path.relative_to(ROOT).as_posix()}"
            for path in (ROOT / room).rglob("*")
            if path.is_file()
            and not {"__pycache__", ".mypy_cache", ".ruff_cache"} & set(path.parts)
        }
    return names


def build(out: Path) -> Path:
    """Build the sdist and, from it, the wheel."""
    run(sys.executable, "-m", "build", "--outdir", out, ROOT, cwd=out)
    (wheel,) = out.glob("*.whl")
    (_sdist,) = out.glob("*.tar.gz")
    return wheel


def compare(wheel: Path) -> None:
    """Hold the wheel's files against the tree's, both ways."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = [name for name in archive.namelist() if name.endswith("licenses/LICENSE")]
    tree = in_tree()
    for name in sorted(tree ^ packed):
        print("only in the wheel:" if name in packed else "only in the tree:", name)
    assert packed == tree, "the wheel and the tree differ"
    assert len(licences) == 1, "the wheel has no licence"
    missing = {f"risp/{room}/py.typed" for room in ROOMS} - packed
    assert not missing, f"the wheel is not typed: {missing}"
    schemas = {name for name in packed if name.startswith("risp/protocol/schemas/")}
    assert any(name.endswith(".json") for name in schemas), "the wheel has no schema"
    modules = sum(name.endswith(".py") for name in packed)
    print(f"{modules} modules and {len(packed) - modules} data files, as in the tree")


def use(wheel: Path, folder: Path) -> None:
    """Install the wheel into an empty environment, run the command and a pytest run beside it."""
    venv, project = folder / "venv", folder / "project"
    run(sys.executable, "-m", "venv", venv, cwd=folder)
    scripts = venv / SCRIPTS
    pip = (scripts / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "-c", ROOT / "constraints.txt", wheel, "pytest", cwd=folder)
    for name, text in OWN_NAMES.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copytree(project, folder / "again")
    print(run(scripts / "risp", "--help", cwd=project))
    assert run(scripts / "risp", "list", cwd=project).strip(), "risp list says nothing"
    (project / "schema.json").write_text(SCHEMA, encoding="utf-8")
    written = run(scripts / "risp", "codegen", "schema.json", cwd=project)
    assert "async def set_level(self, *, level: int)" in written, written
    print(run(scripts / "python", "-m", "pytest", "-q", cwd=project))
    # Started as a script, pytest does not put the folder itself first on the path.
    print(run(scripts / "pytest", "-q", cwd=folder / "again"))


def main() -> None:
    """Say what was built and used, or end with the reason why not."""
    if not (ROOT / ".editable" / "risp").is_dir():
        sys.exit("run this in a tree that has been installed with: pip install -e .")
    with tempfile.TemporaryDirectory(prefix="risp-wheel-") as name:
        folder = Path(name)
        wheel = build(folder)
        compare(wheel)
        use(wheel, folder)
    print("wheel-test: passed")


if __name__ == "__main__":
    main()
