"""What `risp test` does: target, reporters, run, exit code."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from .diagnosis import Diagnosis, Exit
from .events import Reporter
from .report.jsonfile import JsonFile, Transcripts
from .report.terminal import Terminal
from .runner import Options, Run
from .target import Target


def run_test(
    url: str | None,
    command: tuple[str, ...],
    options: Options,
    files: list[tuple[str, Path]],
    transcripts: Path | None,
    again: str,
    verbose: bool,
) -> int:
    """Judge a target, tell every reporter, and return the exit code."""
    unknown = options.selection.unknown()
    if unknown:
        click.echo(f"risp: nothing is called {', '.join(unknown)}; see `risp list`", err=True)
        return int(Exit.USAGE)
    console = Console(highlight=False)
    try:
        reporters: list[Reporter] = [Terminal(console, again, verbose)]
        reporters += [JsonFile(path) for _, path in files]
        reporters += [Transcripts(transcripts)] if transcripts is not None else []
        with _terminable(), Target(url, command) as target:
            code = Run(target.url, options, reporters).execute().exit_code
            if code is not Exit.CONFORMANT and (words := target.last_words()):
                console.print(f"\n{words}", markup=False, soft_wrap=True)
            return int(code)
    except Diagnosis as diagnosis:
        console.print(f"[bold red]{diagnosis.message}[/]", soft_wrap=True)
        if diagnosis.hint:
            console.print(f"  hint: {diagnosis.hint}", markup=False)
        return int(diagnosis.code)
    except OSError as error:
        click.echo(f"risp: a report cannot be written: {error}", err=True)
        return int(Exit.USAGE)


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
