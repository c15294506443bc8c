"""The program that the guide to typed clients prints does what the guide says."""

import os
import re
import subprocess
import sys

from tests.live_server import serving
from tests.need import ROOT

PAGE = (ROOT / "docs/guides/typed-client.md").read_text()


def block(language):
    return re.findall(rf"```{language}[^\n]*\n(.*?)```", PAGE, re.DOTALL)


def run(*command, cwd, **more):
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def test_the_commands_make_the_client_and_the_program_prints_what_it_is_said_to(tmp_path):
    (program,), (prints,) = block("python"), block("text")
    make, check = (
        line.removeprefix("$ risp ").split()
        for one in block("console")
        for line in one.splitlines()
    )
    (tmp_path / "my_application.py").write_text(program)
    with serving(model="examples.drawing_model:Drawing") as server:
        for command, told in ((make, "drawing_client.py\n"), (check, "is as the schema makes it")):
            here = [one.replace("http://localhost:8080", server.url) for one in command]
            code, out = run("-m", "risp.command", *here, cwd=tmp_path)
            assert code == 0
            assert told in out
        code, out = run("my_application.py", cwd=tmp_path, RISP_LOCAL_URL=server.url)
        assert (code, sorted(out.splitlines())) == (0, sorted(prints.splitlines()))
        (tmp_path / "drawing_client.py").write_text("x = 1\n")
        exits = [run("-m", "risp.command", *here, cwd=tmp_path)[0]]
    exits.append(run("-m", "risp.command", *here, cwd=tmp_path)[0])
    assert exits == [1, 2]


def test_it_tells_all_the_exits():
    assert re.findall(r"^\| (\d) \|", PAGE, re.MULTILINE) == ["0", "1", "2"]
