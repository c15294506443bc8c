"""Pulls facts from the code into the pages, so that prose cannot contradict it.

A page of the specification may hold, each on a line of its own:

    [[A-OPEN-2]]              the requirement, where it is defined: exactly once over all pages
    {{frame SessionOpen}}     the table of a frame, of a body, or of an object within one
    {{states session}}        the table and diagram of one of the profile's machines
    {{endpoints}}             the table of HTTP endpoints; {{endpoints local}}, of one group
    {{endpoint get_answer}}   what one of them takes and answers
    {{errors}} {{capabilities}} {{declares}} {{numbers}} {{states}} {{classes}} {{sections}}

and, within a line, {{see A-OPEN-2}} for a link to where a requirement is defined, or
{{OPEN_ANSWER_S}} for a number of the profile's `limits.py`. The profile is that in whose folder the
page lies.

Each page is also written as expanded Markdown beside its HTML.
"""

from __future__ import annotations

import ast
import importlib
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

from risp.protocol.catalogue import PROFILES, find, page_of_code, profile_named
from risp.protocol.frame import Part
from risp.protocol.live.codes import HttpCode
from risp.protocol.live.endpoint import Auth, Endpoint, Good
from risp.protocol.machine import Machine
from risp.protocol.members import table
from risp.protocol.openapi import bodies, refusals
from risp.protocol.profile import Profile
from risp.protocol.requirement import Level, Requirement, Seen

MARKER = re.compile(r"^\[\[(?P<id>[^\]]+)\]\]$", re.MULTILINE)
DIRECTIVE = re.compile(r"\{\{ ?(?P<word>[A-Za-z_]+)(?: (?P<name>[\w.-]+))? ?\}\}")
SPEC_PAGE = re.compile(r"^spec/(?P<profile>\w+)/")
KEYWORD = re.compile(r"\b(MUST NOT|MUST|SHOULD NOT|SHOULD|MAY)\b")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
MERMAID = "assets/mermaid.min.js"
ACROSS = '%%{init: {"state": {"nodeSpacing": 20, "rankSpacing": 25}}}%%\n'
"""For diagrams whose arrows go back and forth: drawn downwards, their labels cover one another."""

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


def profile_of(path: str) -> Profile:
    """The profile whose page it is; for pages of none, the first."""
    match = SPEC_PAGE.match(path)
    return profile_named(match["profile"]) if match else PROFILES[0]


def module(profile: Profile, word: str) -> ModuleType:
    return importlib.import_module(f"risp.protocol.{profile.name}.{word}")


def known(name: str, path: str) -> tuple[Profile, Requirement]:
    for profile, thing in find(name):
        if isinstance(thing, Requirement) and thing.id == name:
            return profile, thing
    raise PluginError(f"{path}: no requirement is called {name}")


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
    profile = profile_of(path)
    if name is None and word in FACTS:
        return FACTS[word](profile, path)
    limits = module(profile, "limits")
    if name is None and word.isupper() and hasattr(limits, word):
        return number(getattr(limits, word))
    if word == "see" and name:
        return see(name, path)
    if word == "frame" and name:
        return frame(part(name, path), named=bool(profile.endpoints))
    if word == "states" and name in profile.machines:
        return machine(profile.machines[name], path)
    if word == "endpoint" and name:
        for one in profile.endpoints:
            if one.name == name:
                return endpoint(one)
    if word == "endpoints" and name:
        rows = [one for one in profile.endpoints if one.group.replace(" ", "-") == name]
        if rows:
            return endpoint_table(rows, path)
    raise PluginError(f"{path}: nothing is called {word} {name or ''}".rstrip())


def see(name: str, path: str) -> str:
    owner, rule = known(name, path)
    target = posixpath.relpath(owner.page(rule), posixpath.dirname(path))
    return f"[{rule.id}]({target})"


def number(value: int | str) -> str:
    return value if isinstance(value, str) else f"{value:,}"


def part(name: str, path: str) -> type[Part]:
    profile = profile_of(path)
    for one in (*profile.frames.values(), *bodies(profile)):
        found = getattr(inspect.getmodule(one), name, None)
        if isinstance(found, type) and issubclass(found, Part):
            return found
    raise PluginError(f"{path}: no frame is called {name}")


def frame(of: type[Part], named: bool) -> str:
    """A table, under the name of the class where other tables refer to it by that."""
    text = " ".join((of.__doc__ or "").split())
    head = f"`{of.__name__}`: {text[:1].lower()}{text[1:]}\n\n" if named else ""
    return head + frame_table(of)


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


CELLS: dict[str, Callable[[Any], str]] = {
    "status": lambda code: str(code.status),
    "code": lambda code: f"`{code.code}`",
    "fatal": lambda code: "yes" if code.fatal else "no",
    "retryable": lambda code: "yes" if code.retryable else "no",
    "close": lambda code: " or ".join(map(str, code.close)),
}


def errors(profile: Profile, path: str) -> str:
    """The codes whose page this is; elsewhere, all of them."""
    codes = list(profile.codes.values())
    codes = [code for code in codes if page_of_code(profile, code) == path] or codes
    words = ("code", "retryable") if profile.endpoints else ("code", "fatal", "retryable", "close")
    if all(isinstance(code, HttpCode) for code in codes):
        words = ("status", *words)
    rows = [
        (
            *(CELLS[word](code) for word in words),
            f"{code.meaning}<br>*Client:* {code.remedy[:1].lower()}{code.remedy[1:]}",
        )
        for code in codes
    ]
    return grid((*words, "sent when, and what the client does"), rows)


