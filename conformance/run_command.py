"""What `risp test` does: target, reporters, run, exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from .command_line import Asked
from .diagnosis import Diagnosis, Exit
from .events import Reporter, RunEvent, RunFinished, RunStarted
from .report.folder import Transcripts
from .report.github import GitHub, without_commands
from .report.jsonfile import JsonFile
from .report.junit import JunitFile
from .report.pulse import Pulse
from .report.terminal import Terminal
from .report.words import chosen_first, printable
from .runner import INTERRUPTED, Options, Run
from .target import Target

NOBODY_READS = 141
"""The exit code where standard output is closed, as by `head`: as a shell tells SIGPIPE."""


class Piped(Console):
    """A console that leaves it to the command what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        """Raise what rich would turn into exit 1, which says that a MUST is broken."""
        raise BrokenPipeError


def run_test(
    asked: Asked,
    options: Options,
    files: list[tuple[str, Path]],
    transcripts: Path | None,
    verbose: bool,
) -> int:
    """Judge a target, tell every reporter, and return the exit code."""
    try:
        return _run_test(asked, options, files, transcripts, verbose)
    except BrokenPipeError:
        # What is still buffered goes nowhere, instead of into a complaint at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS


def _run_test(
    asked: Asked,
    options: Options,
    files: list[tuple[str, Path]],
    transcripts: Path | None,
    verbose: bool,
) -> int:
    unknown = options.selection.unknown()
    if unknown:
        click.echo(f"risp: nothing is called {', '.join(unknown)}; see `risp list`", err=True)
        return int(Exit.USAGE)
    console = Piped(highlight=False)
    github = [github_reporter(asked.again()) for kind, _ in files if kind == "github"][:1]
    in_actions = bool(github) or os.environ.get("GITHUB_ACTIONS") == "true"
    with without_commands(in_actions):
        try:
            reporters: list[Reporter] = [Terminal(console, asked.again(), verbose)]
            reporters += [*file_reporters(files, asked.again()), *github]
            if transcripts is not None:
                reporters.append(Transcripts(transcripts, options.selection))
            code = _judge(asked, options, reporters, console)
        except BrokenPipeError:
            raise
        except OSError as error:
            click.echo(f"risp: a report cannot be written: {error}", err=True)
            code = Exit.USAGE
        except Exception:  # noqa: BLE001  # law 9: a defect of the kit's, and no violation
            console.print_exception()
            code = Exit.KIT_ERROR
    for one in github:
        one.annotate()
    return int(code)


def file_reporters(files: list[tuple[str, Path]], again: str) -> list[Reporter]:
    """The reporters that write what was asked for into files."""
    made: list[Reporter] = [JsonFile(path) for kind, path in files if kind == "json"]
    return [*made, *(JunitFile(path, again) for kind, path in files if kind == "junit")]


def github_reporter(again: str) -> GitHub:
    """The reporter that annotates, and writes the summary where GitHub says."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    return GitHub(again, Path(summary) if summary else None)


def _judge(asked: Asked, options: Options, reporters: list[Reporter], console: Console) -> Exit:
    target = Target(asked.url, asked.command)
    only = options.selection.only
    try:
        with _terminable(), Pulse(not console.is_terminal) as pulse:
            if asked.command:
                _announce(asked, options, reporters[1:])
            listeners: list[Reporter] = [
                pulse,
                *(_chosen_first(reporter, only) for reporter in reporters),
            ]
            with target:
                code = Run(target.url, options, listeners).execute().exit_code
                if code is not Exit.CONFORMANT and (words := target.last_words()):
                    console.print(f"\n{_lines(words)}", markup=False, soft_wrap=True)
                return code
    except Diagnosis as diagnosis:
        finished = RunFinished(diagnosis.code, False, (), 0.0, diagnosis)
    except KeyboardInterrupt:
        stopped = Diagnosis(Exit.INCOMPLETE, INTERRUPTED)
        finished = RunFinished(Exit.INCOMPLETE, False, (), 0.0, stopped)
    finally:
        target.stop()  # Ctrl-C may come while it starts, which no `with` sees.
    for reporter in reporters:
        reporter(finished)
    return finished.exit_code


def _chosen_first(reporter: Reporter, only: tuple[str, ...]) -> Reporter:
    """A reporter to which a check that the user has named is the first to tell its finding."""

    def tell(event: RunEvent) -> None:
        reporter(chosen_first(event, only) if isinstance(event, RunFinished) else event)

    return tell


def _announce(asked: Asked, options: Options, files: list[Reporter]) -> None:
    """Begin the files before a command starts, so that no earlier run's are left standing."""
    chosen = options.selection
    name = Path(asked.command[0]).name
    for reporter in files:
        reporter(RunStarted(name, options.seed, chosen.slow, bool(chosen.only or chosen.skip)))


@contextmanager
def _terminable() -> Generator[None]:
    """Make SIGTERM end a run as Ctrl-C does: with what has been found, and no exit 0."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _lines(text: str) -> str:
    return "\n".join(map(printable, text.splitlines()))
