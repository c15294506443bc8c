"""Source text: literals, docstrings and lines that a formatter leaves as they are.

What a schema says becomes either a literal or a part of a docstring, and nothing else; both are
the same on every Python, which `repr` and `str.isprintable` are not.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from unicodedata import ucd_3_2_0

WIDTH = 100
"""Columns of a line; only what cannot be broken is longer."""
INDENT = 4
SHOWN = 200
"""A value that a docstring repeats is cut after so many characters."""
SECTIONS = (
    "args|arguments|attention|attributes|caution|danger|error|example|examples|extended summary"
    "|hint|important|keyword args|keyword arguments|keywords|methods|note|notes|other args"
    "|other arguments|other params|other parameters|parameters|raises|receives|references|return"
    "|returns|see also|short summary|tip|todo|warning|warnings|warns|yield|yields"
)
"""Words that linters take for the head of a section where they stand alone on a line."""
_GLUE = "\x00"
_ALONE = re.compile(rf"(?i)(?<=\S) (?=(?:{SECTIONS}):*(?: |$))")
_FIRST = re.compile(rf"(?i)^((?:{SECTIONS}):*) ")


@dataclass(frozen=True, slots=True)
class Group:
    """Items between brackets: on one line, or each on its own."""

    head: str
    items: tuple[Text, ...]
    tail: str
    comma: bool = True
    """Whether a comma after the last item changes nothing."""
    middle: bool = False
    """Whether all items may stand on one line of their own."""
    or_none: bool = False
    """Whether this is a type beside which None will do too."""
    after: str = ""
    """What follows all that."""


Text = str | Group


def prefixed(text: Text, before: str, after: str = "") -> Text:
    """The same text with something before and after it."""
    if isinstance(text, str):
        return before + text + after
    return replace(text, head=before + text.head, after=text.after + after)


def or_none(text: Text) -> Text:
    """The same type, or None."""
    group = Group(text, (), "") if isinstance(text, str) else text
    return replace(group, or_none=True)


def flat(text: Text) -> str:
    """A text on one line."""
    if isinstance(text, str):
        return text
    none = " | None" if text.or_none else ""
    return text.head + ", ".join(map(flat, text.items)) + text.tail + none + text.after


def lines_of(text: Text, indent: int = 0, after: str = "") -> list[str]:
    """A text as lines, broken where it is too long."""
    space = " " * indent
    whole = space + flat(text) + after
    if isinstance(text, str) or columns(whole) <= WIDTH:
        return [whole]
    if text.or_none:
        plain = lines_of(replace(text, or_none=False, after=""), indent)
        return [*plain, f"{space}| None{text.after}{after}"]
    if not text.items:
        return [whole]
    inner = " " * (indent + INDENT) + ", ".join(map(flat, text.items))
    if text.middle and columns(inner) <= WIDTH:
        return [space + text.head, inner, space + text.tail + text.after + after]
    broken = [space + text.head]
    for number, item in enumerate(text.items, 1):
        comma = "," if text.comma or number < len(text.items) else ""
        broken += lines_of(item, indent + INDENT, comma)
    return [*broken, space + text.tail + text.after + after]


def declared(name: str, annotation: Text, default: str, indent: int) -> list[str]:
    """An attribute with its annotation; `default` begins with an equals sign, or is empty."""
    whole = prefixed(annotation, f"{name}: ", default)
    is_long = columns(" " * indent + flat(whole)) > WIDTH
    if isinstance(annotation, Group) and annotation.or_none and is_long:
        space = " " * indent
        inner = lines_of(annotation, indent + INDENT)
        return [f"{space}{name}: (", *inner, f"{space}){default}"]
    return lines_of(whole, indent)


def literal(value: Any) -> Text:
    """A JSON value as Python source."""
    whole: Any = value
    match value:
        case str():
            return _string(value)
        case float() if not math.isfinite(value):
            return f'float("{value}")'
        case list():
            return Group("[", tuple(map(literal, whole)), "]")
        case dict():
            items = (prefixed(literal(one), f"{_string(key)}: ") for key, one in whole.items())
            return Group("{", tuple(items), "}")
        case _:
            return repr(value)


def _string(value: str) -> str:
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + "".join(_in_string(one, quote) for one in value) + quote


def _in_string(one: str, quote: str) -> str:
    if one in {quote, "\\"}:
        return "\\" + one
    if one in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[one]
    if " " <= one <= "~":
        return one
    code = ord(one)
    return f"\\x{code:02x}" if code < 0x100 else _escaped(one)


def _escaped(one: str) -> str:
    code = ord(one)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shown(value: Any) -> str:
    """A value in a docstring, as JSON, not yet escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def prose(text: str) -> str:
    """What people are told, safe in a docstring: one paragraph, characters as they are."""
    safe = "".join(_in_docstring(one) for one in " ".join(text.split()))
    safe = re.sub('"{3,}', lambda quotes: r"\u0022" * len(quotes[0]), safe)
    return r"\u0022" + safe[1:] if safe.startswith('"') else safe


def _in_docstring(one: str) -> str:
    if one == "\\" or not (" " <= one <= "~" or one > "~"):
        return _escaped(one)
    # Of an old version, which every Python has, so that what is kept is the same on each.
    is_visible = one <= "~" or ucd_3_2_0.category(one)[0] in "LMNPS"
    return one if is_visible else _escaped(one)


def columns(line: str) -> int:
    """So many columns a line takes at most."""
    return len(line) + sum(one > "~" for one in line)


def paragraph(text: str, indent: int, first: str = "", rest: str = "") -> list[str]:
    """Safe text as lines; `first` begins the first of them, `rest` the others."""
    glued = _FIRST.sub(rf"\1{_GLUE}", _ALONE.sub(_GLUE, text))
    lines = [" " * indent + first]
    for word in glued.split(" "):
        gap = "" if lines[-1].strip() in {"", first.strip()} else " "
        if gap and columns(lines[-1]) + 1 + columns(word) > WIDTH:
            lines.append(" " * indent + rest)
            gap = ""
        lines[-1] += gap + word
    return [line.replace(_GLUE, " ") for line in lines]


def docstring(
    about: str, instead: str, body: Iterable[Sequence[str]], indent: int, never: str = ""
) -> list[str]:
    """A docstring of what a schema says of something, raw, and of blocks of lines after it.

    The first line is the first sentence of `about`; where that is none that fits (or holds
    `never`), it is `instead`.
    """
    text = prose(about)
    room = WIDTH - indent - 2 * len('"""')
    summary, rest = (text, "") if columns(text) < room else _first(text)
    if re.match(r"[a-z]+\W*( |$)", summary):
        summary = summary[0].upper() + summary[1:]
    summary += "" if summary.endswith((".", "!", "?")) else "."
    is_good = columns(summary) <= room and not (never and never in summary)
    if not text or not is_good or (rest and " " not in rest):
        summary, rest = instead, text
    blocks = [*([paragraph(rest, indent)] if rest else []), *body]
    space = " " * indent
    if not blocks:
        return [f'{space}"""{summary}"""']
    lines = [f'{space}"""{summary}']
    for block in blocks:
        lines += ["", *block]
    return [*lines, f'{space}"""']


def _first(text: str) -> tuple[str, str]:
    """The first sentence and the rest, which is empty where there is no other."""
    found = re.match(r"(.+?[.!?]) (.+)", text)
    return (found[1], found[2]) if found else (text, "")
