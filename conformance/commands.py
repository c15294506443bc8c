"""The court's commands: parse and print, nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import click

from .command_line import Asked

_ADDRESS = re.compile(r"^[\w.-]+:\d+(/.*)?$")
FILE_REPORTS = ("json", "junit")


def _reports(values: tuple[str, ...]) -> list[tuple[str, Path]]:
    """Kinds with their files; `github` has none."""
    pairs: list[tuple[str, Path]] = []
    for value in values:
        kind, equals, path = value.partition("=")
        if value != "github" and (kind not in FILE_REPORTS or not path):
            raise click.UsageError(
                f"--report {value}: write it as KIND=FILE, KIND one of {', '.join(FILE_REPORTS)}, "
                "or as github"
            )
        file = Path(path)
        if equals and not file.parent.is_dir():
            raise click.UsageError(f"--report {value}: there is no folder {file.parent}")
        pairs.append((kind, file))
    return pairs


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
@click.option("--jobs", "-j", type=click.IntRange(1, 64), default=1, metavar="N",
              show_default=True, help="Hold this many checks at a time.")  # fmt: skip
@click.option("--report", "reports", multiple=True, metavar="KIND[=FILE]",
              help="Write a report: json=FILE, junit=FILE, or github for annotations.")  # fmt: skip
@click.option("--transcripts", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Write the transcript of every check, for `judge` and `replay`.")  # fmt: skip
@click.option(
    "--verbose", "-v", is_flag=True, help="A line for every check, and every requirement in full."
)
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
    jobs: int,
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
    key = key or None
    asked = Asked(url, command, key, open_file, observation_file, model, slow, seed)
    try:
        merged = asked.open_members(), asked.observation_members()
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    # Said before the imports, which take longer than anybody likes to look at nothing.
    click.echo(f"risp test: {asked.target()} ...", err=True)
    if url is not None and url.startswith("http"):
        click.echo(
            "risp test: the action profile is judged; a live profile is not, so far", err=True
        )

    from .run_command import run_test
    from .runner import Options
    from .selection import Selection

    selection = Selection(tuple(only), tuple(skip), slow)
    budget = budget or (1800.0 if slow else 300.0)
    options = Options(key, *merged, selection, seed, budget, jobs)
    context.exit(run_test(asked, options, files, transcripts, verbose))


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


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="DIR | FILE...",
                type=click.Path(exists=True, path_type=Path))  # fmt: skip
@click.option("--report", "reports", multiple=True, metavar="KIND[=FILE]",
              help="Write a report: json=FILE, junit=FILE, or github for annotations.")  # fmt: skip
@click.option(
    "--verbose", "-v", is_flag=True, help="A line for every check, and every requirement in full."
)
@click.pass_context
def judge(
    context: click.Context, paths: tuple[Path, ...], reports: tuple[str, ...], verbose: bool
) -> None:
    """Judge recorded conversations, without a network.

    DIR is what `risp test --transcripts DIR` has written: its verdicts are those of that run. A
    FILE of it is judged by its own check and by what holds for any conversation.

    Exit: as of `risp test`; for a FILE 0 nothing broken, 1 a violation shows, 3 it cannot be told.
    """
    is_folder = len(paths) == 1 and paths[0].is_dir()
    if not is_folder and any(path.is_dir() for path in paths):
        raise click.UsageError("give one folder, or files")
    if reports and not is_folder:
        raise click.UsageError("a report is made of a whole folder")
    files = _reports(reports)

    from .judge_command import run_judge_files, run_judge_folder

    if is_folder:
        context.exit(run_judge_folder(paths[0], files, verbose))
    context.exit(run_judge_files(paths))
