"""The court's commands: parse and print, nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from .runner import Options

_ADDRESS = re.compile(r"^[\w.-]+:\d+(/.*)?$")
REPORT_KINDS = ("json",)


def _object(path: str | None, option: str) -> dict[str, Any]:
    """A JSON object out of a file."""
    import json

    from .json_values import mapping

    if path is None:
        return {}
    try:
        tree: Any = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{option} {path}: {error}") from None
    if not isinstance(tree, dict):
        raise click.UsageError(f"{option} {path}: holds no JSON object, but {type(tree).__name__}")
    return mapping(tree)


def _reports(values: tuple[str, ...]) -> list[tuple[str, Path]]:
    pairs: list[tuple[str, Path]] = []
    for value in values:
        kind, equals, path = value.partition("=")
        if not equals or kind not in REPORT_KINDS or not path:
            raise click.UsageError(
                f"--report {value}: write it as KIND=FILE, KIND one of {', '.join(REPORT_KINDS)}"
            )
        file = Path(path)
        if not file.parent.is_dir():
            raise click.UsageError(f"--report {value}: there is no folder {file.parent}")
        pairs.append((kind, file))
    return pairs


def _again(url: str, command: tuple[str, ...], options: Options, key: str | None) -> str:
    """The command line that judges the same target, with the key left to be filled in."""
    import shlex

    words = ["risp", "test", *([] if command else [url])]
    words += ["--key", "KEY"] if key else []
    words += ["--seed", str(options.seed)] if options.seed else []
    words += ["--", *command] if command else []
    return shlex.join(words)


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("target", nargs=-1, metavar="[URL] [-- COMMAND...]")
@click.option("--key", envvar="RISP_API_KEY", help="Key for `Authorization: Bearer`.")
@click.option("--open", "open_file", metavar="FILE", help="JSON object to merge into session.open.")
@click.option("--observation", "observation_file", metavar="FILE",
              help="JSON object to merge into every observation.")  # fmt: skip
@click.option("--model", help="The model to ask for, where a server has several.")
@click.option("--only", multiple=True, metavar="PATTERN",
              help="Judge only these ids, sections or checks; * and ? fit.")  # fmt: skip
@click.option("--skip", multiple=True, metavar="PATTERN", help="Leave these out.")
@click.option("--slow", is_flag=True, help="Also hold the checks that wait for long clocks.")
@click.option("--seed", type=int, default=0, show_default=True,
              help="Another seed makes other frames.")  # fmt: skip
@click.option("--budget", type=click.FloatRange(min=1), metavar="SECONDS",
              help="Stop after this long.  [default: 300; 1800 with --slow]")  # fmt: skip
@click.option("--report", "reports", multiple=True, metavar="json=FILE", help="Write a report.")
@click.option("--transcripts", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Write the transcript of every check, for `risp replay`.")  # fmt: skip
@click.option("--verbose", "-v", is_flag=True, help="A line for every check.")
@click.pass_context
def test(
    context: click.Context,
    target: tuple[str, ...],
    key: str | None,
    open_file: str | None,
    observation_file: str | None,
    model: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    slow: bool,
    seed: int,
    budget: float | None,
    reports: tuple[str, ...],
    transcripts: Path | None,
    verbose: bool,
) -> None:
    """Judge a server by its URL, or start it: risp test -- COMMAND...

    The command's first line on standard output must be the URL.

    Exit: 0 conformant, 1 violation, 2 usage, 3 incomplete, 4 unreachable or not this protocol,
    5 kit error.
    """
    url, command = _target(target)
    files = _reports(reports)
    open_members = _object(open_file, "--open") | ({"model": model} if model else {})
    observation_members = _object(observation_file, "--observation")
    # Said before the imports, which take longer than anybody likes to look at nothing.
    click.echo(f"risp test: {' '.join(command) if command else 'one target'} ...", err=True)

    from .run_command import run_test
    from .runner import Options
    from .selection import Selection

    selection = Selection(tuple(only), tuple(skip), slow)
    budget = budget or (1800.0 if slow else 300.0)
    options = Options(key or None, open_members, observation_members, selection, seed, budget)
    again = _again(url or "", command, options, key)
    context.exit(run_test(url, command, options, files, transcripts, again, verbose))


def _target(words: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """Tell a URL from a command; click has already taken the `--` out."""
    first = next(iter(words), None)
    if first is None:
        raise click.UsageError("give the server's URL, or `-- COMMAND...` to start it")
    if _ADDRESS.match(first):
        raise click.UsageError(f"{first!r} has no scheme; did you mean ws://{first}?")
    if "://" in first:
        if len(words) > 1:
            raise click.UsageError(f"one URL, please, and not {len(words)} words")
        return first, ()
    return None, words


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--target", "url", required=True, metavar="URL", help="Where to hold it again.")
@click.option("--key", envvar="RISP_API_KEY", help="Key for `Authorization: Bearer`.")
@click.pass_context
def replay(context: click.Context, file: Path, url: str, key: str | None) -> None:
    """Hold one recorded conversation again, and judge it.

    FILE is a transcript, as `risp test --transcripts DIR` writes it.

    Exit: 0 nothing broken, 1 a violation shows, 2 usage, 4 unreachable, 5 kit error.
    """
    from .replay import run_replay

    context.exit(run_replay(file, url, key or None))