def capabilities(profile: Profile, _path: str) -> str:
    declares = module(profile, "declares")
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


def declared(profile: Profile, _path: str) -> str:
    declares = module(profile, "declares")
    said = under(declares, "Declares")
    rows = [(f"`{one}`", said[one.name]) for one in declares.Declares]
    return grid(("word", "applies where"), rows)


def numbers(profile: Profile, _path: str) -> str:
    limits = module(profile, "limits")
    rows = [(number(getattr(limits, name)), said) for name, said in under(limits).items()]
    return grid(("number", "meaning"), rows)


def states(profile: Profile, path: str) -> str:
    return machine(next(iter(profile.machines.values())), path)


def machine(of: Machine[Any], path: str) -> str:
    """The diagram of a machine, what its states are, and its moves."""
    kind = type(of.initial)
    said = under(inspect.getmodule(kind) or ast, kind.__name__)
    cases = any(row.move.case for row in of.rows)
    moves = []
    for row in of.rows:
        named = cases or not re.fullmatch("[a-z ]+", row.move.frame)
        what = f"`{row.move.frame}`" if named else row.move.frame
        middle = (what, row.move.case) if cases else (what,)
        because = see(row.why.id, path)
        moves.append((f"`{row.source}`", str(row.move.sender), *middle, f"`{row.target}`", because))
    head = ("state", "sender", "frame", "case") if cases else ("state", "by", "what")
    form, drawn = "diagram", of.mermaid()
    if not cases:
        form, drawn = "diagram across", ACROSS + across(drawn)
    diagram = f'<div class="{form}" markdown>\n```mermaid\n{drawn}```\n</div>'
    table_ = grid(("state", "meaning"), [(f"`{s}`", said[s.name]) for s in kind])
    return f"{diagram}\n\n{table_}\n\n{grid((*head, 'then', 'because'), moves)}"


def across(diagram: str) -> str:
    """A state diagram from left to right, with endpoints shortened to their method."""
    head, _, rest = diagram.partition("\n")
    rest = re.sub(r"([A-Z]{3,}) /[^<\n]*", r"\1", rest)
    return f"{head}\n    direction LR\n{rest}"


def classes(profile: Profile, _path: str) -> str:
    said = under(inspect.getmodule(Seen) or ast, "Seen")
    rows = []
    for seen in Seen:
        mine = [rule for rule in rules(profile) if rule.seen is seen]
        counts = (str(sum(rule.level is level for rule in mine)) for level in Level)
        rows.append((f"`{seen}`", said[seen.name], *counts))
    return grid(("class", "meaning", *(str(level) for level in Level)), rows)


def sections(profile: Profile, _path: str) -> str:
    rows = []
    for word, of in profile.sections.items():
        mine = [rule for rule in rules(profile) if profile.section(rule) == word]
        rows.append((f"[{word}]({word}.md)", of.__doc__ or "", f"{mine[0].id} to {mine[-1].id}"))
    return grid(("page", "what it says", "requirements"), rows)


SIGNALING = "/sessions/{session_id}/transport/webrtc"
ASKED = {Auth.NOTHING: "", Auth.KEY: "key", Auth.TOKEN: "token"}


def endpoints(profile: Profile, path: str) -> str:
    return endpoint_table(profile.endpoints, path)


def endpoint_table(rows: Sequence[Endpoint], path: str) -> str:
    cells = [
        (
            f"`{one.method} {shortened(one.path)}`<br>{one.summary} {see(one.why.id, path)}",
            ASKED[one.auth],
            " or ".join(str(good.status) for good in one.good),
            " ".join(f"`{code}`" for code in one.errors),
        )
        for one in rows
    ]
    return grid(("endpoint", "asks for", "success", "refusals of its own"), cells)


def shortened(path: str) -> str:
    """Signaling's common beginning is long, and the page on it says what the dots are."""
    return path.replace(SIGNALING, "...") if path.startswith(SIGNALING) else path


def endpoint(one: Endpoint) -> str:
    """What one endpoint takes and answers, without the refusals that all of them have."""
    rows = [(str(good.status), answer(good)) for good in one.good]
    own = {*one.errors, "unauthorized", "unknown_session", "invalid_body", "too_large"}
    rows += [
        (str(status), "<br>".join(f"`{code.code}`: {code.meaning}" for code in mine))
        for status, codes in refusals(one).items()
        if (mine := [code for code in codes if code.code in own])
    ]
    lines = [f"### `{one.method} {one.path}`", "", f"{one.summary} {takes(one)}", ""]
    if one.body is not None and one.body.model_fields:
        lines += [frame_table(one.body), ""]
    return "\n".join([*lines, grid(("status", "answer"), rows)])


def takes(one: Endpoint) -> str:
    if one.raw:
        return "The body is bytes, of any media type."
    if one.body is None:
        return "There is no body."
    need = "" if one.body_due else ", which may be left out or be `null`"
    return f"The body is a JSON `{one.body.__name__}`{need}."


def answer(good: Good) -> str:
    if good.body is not None:
        return f"`{good.body.__name__}`: {good.meaning}"
    return good.meaning if good.nothing else f"{good.meaning} (`{good.media}`)"


FACTS: dict[str, Callable[[Profile, str], str]] = {
    "errors": errors,
    "capabilities": capabilities,
    "declares": declared,
    "numbers": numbers,
    "states": states,
    "classes": classes,
    "sections": sections,
    "endpoints": endpoints,
}
