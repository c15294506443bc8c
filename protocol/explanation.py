"""What `risp explain` says of a name: a requirement, an error code, a frame, an endpoint."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from .catalogue import (
    Thing,
    codes_in,
    find,
    nearest,
    page_of_code,
    rules_of_endpoint,
    rules_that_name,
)
from .frame import Frame, Part
from .live.codes import HttpCode
from .live.endpoint import Auth, Endpoint, Good
from .machine import Row
from .members import table
from .profile import ErrorCode, Profile
from .requirement import Requirement

WIDTH = 80

__all__ = ["nearest", "of"]


def of(name: str) -> str | None:
    """Explain what is called so at 80 columns, one thing after the other; None if nothing is."""
    return "\n\n".join(_explained(*found) for found in find(name)) or None


def _explained(profile: Profile, thing: Thing) -> str:
    match thing:
        case Requirement():
            lines = _requirement(profile, thing)
        case ErrorCode():
            lines = _code(profile, thing)
        case Endpoint():
            lines = _endpoint(profile, thing)
        case _:
            lines = _frame(profile, thing)
    return "\n".join(lines)


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
        *_listing(f"{_moves(profile)} that it makes legal", map(_move, rows)),
        *_listing("error codes that it names", [_brief(code) for code in codes_in(profile, rule)]),
    ]


def _code(profile: Profile, code: ErrorCode) -> list[str]:
    return [
        f"{code.code}: an error code of the {profile.name} profile",
        "",
        *_wrapped(code.meaning),
        "",
        *_outcome(profile, code),
        *_fact("retryable", str(code.retryable).lower()),
        *_fact("remedy", code.remedy),
        *_fact("page", f"docs/{page_of_code(profile, code)}"),
        *_rules(rules_that_name(profile, code.code)),
    ]


def _outcome(profile: Profile, code: ErrorCode) -> list[str]:
    if isinstance(code, HttpCode):
        return _fact("status", str(code.status))
    if profile.endpoints:
        return _fact("channel", "on `data` or `control`; the connection lives on")
    closes = ", ".join(map(str, code.close)) or "none, the session lives on"
    return [*_fact("fatal", str(code.fatal).lower()), *_fact("close", closes)]


def _frame(profile: Profile, frame: type[Frame]) -> list[str]:
    tag = frame.tag()
    rows = [row for row in profile.rows if row.move.frame == tag]
    return [
        f"{tag}: a frame of the {frame.sender}",
        "",
        *_wrapped(frame.__doc__ or ""),
        "",
        *_members(frame),
        "",
        *_fact("schema", f"risp schema {tag}"),
        *_listing(_moves(profile), map(_move, rows)),
        *_rules(rules_that_name(profile, tag, tag.removeprefix("runtime."))),
    ]


def _endpoint(profile: Profile, endpoint: Endpoint) -> list[str]:
    asked = {Auth.KEY: "key, on a server with keys", Auth.TOKEN: "token, on a server with keys"}
    rules = rules_of_endpoint(profile, endpoint)
    return [
        f"{endpoint.method} {endpoint.path}",
        "",
        *_wrapped(endpoint.summary),
        "",
        *_fact("name", endpoint.name),
        *_fact("asks for", asked.get(endpoint.auth, "nothing")),
        *_fact("section", f"{profile.name}/{profile.section(endpoint.why)}"),
        *_fact("page", f"docs/{profile.page(endpoint.why)}"),
        *_fact("schema", f"risp schema {profile.name}.openapi"),
        *_takes(endpoint),
        *_listing("answers", [_answer(good) for good in endpoint.good]),
        *_listing("refusals", [f"{one.status} {_brief(one)}" for one in endpoint.codes]),
        *_rules([endpoint.why, *(rule for rule in rules if rule is not endpoint.why)]),
    ]


def _takes(endpoint: Endpoint) -> list[str]:
    if endpoint.raw:
        return ["", "takes bytes of any media type"]
    if endpoint.body is None:
        return ["", "takes no body"]
    need = "" if endpoint.body_due else ", which may be absent or null"
    return ["", f"takes a {endpoint.body.__name__}{need}:", *_members(endpoint.body)]


def _answer(good: Good) -> str:
    if good.body is not None:
        return f"{good.status} with a {good.body.__name__}: {good.meaning}"
    return f"{good.status}{'' if good.nothing else f' with {good.media}'}: {good.meaning}"


def _members(part: type[Part]) -> list[str]:
    lines: list[str] = []
    for member in table(part):
        lines.append(f"  {member.name}: {member.kind}{', required' if member.required else ''}")
        lines += _wrapped(member.description, 6)
    return lines


def _moves(profile: Profile) -> str:
    return f"moves of the {' or the '.join(profile.machines)}"


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
