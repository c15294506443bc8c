"""Python source of a typed client, written from what a model publishes.

The source holds what `typed.py` needs and no more: a class for each message, a method for each
command. What in a schema is an object has no order, so everything stands by name: the same schema
makes the same bytes, whichever way it came.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from risp.protocol.live.arguments import ABSENT, Parameter, Shape, Type
from risp.protocol.live.model import Command, Direction, Message, ModelSchema, Track

from .annotating import Dict, Types, bare, bounds_in_words, default_of, normal
from .names import METHODS, NEVER, assigned, pascal, snake
from .text import (
    INDENT,
    WIDTH,
    Group,
    Text,
    columns,
    declared,
    docstring,
    flat,
    lines_of,
    literal,
    paragraph,
    prefixed,
    prose,
    shown,
)

SOURCES = {
    "typing": ("Annotated", "Any", "Final", "Literal", "NotRequired", "TypedDict"),
    "risp.reference_impl.typed": (
        *("LEFT_OUT", "Bounds", "FileRef", "Named", "TypedClient"),
        *("command", "handler", "message"),
    ),
}
"""What a file may import, in a linter's order."""


def class_name_of(schema: ModelSchema) -> str:
    """What the class is called if nobody says otherwise: the model's name in Pascal case."""
    return assigned([schema.name], lambda name: pascal(name, "model"), {*NEVER}, "{}Client".format)[
        schema.name
    ]


def is_class_name(name: str) -> bool:
    """Whether a class in generated source can be called so."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,59}", name) is not None and name not in NEVER


def write(schema: ModelSchema, class_name: str | None = None) -> str:
    """Write the source of a typed client; raises ValueError for what cannot be called so.

    It is formatted, linted and typed as this project's own files are.
    """
    if re.search("[\ud800-\udfff]", json.dumps(schema.openapi(), ensure_ascii=False)):
        raise ValueError("a name or a text in it holds half a character (a lone surrogate)")
    if not schema.name:
        raise ValueError("/info/title: the model has no name")
    usual = class_name_of(schema)
    if class_name is not None and not is_class_name(class_name):
        raise ValueError(f"no class can be called {class_name!r}")
    return _File(schema, class_name or usual, usual).text()


@dataclass(frozen=True, slots=True)
class _Signature:
    """One parameter or field: its name in Python, its annotation, and its default."""

    name: str
    annotation: Text
    default: str
    about: Parameter
    shape: Shape

    def text(self) -> Text:
        """As a parameter."""
        return prefixed(self.annotation, f"{self.name}: ", self.value)

    def lines(self) -> list[str]:
        """As a field."""
        return declared(self.name, self.annotation, self.value, INDENT)

    @property
    def value(self) -> str:
        """How it goes on behind the annotation."""
        return f" = {self.default}" if self.default else ""


class _File:
    """A file in the making."""

    def __init__(self, schema: ModelSchema, class_name: str, usual: str) -> None:
        self.schema = schema
        self.name = class_name
        self.usual = usual
        self.taken = {*NEVER, class_name}
        self.messages = {one.name: one for one in schema.messages}
        names = self.messages
        self.kinds = assigned(
            names, lambda one: pascal(one, "said"), self.taken, "{}Message".format
        )
        self.types = Types(self.taken)

    def text(self) -> str:
        """The whole file."""
        messages = [self._message(self.messages[name]) for name in sorted(self.messages)]
        client = self._client()
        dicts = [_dict(one) for one in self.types.dicts]
        parts = ["\n".join(part) for part in (*dicts, *messages, client)]
        body = "\n\n\n".join(parts) + "\n"
        head = "\n".join([*self._head(), "", "from __future__ import annotations", ""])
        imports = "\n\n".join(
            "\n".join(line for lines in block for line in lines) for block in _imports(body)
        )
        gap = "\n\n\n" if body.startswith(("class ", "@")) else "\n\n"
        text = f"{head}\n{imports}{gap}{body}"
        return f"{waived}\n{text}" if (waived := _waived(text)) else text

    def _head(self) -> list[str]:
        again = "" if self.name == self.usual else f" --class-name {self.name}"
        version = f" {self.schema.version}" if self.schema.version else ""
        return docstring(
            f"A typed client of the model `{self.schema.name}`{version}.",
            "A typed client of one model.",
            [
                paragraph(
                    "Made from the model's schema, and made anew when that changes:",
                    0,
                ),
                [f"    risp codegen SCHEMA_OR_URL{again} --out FILE"],
            ],
            0,
        )

    def _client(self) -> list[str]:
        schema = self.schema
        bases = ("TypedClient", prefixed(literal(schema.name), "model="))
        instead = f"A client of the model; `{self.name}(local=True)` is one of this machine's."
        lines = lines_of(Group(f"class {self.name}(", bases, "):"))
        lines += docstring(schema.description, instead, [], INDENT)
        taken = {*METHODS, *NEVER}
        commands = {one.name: one for one in schema.commands}
        methods = assigned(commands, lambda one: snake(one, "command"), taken)
        hooks = assigned(self.messages, lambda one: f"on_{snake(one, 'message')}", taken)
        lines += self._tracks(schema.tracks)
        for name in sorted(hooks):
            kind = self.kinds[name]
            hook = Group(f"{hooks[name]} = handler(", (kind,), ")", comma=False)
            lines += ["", *lines_of(hook, INDENT)]
            lines += [f'    """Decorates a function that is called with each `{kind}`."""']
        for name in sorted(methods):
            lines += ["", *self._command(commands[name], methods[name])]
        return lines

    def _tracks(self, tracks: Iterable[Track]) -> list[str]:
        lines: list[str] = []
        names = {track.name: track for track in tracks}
        constants = assigned(names, lambda one: snake(one, "track").upper(), self.taken)
        for name in sorted(names):
            is_input = names[name].direction is Direction.IN
            about = "Track to the model" if is_input else "Track from the model"
            lines += [
                "",
                *lines_of(prefixed(literal(name), f"{constants[name]}: Final = "), INDENT),
            ]
            lines += [f'    """{about}."""']
        return lines

    def _command(self, command: Command, method: str) -> list[str]:
        place = pascal(command.name, "command")
        wanted = _ordered(command.parameters)
        given = self._signatures(wanted, place, is_message=False)
        items: list[Text] = ["self", *(["*"] if given else []), *(one.text() for one in given)]
        body = [line for one in given if (line := _about(one, command.description))]
        blocks = [[line for lines in body for line in lines]] if body else []
        if command.reply is not None:
            blocks.append(paragraph(f"Reply: `{self.kinds[command.reply]}`.", INDENT * 2))
        return [
            *lines_of(Group("@command(", (literal(command.name),), ")"), INDENT),
            *lines_of(
                Group(f"async def {method}(", tuple(items), ") -> None:", middle=True), INDENT
            ),
            *docstring(
                command.description,
                f"Send the command that `{method}` is.",
                blocks,
                INDENT * 2,
                never=f"{method}(",
            ),
        ]

    def _message(self, message: Message) -> list[str]:
        kind = self.kinds[message.name]
        replies = sorted(one.name for one in self.schema.commands if one.reply == message.name)
        told = ", ".join(f"`{prose(name)}`" for name in replies)
        lines = lines_of(Group("@message(", (literal(message.name),), ")"))
        lines += [f"class {kind}:"]
        lines += docstring(
            message.description,
            f"The message `{prose(message.name)}`." if len(message.name) < 64 else "A message.",
            [paragraph(f"The reply to {told}.", INDENT)] if told else [],
            INDENT,
        )
        fields = self._signatures(_ordered(message.fields), kind, is_message=True)
        for number, one in enumerate(fields):
            lines += ([""] if number == 0 else []) + one.lines()
            if one.about.description.strip():
                lines += docstring(one.about.description, "A field.", [], INDENT)
        return lines

    def _signatures(
        self, parameters: list[Parameter], place: str, *, is_message: bool
    ) -> list[_Signature]:
        names = assigned(
            (one.name for one in parameters), lambda one: snake(one, "field"), {*NEVER}
        )
        made: list[_Signature] = []
        for one in parameters:
            shape = normal(one)
            shape = bare(shape) if is_message else shape
            value = ABSENT if one.required else default_of(one, shape)
            default = "" if one.required else flat(literal(value))
            if value is ABSENT and not one.required:
                default = "None" if is_message else "LEFT_OUT"
                shape = replace(shape, nullable=True) if is_message else shape
            name = names[one.name]
            wire = None if name == one.name else one.name
            inner = f"{place}{pascal(name, 'field')}"
            made.append(_Signature(name, self.types.of(shape, inner, wire), default, one, shape))
        return made


def _ordered(parameters: Iterable[Parameter]) -> list[Parameter]:
    """Those that have to be there, then the others; each by name."""
    return sorted(parameters, key=lambda one: (not one.required, one.name))


def _about(one: _Signature, known: str) -> list[str]:
    """What the docstring of a command says of a parameter; empty where all is `known`."""
    about = one.about.description
    said = [prose(about)] if about.strip() and about != known else []
    said += [words] if (words := prose(bounds_in_words(one.shape))) else []
    if one.shape.type is Type.UPLOAD:
        said.append("a file of `upload_file()`")
    if one.default == "LEFT_OUT" and one.about.default is not ABSENT:
        said.append(f"by default {prose(shown(one.about.default))}")
    if not said:
        return []
    sentences = [text[:1].upper() + text[1:] if n else text for n, text in enumerate(said)]
    ended = " ".join(text if text.endswith((".", "!", "?")) else f"{text}." for text in sentences)
    return paragraph(ended, INDENT * 2, f"- `{one.name}`: ", "  ")


def _dict(one: Dict) -> list[str]:
    if all(_is_plain(member.name) for member, _ in one.members):
        lines = [f"class {one.name}(TypedDict):", '    """An object."""']
        for number, (member, annotation) in enumerate(one.members):
            lines += [""] if number == 0 else []
            lines += declared(member.name, annotation, "", INDENT)
            if member.description.strip():
                lines += docstring(member.description, "A member.", [], INDENT)
        return lines
    items = (
        prefixed(annotation, f"{flat(literal(member.name))}: ")
        for member, annotation in one.members
    )
    members = Group("{", tuple(items), "}")
    return lines_of(Group(f"{one.name} = TypedDict(", (literal(one.name), members), ")"))


def _is_plain(name: str) -> bool:
    """Whether a member of a `TypedDict` can be written as an attribute."""
    return re.fullmatch(r"[a-z][a-z0-9_]*", name) is not None and name not in NEVER


def _imports(body: str) -> Iterable[list[list[str]]]:
    """Blocks of imports, of what the body uses."""
    nodes = ast.walk(ast.parse(body))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    found: Mapping[str, list[list[str]]] = {"typing": [], "risp": []}
    for module, names in SOURCES.items():
        wanted = tuple(name for name in names if name in used)
        if wanted:
            whole = f"from {module} import {', '.join(wanted)}"
            lines = [whole]
            if columns(whole) > WIDTH:
                lines = lines_of(Group(f"from {module} import (", wanted, ")"))
            found[module.partition(".")[0]].append(lines)
    return [block for block in found.values() if block]


def _waived(text: str) -> str:
    """The rules of a linter that a schema's own words and names may break."""
    rules = {
        "E501": any(columns(line) > WIDTH for line in text.splitlines()),
        "RUF001, RUF002": not text.isascii(),
        "UP013": " = TypedDict(" in text,
    }
    codes = [code for code, is_waived in rules.items() if is_waived]
    # What is not broken in the end is not to be complained of either: RUF100.
    return f"# ruff: noqa: {', '.join([*codes, 'RUF100'])}" if codes else ""
