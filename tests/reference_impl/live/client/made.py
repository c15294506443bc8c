"""Clients that are made for tests: from models, from schemas, from whatever Hypothesis draws."""

import math
import sys
import types
from contextlib import contextmanager

from hypothesis import strategies as st

from risp.protocol.live.arguments import ABSENT, Parameter, Shape, Type
from risp.protocol.live.channel import FileRef
from risp.protocol.live.model import Command, Direction, Message, ModelSchema, Track
from risp.reference_impl.live.client.client import LiveClient
from risp.reference_impl.live.modelling.loading import load_model

FILE = FileRef(upload_id="u1", name="a.png", mime_type="image/png", size=3)


def published(model):
    """What a model publishes."""
    return load_model(model).schema


@contextmanager
def imported(source, name="made_client"):
    """Import source text, for the length of a block."""
    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        exec(compile(source, f"{name}.py", "exec"), module.__dict__)
        yield module
    finally:
        del sys.modules[name]


class Sent(list):
    """What has gone to the transport: in its place."""

    def __init__(self, monkeypatch):
        super().__init__()

        async def send(client, command, data=None):
            self.append((command, data))

        monkeypatch.setattr(LiveClient, "send_command", send)


def finish(coroutine):
    """Run a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


def number(name, **more):
    return Parameter(name=name, type=Type.NUMBER, required=False, default=1.0, **more)


def text(name, **more):
    return Parameter(name=name, type=Type.STRING, required=False, default="abc", **more)


KINDS = ModelSchema(
    name="kinds",
    description="One command for each kind of constraint.",
    tracks=(Track(name="webcam", direction=Direction.IN),),
    commands=(
        Command(
            name="add",
            parameters=(
                Parameter(name="a", type=Type.INTEGER),
                Parameter(name="b", type=Type.INTEGER, required=False, default=1, ge=0, le=10),
            ),
            reply="sum",
        ),
        Command(name="set_level", parameters=(number("level", ge=0.0, le=2.0),)),
        Command(name="set_name", parameters=(text("name", min_length=1, max_length=5),)),
        Command(name="set_mode", parameters=(text("mode", choices=("abc", "b")),)),
        Command(name="set_maybe", parameters=(text("maybe", nullable=True),)),
        Command(
            name="set_tags",
            parameters=(
                Parameter(
                    name="tags",
                    type=Type.ARRAY,
                    items=Shape(type=Type.STRING, max_length=3),
                    max_length=2,
                    required=False,
                    default=["a"],
                    description="Words.",
                ),
            ),
        ),
        Command(
            name="set_place",
            parameters=(
                Parameter(
                    name="place",
                    type=Type.OBJECT,
                    members=(
                        Parameter(name="x", type=Type.NUMBER, ge=0.0),
                        Parameter(name="y", type=Type.NUMBER, required=False, default=0.0),
                    ),
                ),
            ),
        ),
        Command(
            name="set_image",
            parameters=(Parameter(name="image", type=Type.UPLOAD), text("caption")),
            description="Take a picture.",
        ),
    ),
    messages=(
        Message(
            name="sum",
            fields=(
                Parameter(name="total", type=Type.INTEGER, ge=0, le=3),
                Parameter(name="note", type=Type.STRING, required=False, default=""),
                Parameter(name="parts", type=Type.ARRAY, items=Shape(type=Type.INTEGER)),
                Parameter(name="kind", type=Type.STRING, choices=("a", "b")),
                Parameter(name="file", type=Type.UPLOAD, nullable=True, required=False),
                Parameter(
                    name="place",
                    type=Type.OBJECT,
                    required=False,
                    members=(
                        Parameter(name="x", type=Type.INTEGER),
                        Parameter(name="y", type=Type.INTEGER, required=False),
                    ),
                ),
            ),
        ),
    ),
)

ODD = ModelSchema(
    name="3d model",
    version="v1",
    description='Says """so""" and \\n, über "alles".',
    tracks=tuple(
        Track(name=name, direction=Direction.OUT) for name in ("I", "main-video", "sum", "名")
    ),
    commands=tuple(
        Command(
            name=name,
            parameters=tuple(
                Parameter(name=one, type=kind, required=False, default=default)
                for one, kind, default in (
                    ("self", Type.INTEGER, 1),
                    ("class", Type.STRING, 'a "quoted" \\ \n'),
                    ("int", Type.INTEGER, 2.0),
                    ("camelCase", Type.BOOLEAN, True),
                    ("l", Type.NUMBER, math.inf),
                )
            ),
            description=about,
        )
        for name, about in (
            ("connect", "Args:\n    x: y"),
            ("send_command", "returns"),
            ("__init__", "x " * 2500),
            ("int", "int(x) is its own signature"),
            ("command", "a. Returns"),
            ("on_sum", '"'),
            ("set-x", "first. " + "word " * 40 + "\nReturns"),
            ("set_x", ""),
            ("import os", "\u202e\x00\u2028"),
            ("名", "名前。" * 60),
        )
    ),
    messages=(
        *(
            Message(name=name, fields=(Parameter(name="str", type=Type.STRING),))
            for name in ("sum", "SUM", "message", "any", "typed_client", "", "error")
        ),
        Message(
            name="deep",
            fields=(
                Parameter(
                    name="many",
                    type=Type.ARRAY,
                    nullable=True,
                    items=Shape(
                        type=Type.OBJECT,
                        members=(
                            Parameter(name="a b", type=Type.INTEGER, nullable=True),
                            Parameter(name="from", type=Type.ANY, required=False),
                        ),
                    ),
                ),
            ),
        ),
    ),
)
"""Whatever a schema may call something."""

WORDS = [
    *("connect", "on", "on_message", "int", "Literal", "class", "self", "__init__", "_x", "l", "I"),
    *(
        "a b",
        "prompt",
        "Prompt",
        "promptSet",
        "prompt_set",
        "Returns",
        "ä",
        "名前",
        "1x",
        "",
        "None",
    ),
    *("message", "handler", "command", "set_x", "set-x", "a\nb", '"""', "\\", "x" * 120),
]
CHARACTERS = st.characters(exclude_categories=["Cs"])
NAMES = st.integers(0, len(WORDS) - 1).map(WORDS.__getitem__) | st.text(CHARACTERS, max_size=8)
PROSE = [
    *(
        "",
        "Set x.",
        "Args:\n x: y",
        "Returns",
        "foo\nReturns",
        'say """hi"""',
        'ends "',
        "\\n back",
    ),
    *(
        "é ü \u2013 \u201cquotes\u201d",
        "名" * 80,
        "word " * 2500,
        '"start',
        "foo bar.\nReturns: x",
        "set_x(x)",
    ),
    *("lower case words. Second sentence goes here. " * 4, "\u202e bidi \x00 \x7f", "x" * 300),
]
TEXTS = st.integers(0, len(PROSE) - 1).map(PROSE.__getitem__) | st.text(CHARACTERS, max_size=40)
POOL = [
    None,
    True,
    False,
    1,
    0,
    2,
    -3,
    1.0,
    0.5,
    7.5,
    "a",
    "b c",
    "",
    'q"',
    "x" * 99,
    [1],
    [],
    ["a"],
]
POOL += [
    {"a": 1},
    {},
    {"prompt": "a"},
    {"a b": 1.0},
    [[1]],
    ["a", "b", "a"],
    math.inf,
    "long " * 30,
]
NUMBERS = st.integers(-5, 5) | st.floats(-5, 5) | st.just(math.inf)
LENGTHS = st.none() | st.integers(0, 5)
CHOICES = st.none() | st.lists(st.sampled_from(POOL), max_size=4).map(tuple)
SCALARS = st.sampled_from([kind for kind in Type if kind not in {Type.ARRAY, Type.OBJECT}])


@st.composite
def shapes(draw, depth=0):
    """A shape of any kind, and within it others, three deep at most."""
    nullable = draw(st.booleans())
    plain = ("any", "number", "text")
    match draw(st.sampled_from(plain if depth > 2 else (*plain, "list", "map", "object"))):
        case "any":
            return Shape(type=draw(SCALARS), nullable=nullable, choices=draw(CHOICES))
        case "number":
            kind = draw(st.sampled_from([Type.INTEGER, Type.NUMBER]))
            some = st.none() | NUMBERS
            return Shape(type=kind, ge=draw(some), le=draw(some), nullable=nullable)
        case "text":
            least, most = draw(LENGTHS), draw(LENGTHS)
            return Shape(type=Type.STRING, min_length=least, max_length=most, nullable=nullable)
        case "object":
            return Shape(type=Type.OBJECT, members=draw(parameters(depth + 1)), nullable=nullable)
        case "map":
            items = draw(st.none() | shapes(depth + 1))
            return Shape(type=Type.OBJECT, items=items, nullable=nullable)
        case _:
            items = draw(st.none() | shapes(depth + 1))
            return Shape(type=Type.ARRAY, items=items, max_length=draw(LENGTHS), nullable=nullable)


@st.composite
def parameters(draw, depth=0):
    """Up to three parameters, each with a name of its own."""
    found = []
    names = NAMES.filter(bool) if depth else NAMES  # members without a name are not judged
    for name in draw(st.lists(names, max_size=3, unique=True)):
        shape = draw(shapes(depth))
        default = draw(st.sampled_from([ABSENT, *POOL]).filter(lambda one: one != math.inf))
        found.append(
            Parameter(
                name=name,
                default=default,
                required=draw(st.booleans()),
                description=draw(TEXTS),
                **{field: getattr(shape, field) for field in Shape.__slots__},
            )
        )
    return tuple(found)


@st.composite
def schemas(draw):
    """Schemas with names of any characters, and values of all kinds."""
    of_name = {"unique_by": lambda one: one.name, "max_size": 3}
    message = st.builds(Message, name=NAMES, fields=parameters(), description=TEXTS)
    messages = draw(st.lists(message, **of_name))
    replies = st.sampled_from([None, *(one.name for one in messages)])
    command = st.builds(
        Command, name=NAMES, parameters=parameters(), reply=replies, description=TEXTS
    )
    track = st.builds(Track, name=NAMES, direction=st.sampled_from(Direction))
    return ModelSchema(
        name=draw(NAMES.filter(bool)),
        version=draw(st.text(CHARACTERS, max_size=5)),
        description=draw(TEXTS),
        tracks=tuple(draw(st.lists(track, **of_name))),
        commands=tuple(draw(st.lists(command, **of_name))),
        messages=tuple(messages),
    )
