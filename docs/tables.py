"""Pulls what the guides tell of the live client, and whole examples, from the code.

A page may hold, within or without a fence:

    {{example application.py}}    a file of `examples/`
    {{client codes}}              one of `TABLES`

It runs before `hooks.py`, which refuses what neither of the two knows.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

import risp.protocol
from risp.protocol.live.codes import HTTP_CODES
from risp.protocol.live.limits import RESUME_WINDOW_S
from risp.reference_impl.live.client import CLIENT_CODES, LiveClient, Timeouts
from risp.reference_impl.live.client.failures import Component

EXAMPLES = Path(str(risp.protocol.__file__)).resolve().parents[1] / "examples"
DIRECTIVE = re.compile(r"\{\{(?P<word>example|client) (?P<name>[\w.-]+)\}\}")
REQUIREMENT = re.compile(r"\bL-[A-Z]+-\d+\b")
SAID = re.compile(r'^    (\w+)(?:: \w+)? = [^\n]*\n    """(.+?)"""', re.MULTILINE | re.DOTALL)
"""A member of a class, and the docstring under it."""


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    return expand(markdown, page.file.src_uri)


def expand(markdown: str, path: str) -> str:
    """Fill in what stands here. Raises PluginError for a name that is not known."""

    def fill(match: re.Match[str]) -> str:
        word, name = match["word"], match["name"]
        if word == "client" and name in TABLES:
            return TABLES[name]()
        if word == "example" and (EXAMPLES / name).is_file():
            return (EXAMPLES / name).read_text(encoding="utf-8").rstrip()
        raise PluginError(f"{path}: nothing is called {word} {name}")

    return DIRECTIVE.sub(fill, markdown)


def grid(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def said(cls: type[Any]) -> dict[str, str]:
    """The docstrings under the members of a class."""
    return {name: " ".join(text.split()) for name, text in SAID.findall(inspect.getsource(cls))}


def codes() -> str:
    """The codes that the client gives itself."""
    rows = [
        (
            f"`{row.code}`",
            "yes" if row.retryable else "no",
            f"{row.meaning}<br>{row.remedy}",
        )
        for row in CLIENT_CODES.values()
    ]
    return grid(("code", "recoverable", "meaning, and what mends it"), rows)


def components() -> str:
    """Where errors come from."""
    text = said(Component)
    return grid(("component", "where"), [(f"`{one}`", text[one.name]) for one in Component])


def passing() -> str:
    """The server's codes that a later attempt may not meet."""
    names = [f"`{row.code}` ({row.status})" for row in HTTP_CODES.values() if row.retryable]
    return ", ".join(names)


def timeouts() -> str:
    """Every wait and its bound."""
    text = said(Timeouts)
    rows = [(f"`{one.name}`", f"{one.default:g}", text[one.name]) for one in fields(Timeouts)]
    return grid(("wait", "seconds", "for what"), rows)


def methods() -> str:
    """Every method, with the first sentence of what it says of itself."""
    client, coming, telling, *_ = LiveClient.__mro__
    known = {
        name: one
        for kind in (coming, client, telling)
        for name, one in vars(kind).items()
        if inspect.isfunction(one) and not name.startswith("_")
    }
    found: list[str] = []
    for name, method in known.items():
        first = re.match(r".+?\.(?=\s|$)", " ".join((method.__doc__ or "").split()))
        text = REQUIREMENT.sub(r"{{see \g<0>}}", first[0] if first else "")
        wait = "await " if inspect.iscoroutinefunction(method) else ""
        call = f"`{wait}{name}({', '.join(_taken(method))})`"
        found.append(f"{call}\n:   {text}")
    return "\n\n".join(found)


def _taken(method: Callable[..., Any]) -> list[str]:
    """The parameters of a method, as a call might name them."""
    given = [one for one in inspect.signature(method).parameters.values() if one.name != "self"]
    return [
        one.name if one.default is inspect.Parameter.empty else f"{one.name}={one.default!r}"
        for one in given
    ]


TABLES: dict[str, Callable[[], str]] = {
    "codes": codes,
    "components": components,
    "passing": passing,
    "timeouts": timeouts,
    "methods": methods,
    "window": lambda: str(RESUME_WINDOW_S),
    "silence_s": lambda: f"{Timeouts().silence_s:g}",
    "close_s": lambda: f"{Timeouts().close_s:g}",
}
