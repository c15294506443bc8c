"""What `risp explain` says about one thing: a requirement, an error code, a frame."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from .catalogue import codes_in, find, nearest, rules_that_name
from .frame import Frame
from .machine import Row
from .members import table
from .profile import ErrorCode, Profile
from .requirement import Requirement

WIDTH = 80

__all__ = ["nearest", "of"]


def of(name: str) -> str | None:
    """Explain one thing at 80 columns, or None if nothing is called so."""
    found = find(name)
    if found is None:
        return None
    profile, thing = found
    match thing:
        case Requirement():
            return "\n".join(_requirement(profile, thing))
        case ErrorCode():
            return "\n".join(_code(profile, thing))
        case _:
            return "\n".join(_frame(profile, thing))


def _requirement(profile: Profile, rule: Requirement) -> list[str]:
    rows = [row for row in profile.rows if row.why == rule]
    return [
        f"{rule.id}: {rule.keyword}, owed by the {rule.role}",
        "",
        *_wrapped(rule.sentence),
        "",
        *_fact("seen", rule.seen),
        *(_fact("needs", f"{rule.needs}, declared by the target") if rule.needs else []),
        *(_fact("because", rule.reason) if rule.reason else []),
        *_fact("section", f"{profile.name}/{profile.section(rule)}"),
        *_fact("page", f"docs/{profile.page(rule)}"),
        *_listing("moves of the session that it makes legal", map(_move, rows)),
        *_listing("error codes that it names", [_brief(code) for code in codes_in(profile, rule)]),
    ]


def _code(profile: Profile, code: ErrorCode) -> list[str]:
    closes = ", ".join(map(str, code.close)) or "none, the session lives on"
    return [
        f"{code.code}: an error code of the {profile.name} profile",
        "",
        *_wrapped(code.meaning),
        "",
        *_fact("fatal", str(code.fatal).lower()),
        *_fact("retryable", str(code.retryable).lower()),
        *_fact("close", closes),
        *_fact("remedy", code.remedy),
        *_fact("page", f"docs/spec/{profile.name}/error.md"),
        *_rules(rules_that_name(profile, code.code)),
    ]


def _frame(profile: Profile, frame: type[Frame]) -> list[str]:
    tag = frame.tag()
    rows = [row for row in profile.rows if row.move.frame == tag]
    lines = [f"{tag}: a frame of the {frame.sender}", "", *_wrapped(frame.__doc__ or ""), ""]
    for member in table(frame):
        lines.append(f"  {member.name}: {member.kind}{', required' if member.required else ''}")
        lines += _wrapped(member.description, 6)
    return [
        *lines,
        "",
        *_fact("schema", f"risp schema {tag}"),
        *_listing("moves of the session", map(_move, rows)),
        *_rules(rules_that_name(profile, tag)),
    ]


def _move(row: Row[Any]) -> str:
    return f"{row.source} -> {row.target} on {row.move} ({row.why.id})"


def _brief(code: ErrorCode) -> str:
    return f"{code.code}: {code.meaning}"


def _rules(rules: list[Requirement]) -> list[str]:
    return _listing("requirements that name it", map(str, rules))


def _listing(title: str, items: Iterable[str]) -> list[str]:
    lines = [line for item in items for line in _wrapped(item, 4, 2)]
    return ["", f"{title}:", *lines] if lines else []


def _fact(name: str, value: str) -> list[str]:
    return textwrap.wrap(
        value,
        WIDTH,
        initial_indent=f"  {name + ':':<11}",
        subsequent_indent=" " * 13,
        break_on_hyphens=False,
    )


def _wrapped(text: str, indent: int = 2, first: int | None = None) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * (indent if first is None else first),
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )
