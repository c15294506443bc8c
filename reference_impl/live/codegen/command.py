"""`risp codegen`: write a typed client. Everything but click is imported when it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from risp.protocol.live.model import ModelSchema

SHOWN_LINES = 40
"""A difference is shown up to so many lines."""


class BadInput(click.ClickException):
    """What was given makes no client."""

    exit_code = 2


@click.command(short_help="Write a typed Python client for a model.")
@click.argument("source", metavar="SCHEMA_OR_URL")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="[default: to stdout]"
)
@click.option("--class-name", metavar="NAME", help="[default: the model's name, as in MyModel]")
@click.option("--check", is_flag=True, help="Only compare with --out: exit 1 if it differs.")
@click.option("--key", envvar="RISP_API_KEY", help="A key, for a server that has keys.")
@click.option("--model", metavar="NAME", help="With --key: the model's name on the server.")
def codegen(
    source: str,
    out: Path | None,
    class_name: str | None,
    check: bool,
    key: str | None,
    model: str | None,
) -> None:
    """Write a typed client for the model whose schema is SCHEMA_OR_URL, as Python source.

    It is a file, `-` for standard input, or the address of a server, as in http://localhost:8080.
    A server with keys gives its schema only within a session: with --key and --model, one is begun
    and ended for it. Exits with 2 if no schema can be had.
    """
    from .writer import is_class_name, write

    if check and out is None:
        raise click.UsageError("--check compares with a file: name it with --out")
    if class_name is not None and not is_class_name(class_name):
        raise click.UsageError(f"--class-name {class_name!r}: no class can be called so")
    schema = _schema(source, key, model)
    try:
        text = write(schema, class_name)
    except ValueError as error:
        raise BadInput(f"{source}: {error}") from None
    if out is None:
        click.echo(text.encode(), nl=False)
    elif check:
        _compare(text, out, source, class_name)
    else:
        _put(text, out)


def _schema(source: str, key: str | None, model: str | None) -> ModelSchema:
    from .schemas import BadSource, NotPublished, schema_of

    try:
        return schema_of(source)
    except NotPublished as error:
        if not key:
            raise BadInput(str(error)) from None
        if not model:
            raise click.UsageError("--key: name the model too, with --model NAME") from None
    except BadSource as error:
        raise BadInput(str(error)) from None
    return _asked(source, key, model)


def _asked(source: str, key: str, model: str) -> ModelSchema:
    """Ask within a session, which ends with that."""
    import asyncio
    from urllib.parse import urlsplit

    from ..client.client import LiveClient
    from ..client.failures import LiveError
    from .schemas import BadSource, model_of, shown

    async def ask() -> object:
        url = urlsplit(source)
        async with LiveClient(model, key, f"{url.scheme}://{url.netloc}") as client:
            await client.connect()
            return await client.request_schema()

    try:
        return model_of(asyncio.run(ask()), source)
    except BadSource as error:
        raise BadInput(str(error)) from None
    except (LiveError, ValueError, OSError) as error:
        raise BadInput(f"{shown(source)}: {error}") from None


def _put(text: str, out: Path) -> None:
    try:
        out.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise BadInput(f"{out}: cannot be written: {error.strerror}") from None
    click.echo(out)


def _compare(text: str, out: Path, source: str, class_name: str | None) -> None:
    import difflib

    from .schemas import shown

    try:
        there = out.read_text(encoding="utf-8")
    except FileNotFoundError:
        there = ""
    except (OSError, ValueError) as error:
        raise BadInput(f"{out}: cannot be read: {error}") from None
    if there == text:
        click.echo(f"{out} is as the schema makes it")
        return
    lines = list(
        difflib.unified_diff(
            there.splitlines(), text.splitlines(), str(out), "as the schema makes it", lineterm=""
        )
    )
    for line in lines[:SHOWN_LINES]:
        click.echo(line)
    if len(lines) > SHOWN_LINES:
        click.echo(f"... and {len(lines) - SHOWN_LINES} lines more")
    named = f" --class-name {class_name}" if class_name else ""
    click.echo(f"to mend: risp codegen {shown(source)}{named} --out {out}", err=True)
    raise SystemExit(1)
