"""What `risp judge` does: recordings in, the verdicts of the run or of each file out."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from .diagnosis import PRECEDENCE, Exit
from .events import Reporter
from .offline import Recording, judge_alone, judge_run, read_folder
from .report.single import print_conversation
from .report.terminal import Terminal
from .run_command import file_reporters, github_reporter
from .verdict import Verdict

UNDECIDED = (Verdict.NOT_TESTED, Verdict.INCONCLUSIVE)


def run_judge_folder(folder: Path, files: list[tuple[str, Path]], verbose: bool) -> int:
    """Judge the recordings of a run, tell every reporter, and return the exit code."""
    console = Console(highlight=False)
    try:
        recordings = read_folder(folder)
        github = [github_reporter("") for kind, _ in files if kind == "github"][:1]
        reporters: list[Reporter] = [Terminal(console, "", verbose)]
        reporters += [*file_reporters(files, ""), *github]
        code = judge_run(recordings, reporters).exit_code
    except (OSError, ValueError) as error:
        click.echo(f"risp: {error}", err=True)
        return int(Exit.USAGE)
    except Exception:  # noqa: BLE001  # law 9: a defect of the kit's, and no violation
        console.print_exception()
        return int(Exit.KIT_ERROR)
    for one in github:
        one.annotate()
    return int(code)


def run_judge_files(paths: tuple[Path, ...]) -> int:
    """Judge single recordings, print each with what is broken in it; returns the exit code."""
    console = Console(highlight=False)
    codes = {Exit.CONFORMANT}
    try:
        recordings = [Recording.read(path) for path in paths]
    except (OSError, ValueError) as error:
        click.echo(f"risp: {error}", err=True)
        return int(Exit.USAGE)
    for path, one in zip(paths, recordings, strict=True):
        if len(paths) > 1:
            console.print(f"{path.name}:", markup=False)
        codes.add(_judge_file(console, one))
    return int(next(code for code in PRECEDENCE if code in codes))


def _judge_file(console: Console, one: Recording) -> Exit:
    try:
        verdict, remark, findings = judge_alone(one)
    except Exception:  # noqa: BLE001  # law 9: a defect of the kit's, and no violation
        console.print_exception()
        return Exit.KIT_ERROR
    undecided = verdict in (*UNDECIDED, Verdict.KIT_ERROR)
    print_conversation(
        console, one.transcript, findings, f"{verdict}: {remark}" if undecided else remark
    )
    if findings:
        return Exit.VIOLATION
    if verdict is Verdict.KIT_ERROR:
        return Exit.KIT_ERROR
    return Exit.INCOMPLETE if undecided else Exit.CONFORMANT
