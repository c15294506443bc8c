"""`python -m risp.reference_impl serve`: this room's commands, without the others."""

import click

from .commands import serve


@click.group()
def cli() -> None:
    """The reference implementation of the Realtime Inference Session Protocol."""


cli.add_command(serve)

if __name__ == "__main__":
    cli(prog_name="python -m risp.reference_impl")
