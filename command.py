"""The command `risp`, which belongs to no room: each room adds its subcommands by entry point.

Nothing here names a subcommand. A room lists its own in the entry-point group `risp.commands`,
and says there, as `[extra]`, which extra the subcommand cannot do without.
"""

import re
from collections.abc import Iterator
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, entry_points

import click

GROUP = "risp.commands"
SECTIONS = {
    "risp.conformance": "Judge",
    "risp.reference_impl": "Serve",
    "risp.protocol": "Read",
}
"""The heading under which `risp --help` shows a room's subcommands, in this order."""
OTHER = "More"
"""The heading of subcommands which another distribution adds."""
IMPORTED_AS = {"pyjwt": "jwt"}
"""Distributions whose module does not bear their name."""


class MissingExtra(click.ClickException):
    """A subcommand needs an extra which is not installed."""

    exit_code = 2

    def __init__(self, what: str, missing: str, extra: str) -> None:
        """Keep the extra for the help listing, and put the remedy into the message."""
        super().__init__(f'{what} needs {missing}; install it with: pip install "risp[{extra}]"')
        self.extra = extra


def requirements_by_extra() -> Iterator[tuple[str, str]]:
    """Yield (extra, distribution) as the installed metadata of `risp` lists them."""
    try:
        lines = distribution("risp").requires or []
    except PackageNotFoundError:
        return
    for line in lines:
        name = re.match(r"[A-Za-z0-9._-]+", line)
        extra = re.search(r"""extra\s*==\s*['"]([^'"]+)['"]""", line)
        if name and extra and extra[1] != "all" and applies_here(line):
            yield extra[1], name[0].lower()


def applies_here(requirement: str) -> bool:
    """Tell whether the requirement's platform marker, the only other one in use, holds."""
    import sys

    marker = re.search(r"""sys_platform\s*!=\s*['"]([^'"]+)['"]""", requirement)
    return marker is None or marker[1] != sys.platform


def missing_from(extra: str) -> str | None:
    """Return the first distribution of the extra which is not installed."""
    for candidate, name in requirements_by_extra():
        if candidate == extra:
            try:
                distribution(name)
            except PackageNotFoundError:
                return name
    return None


def extra_with(module: str) -> str | None:
    """Return the extra which would bring the module."""
    top = module.partition(".")[0].lower()
    for extra, name in requirements_by_extra():
        if top == IMPORTED_AS.get(name, name.replace("-", "_")):
            return extra
    return None


def load(entry: EntryPoint) -> click.Command:
    """Import one subcommand; raise MissingExtra where an extra is all that it lacks."""
    for extra in entry.extras:
        missing = missing_from(extra)
        if missing is not None:
            raise MissingExtra(f"risp {entry.name}", missing, extra)
    try:
        command = entry.load()
    except ModuleNotFoundError as error:
        raise (missing_extra(f"risp {entry.name}", error) or error) from error
    if not isinstance(command, click.Command):
        raise TypeError(f"{entry.value} is not a click command")
    return command


def missing_extra(what: str, error: ModuleNotFoundError) -> MissingExtra | None:
    """Turn a failed import into its remedy, if an extra is the remedy."""
    extra = extra_with(error.name or "")
    return MissingExtra(what, error.name or "", extra) if extra else None


class Rooms(click.Group):
    """A group whose subcommands are imported when they are asked for."""

    def entries(self) -> dict[str, EntryPoint]:
        """Return the entry points by subcommand, sorted by name."""
        return {entry.name: entry for entry in sorted(entry_points(group=GROUP))}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every subcommand, whether or not it can be imported."""
        return list(self.entries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the subcommand, or return None for click's own "no such command"."""
        entry = self.entries().get(cmd_name)
        return None if entry is None else load(entry)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands by room; one that cannot be imported says why and harms no other."""
        sections: dict[str, list[tuple[str, str]]] = {title: [] for title in SECTIONS.values()}
        for name, entry in self.entries().items():
            room = ".".join(entry.module.split(".")[:2])
            row = (name, short_help(entry, formatter.width - 14))
            sections.setdefault(SECTIONS.get(room, OTHER), []).append(row)
        for title, rows in sections.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> object:
        """Run the subcommand; an import that fails within it names the remedy, too."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            what = f"risp {ctx.invoked_subcommand}" if ctx.invoked_subcommand else "risp"
            raise (missing_extra(what, error) or error) from error


def short_help(entry: EntryPoint, limit: int) -> str:
    """Return the line of one subcommand in `risp --help`."""
    try:
        return load(entry).get_short_help_str(limit)
    except MissingExtra as error:
        return f"(needs the {error.extra} extra)"
    except Exception as error:  # noqa: BLE001  # a stranger's entry point may raise anything
        return f"(cannot be loaded: {type(error).__name__}: {error})"


@click.command(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="risp", message="risp %(version)s")
def cli() -> None:
    """The Realtime Inference Session Protocol: read it, serve it, judge a server that speaks it."""


def main() -> None:
    """Run the command, under its own name however it was started."""
    cli(prog_name="risp")


if __name__ == "__main__":
    main()
