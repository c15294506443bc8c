"""Pulls facts from the code into the pages, so that prose cannot contradict it.

A page of the specification may hold, each on a line of its own:

    [[A-OPEN-2]]              the requirement, where it is defined: exactly once over all pages
    {{frame SessionOpen}}     the table of a frame, or of an object within one
    {{errors}} {{capabilities}} {{declares}} {{numbers}} {{states}} {{classes}} {{sections}}

and, within a line, {{see A-OPEN-2}} for a link to where a requirement is defined, or
{{OPEN_ANSWER_S}} for a number of `protocol/action/limits.py`.

Each page is also written as expanded Markdown beside its HTML.
"""

from __future__ import annotations

import ast
import inspect
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

from mkdocs.exceptions import PluginError

from risp.protocol.action import declares, limits, session
from risp.protocol.catalogue import PROFILES, find
from risp.protocol.frame import Part
from risp.protocol.members import table
from risp.protocol.profile import Profile
from risp.protocol.requirement import Level, Requirement, Seen

MARKER = re.compile(r"^\[\[(?P<id>[^\]]+)\]\]$", re.MULTILINE)
DIRECTIVE = re.compile(r"\{\{ ?(?P<word>[A-Za-z_]+)(?: (?P<name>[\w.-]+))? ?\}\}")
KEYWORD = re.compile(r"\b(MUST NOT|MUST|SHOULD NOT|SHOULD|MAY)\b")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
MERMAID = "assets/mermaid.min.js"

expanded: dict[str, str] = {}
"""The Markdown of every page built in this run, by its path in the docs."""
defined: Counter[str] = Counter()
"""How often each requirement was defined in this run."""


