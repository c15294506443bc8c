"""The commands that read the protocol aloud: `risp schema`, `risp list`, `risp explain`."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from .profile import Profile
    from .requirement import Requirement

WIDTH = 80


@click.command(short_help="Print or write the JSON Schemas and the OpenAPI document.")
@click.argument("name", required=False)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write every document into this folder, and remove stale ones.",
)
@click.option("--check", is_flag=True, help="Only compare: exit 1 if a written document differs.")
@click.option("--names", is_flag=True, help="Only list the names.")
def schema(name: str | None, out: Path | None, check: bool, names: bool) -> None:
    """Print the document NAME: of a profile (`action`, the default, or `live`) or of a frame.

    Frames are called `observation` or `runtime.ping`. `live.openapi` is the OpenAPI document of the
    live profile's HTTP endpoints.

    With --out, write all of them; with --check, compare them with those in the tree (or in --out).
    """
    from . import documents

    if check:
        _check(out or documents.FOLDER)
    elif out is not None:
        for path in documents.write(out):
            click.echo(path)
    elif names:
        click.echo("\n".join(documents.documents()))
    else:
        click.echo(_document(name or "action"), nl=False)


def _check(folder: Path) -> None:
    from . import documents

    wrong = documents.drift(folder)
    for line in wrong:
        click.echo(line, err=True)
    if wrong:
        # The folder in the tree has a verb of its own; any other is written by the option.
        mend = "make schema" if folder == documents.FOLDER else f"risp schema --out {folder}"
        click.echo(f"to mend: {mend}", err=True)
        raise SystemExit(1)
    click.echo(f"{len(documents.files())} documents are as the models make them")


def _document(name: str) -> str:
    from .catalogue import PROFILES
    from .documents import documents

    known = documents()
    for full in (name, *(f"{profile.name}.{name}" for profile in PROFILES)):
        if full in known:
            return known[full]
    raise click.UsageError(f"no schema is called {name!r}; `risp schema --names` lists them")


@click.command("list", short_help="List the requirements, with how each comes to be seen.")
@click.option("--profile", help="Only this profile: `action` or `live`.")
@click.option("--section", help="Only this section: `opening` or `OPEN`.")
@click.option("--level", type=click.Choice(["MUST", "SHOULD", "MAY"], case_sensitive=False))
@click.option(
    "--seen",
    type=click.Choice(["provoked", "declared", "observed", "slow", "off-wire"]),
    help="Only this class: how a judge comes to see it.",
)
@click.option("--role", type=click.Choice(["server", "client"]))
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
def list_(
    profile: str | None,
    section: str | None,
    level: str | None,
    seen: str | None,
    role: str | None,
    as_json: bool,
) -> None:
    """List the requirements: id, keyword, class, role, sentence."""
    profiles = _profiles(profile)
    wanted = {"level": (level or "").upper(), "seen": seen or "", "role": role or ""}
    rules = [
        (one, rule)
        for one in profiles
        for rule in one.requirements.values()
        if all(not value or getattr(rule, name) == value for name, value in wanted.items())
        and (section is None or section.lower() in (one.section(rule), rule.section.lower()))
    ]
    if section and not any(_has_section(one, section) for one in profiles):
        words = ", ".join(dict.fromkeys(word for one in profiles for word in one.sections))
        raise click.BadParameter(f"no section {section!r}; there are: {words}")
    click.echo(_as_json(rules) if as_json else _as_text(rules))


def _profiles(name: str | None) -> list[Profile]:
    from .catalogue import PROFILES

    found = [profile for profile in PROFILES if name in (None, profile.name)]
    if not found:
        words = ", ".join(profile.name for profile in PROFILES)
        raise click.BadParameter(f"no profile {name!r}; there are: {words}")
    return found


def _has_section(profile: Profile, word: str) -> bool:
    rules = profile.requirements.values()
    known = {*profile.sections, *(rule.section.lower() for rule in rules)}
    return word.lower() in known


def _as_json(rules: list[tuple[Profile, Requirement]]) -> str:
    import json

    return json.dumps([_record(profile, rule) for profile, rule in rules], indent=2)


def _record(profile: Profile, rule: Requirement) -> dict[str, Any]:
    return {
        "id": rule.id,
        "profile": profile.name,
        "section": profile.section(rule),
        "level": rule.level,
        "keyword": rule.keyword,
        "seen": rule.seen,
        "role": rule.role,
        "needs": rule.needs or None,
        "reason": rule.reason or None,
        "sentence": rule.sentence,
        "page": profile.page(rule),
    }


def _as_text(rules: list[tuple[Profile, Requirement]]) -> str:
    lines: list[str] = []
    heading = ""
    for profile, rule in rules:
        title = f"{profile.name}/{profile.section(rule)}"
        if title != heading:
            heading = title
            module = profile.sections[profile.section(rule)]
            lines += [click.style(_wrap(f"{title}: {module.__doc__}", 0), bold=True), ""]
        lines += [_line(rule), _wrap(rule.sentence, 4), ""]
    return "\n".join([*lines, *_counts([rule for _, rule in rules])])


def _line(rule: Requirement) -> str:
    colour = {"MUST": "red", "SHOULD": "yellow"}.get(rule.level, "green")
    head = click.style(f"{rule.id:<12}", bold=True) + click.style(f"{rule.keyword:<12}", fg=colour)
    return f"  {head}{rule.seen:<10}{rule.role}"


def _counts(rules: list[Requirement]) -> list[str]:
    from .requirement import Level, Seen

    lines = [f"{len(rules)} requirements"]
    for seen in Seen:
        mine = [rule for rule in rules if rule.seen is seen]
        levels = [f"{sum(r.level is level for r in mine):>4} {level}" for level in Level]
        lines.append(f"  {seen:<10}{len(mine):>4}  {''.join(levels)}")
    return lines


@click.command(short_help="Explain a requirement, an error code, a frame or an endpoint.")
@click.argument("name", nargs=-1, required=True)
def explain(name: tuple[str, ...]) -> None:
    """Explain NAME, in both profiles if it occurs in both.

    It is a requirement (A-OPEN-2), an error code (out_of_order), a frame (observation), or an
    endpoint (create_session, or POST /sessions). Exits with 2 if nothing is called so.
    """
    from . import explanation

    words = " ".join(name)
    text = explanation.of(words)
    if text is None:
        close = explanation.nearest(words)
        meant = f"; did you mean {' or '.join(close)}?" if close else ""
        raise click.UsageError(f"nothing is called {words!r}{meant}")
    click.echo(text)


def _wrap(text: str, indent: int) -> str:
    space = " " * indent
    # An id such as A-OPEN-2 stays whole, so that it can be found.
    return textwrap.fill(
        text, WIDTH, initial_indent=space, subsequent_indent=space, break_on_hyphens=False
    )