def on_pre_build(**_: Any) -> None:
    expanded.clear()
    defined.clear()


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    text = expand(markdown, page.file.src_uri)
    expanded[page.file.src_uri] = text
    return text


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Load the diagram renderer where there is a diagram: it is larger than the whole site."""
    if 'class="mermaid"' not in output:
        return output
    root = posixpath.relpath(".", posixpath.dirname(page.file.dest_uri) or ".")
    return output.replace("</head>", f'<script src="{root}/{MERMAID}"></script></head>')


def on_post_build(config: Any, **_: Any) -> None:
    missing = [rule.id for profile in PROFILES for rule in rules(profile) if not defined[rule.id]]
    if missing:
        raise PluginError(f"requirements that stand on no page: {', '.join(missing)}")
    for name, text in expanded.items():
        (Path(config["site_dir"]) / name).write_text(text, encoding="utf-8")


def expand(markdown: str, path: str) -> str:
    """Expand the markers and directives of one page. Raises PluginError for an unknown one."""
    stray = "" if path.endswith("index.md") else CODE.sub("", MARKER.sub("", markdown))
    keyword = KEYWORD.search(stray)
    if keyword:
        raise PluginError(f"{path}: {keyword[0]} outside a requirement: a rule needs an id")
    text = MARKER.sub(lambda match: definition(match["id"], path), markdown)
    return DIRECTIVE.sub(lambda match: fact(match["word"], match["name"], path), text)


def rules(profile: Profile) -> list[Requirement]:
    return list(profile.requirements.values())


def known(name: str, path: str) -> tuple[Profile, Requirement]:
    found = find(name)
    if found is None or not isinstance(found[1], Requirement) or found[1].id != name:
        raise PluginError(f"{path}: no requirement is called {name}")
    return found[0], found[1]


def definition(name: str, path: str) -> str:
    """A requirement as a paragraph with its anchor."""
    profile, rule = known(name, path)
    page = profile.page(rule).partition("#")[0]
    if page != path:
        raise PluginError(f"{path}: {name} belongs on {page}")
    defined[name] += 1
    if defined[name] > 1:
        raise PluginError(f"{path}: {name} stands there twice")
    sentence = KEYWORD.sub(r"**\1**", rule.sentence)
    note = ": ".join(word for word in (rule.seen, rule.needs, rule.reason) if word).rstrip(".")
    anchor = rule.id.lower()
    # In parentheses, so that in plain text the class does not read as a part of the sentence.
    seen = f'<span class="seen">({note})</span>'
    return f"[{rule.id}](#{anchor}) {sentence} {seen}\n{{: #{anchor} .rule }}"


def fact(word: str, name: str | None, path: str) -> str:
    """What a directive stands for."""
    if name is None and word in FACTS:
        return FACTS[word]()
    if name is None and word.isupper() and hasattr(limits, word):
        return f"{getattr(limits, word):,}"
    if word == "see" and name:
        profile, rule = known(name, path)
        target = posixpath.relpath(profile.page(rule), posixpath.dirname(path))
        return f"[{rule.id}]({target})"
    if word == "frame" and name:
        return frame_table(part(name, path))
    raise PluginError(f"{path}: nothing is called {word} {name or ''}".rstrip())


def part(name: str, path: str) -> type[Part]:
    for profile in PROFILES:
        for frame in profile.frames.values():
            found = getattr(inspect.getmodule(frame), name, None)
            if isinstance(found, type) and issubclass(found, Part):
                return found
    raise PluginError(f"{path}: no frame is called {name}")


def frame_table(of: type[Part]) -> str:
    rows = [
        (
            f"`{member.name}`",
            kind(member.kind),
            "yes" if member.required else "",
            member.description,
        )
        for member in table(of)
    ]
    return grid(("member", "type", "required", "meaning"), rows)


def kind(text: str) -> str:
    """Literals of the wire as code, objects as links to their tables."""
    text = re.sub(r'"[^"]*"', lambda match: f"`{match[0]}`", text).replace("^53", "<sup>53</sup>")
    return text.replace("^63", "<sup>63</sup>")


def grid(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in lines
    )


def under(module: ModuleType, cls: str = "") -> dict[str, str]:
    """The docstrings that stand under the assignments of a module, or of a class in it."""
    body: list[ast.stmt] = ast.parse(inspect.getsource(module)).body
    if cls:
        body = next(
            node.body for node in body if isinstance(node, ast.ClassDef) and node.name == cls
        )
    said: dict[str, str] = {}
    for node, after in pairwise(body):
        match node, after:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                said[name] = text
            case _:
                pass
    return said


def errors() -> str:
    def flag(value: bool) -> str:
        return "yes" if value else "no"

    rows = [
        (
            f"`{code.code}`",
            flag(code.fatal),
            flag(code.retryable),
            " or ".join(map(str, code.close)),
            f"{code.meaning}<br>*Client:* {code.remedy[:1].lower()}{code.remedy[1:]}",
        )
        for profile in PROFILES
        for code in profile.codes.values()
    ]
    head = ("code", "fatal", "retryable", "close", "sent when, and what the client does")
    return grid(head, rows)


def capabilities() -> str:
    said = under(declares, "Capability")
    rows = [
        (
            f"`{one}`",
            "client asks, server confirms" if one in declares.ON_REQUEST else "server declares",
            said[one.name],
        )
        for one in declares.Capability
    ]
    return grid(("capability", "how it comes to hold", "meaning"), rows)


def declared() -> str:
    said = under(declares, "Declares")
    return grid(
        ("word", "applies where"), [(f"`{one}`", said[one.name]) for one in declares.Declares]
    )


def numbers() -> str:
    said = under(limits)
    rows = [(f"{getattr(limits, name):,}", said[name]) for name in said]
    return grid(("number", "meaning"), rows)


def states() -> str:
    said = under(session, "State")
    table_ = grid(("state", "meaning"), [(f"`{s}`", said[s.name]) for s in session.State])
    moves = [
        (
            f"`{row.source}`",
            str(row.move.sender),
            f"`{row.move.frame}`",
            row.move.case,
            f"`{row.target}`",
            fact("see", row.why.id, "spec/action/index.md"),
        )
        for row in session.TABLE.rows
    ]
    head = ("state", "sender", "frame", "case", "then", "because")
    diagram = f'<div class="diagram" markdown>\n```mermaid\n{session.TABLE.mermaid()}```\n</div>'
    return f"{diagram}\n\n{table_}\n\n{grid(head, moves)}"


def classes() -> str:
    said = under(inspect.getmodule(Seen) or limits, "Seen")
    rows = []
    for seen in Seen:
        mine = [rule for profile in PROFILES for rule in rules(profile) if rule.seen is seen]
        counts = (str(sum(rule.level is level for rule in mine)) for level in Level)
        rows.append((f"`{seen}`", said[seen.name], *counts))
    return grid(("class", "meaning", *(str(level) for level in Level)), rows)


def sections() -> str:
    rows = []
    for profile in PROFILES:
        for word, module in profile.sections.items():
            mine = [rule for rule in rules(profile) if profile.section(rule) == word]
            rows.append(
                (f"[{word}]({word}.md)", module.__doc__ or "", f"{mine[0].id} to {mine[-1].id}")
            )
    return grid(("page", "what it says", "requirements"), rows)


FACTS: dict[str, Callable[[], str]] = {
    "errors": errors,
    "capabilities": capabilities,
    "declares": declared,
    "numbers": numbers,
    "states": states,
    "classes": classes,
    "sections": sections,
}
