"""A typed client: who refuses which wrong call, what messages become, and that a server agrees."""

import asyncio
import dataclasses
import inspect
import json
import re
import subprocess
import sys
import textwrap

import pytest

from examples.drawing_model import Drawing
from risp.protocol.live.arguments import Parameter, Type
from risp.protocol.live.channel import FileRef
from risp.protocol.live.model import Command, Message, ModelSchema
from risp.reference_impl.live.client.client import LiveClient
from risp.reference_impl.live.client.typed import (
    LEFT_OUT,
    RefusedCall,
    TypedClient,
    command,
    handler,
    message,
)
from risp.reference_impl.live.codegen.writer import write
from tests.live_models import Probe
from tests.live_server import serving
from tests.need import ROOT, need

from .made import FILE, KINDS, ODD, Sent, finish, imported, published
from .probe_client import Got, Lifecycle, PromptSet, Snapshot, Sum
from .probe_client import Probe as ProbeClient

CALL, ARGUMENT = ("call-arg", "reportCallIssue"), ("arg-type", "reportArgumentType")
UNKNOWN = ("attr-defined", "reportAttributeAccessIssue", "reportUnknownMemberType")
NOBODY = None
WRONG = {
    "unknown parameter": ("add(a=1, c=2)", CALL, "add(c=2): unexpected argument"),
    "missing required": ("add()", CALL, "add(a): missing required argument"),
    "wrong type": (
        'set_level(level="x")',
        ARGUMENT,
        "set_level(level='x'): expected number, got str",
    ),
    "a float for an integer": (
        "add(a=7.5)",
        ARGUMENT,
        "add(a=7.5): expected integer, got float",
    ),
    "a bool for an integer": ("add(a=True)", NOBODY, "add(a=True): expected integer, got bool"),
    "choice": (
        'set_mode(mode="fly")',
        ARGUMENT,
        "set_mode(mode='fly'): mode: 'fly' not in choices ['abc', 'b']",
    ),
    "ge": ("set_level(level=-1)", NOBODY, "set_level(level=-1): level: -1.0 < ge(0.0)"),
    "le": ("set_level(level=5)", NOBODY, "set_level(level=5): level: 5.0 > le(2.0)"),
    "min_length": (
        'set_name(name="")',
        NOBODY,
        "set_name(name=''): name: length 0 < min_length(1)",
    ),
    "max_length": (
        'set_name(name="abcdef")',
        NOBODY,
        "set_name(name='abcdef'): name: length 6 > max_length(5)",
    ),
    "null": ("set_name(name=None)", ARGUMENT, "set_name(name=None): expected string, got NoneType"),
    "array item": (
        "set_tags(tags=[1])",
        ("list-item", "reportArgumentType"),
        "set_tags(tags=[1]): tags[0]: expected string, got int",
    ),
    "bound of an item": (
        'set_tags(tags=["abcd"])',
        NOBODY,
        "set_tags(tags=['abcd']): tags[0]: length 4 > max_length(3)",
    ),
    "items": (
        'set_tags(tags=["a", "b", "c"])',
        NOBODY,
        "set_tags(tags=['a', 'b', 'c']): tags: length 3 > max_length(2)",
    ),
    "member": (
        'set_place(place={"x": "left"})',
        ("typeddict-item", "reportArgumentType"),
        "set_place(place={'x': 'left'}): place.x: expected number, got str",
    ),
    "bound of a member": (
        'set_place(place={"x": -1})',
        NOBODY,
        "set_place(place={'x': -1}): place.x: -1.0 < ge(0.0)",
    ),
    "a string for an upload": (
        'set_image(image="a.png")',
        ARGUMENT,
        "set_image(image='a.png'): expected upload, got str",
    ),
    "unknown command": ('send_command("fly")', NOBODY, "fly(): unknown command"),
    "unknown method": ("fly()", UNKNOWN, NOBODY),
}
"""The call; what mypy and pyright call it; with which words it is refused locally."""
RIGHT = {
    "add(a=7.0)": ("add", {"a": 7}),
    "add(a=1, b=10)": ("add", {"a": 1, "b": 10}),
    "set_level(level=0)": ("set_level", {"level": 0.0}),
    "set_level()": ("set_level", {}),
    'set_name(name="abcde")': ("set_name", {"name": "abcde"}),
    'set_mode(mode="b")': ("set_mode", {"mode": "b"}),
    "set_maybe(maybe=None)": ("set_maybe", {"maybe": None}),
    'set_tags(tags=["abc", ""])': ("set_tags", {"tags": ["abc", ""]}),
    "set_tags(tags=LEFT_OUT)": ("set_tags", {}),
    'set_place(place={"x": 1})': ("set_place", {"place": {"x": 1.0}}),
    'set_place(place={"x": 1, "y": 2})': ("set_place", {"place": {"x": 1.0, "y": 2.0}}),
    "set_image(image=FILE)": ("set_image", {"image": FILE}),
    'send_command("add", {"a": 3})': ("add", {"a": 3}),
}
NOT_INTEGRAL = {"add(a=7.0)"}
"""Right on the wire, and to a type checker a float."""


@pytest.fixture
def kinds(monkeypatch):
    """A client of the model with all kinds, whose commands go nowhere, and what was sent."""
    with imported(write(KINDS)) as made:
        yield made.Kinds(local=True), Sent(monkeypatch)


def called(client, call):
    return finish(eval(f"client.{call}", {"client": client, "FILE": FILE, "LEFT_OUT": LEFT_OUT}))


@pytest.mark.parametrize("kind", [kind for kind in WRONG if WRONG[kind][2]])
def test_a_wrong_call_is_refused_in_the_words_of_the_wire_and_nothing_is_sent(kinds, kind):
    client, sent = kinds
    call, _, sentence = WRONG[kind]
    with pytest.raises(RefusedCall, match=f"^{re.escape(sentence)}$") as raised:
        called(client, call)
    assert isinstance(raised.value, ValueError)
    assert raised.value.code == "invalid_command"
    assert sent == []
    called(client, "add(a=1)")
    assert sent == [("add", {"a": 1})]


@pytest.mark.parametrize("call", RIGHT)
def test_a_right_call_sends_what_was_given_and_nothing_else(kinds, call):
    client, sent = kinds
    called(client, call)
    assert sent == [RIGHT[call]]


def test_a_refusal_has_all_that_a_program_wants_of_it(kinds):
    client, _ = kinds
    with pytest.raises(RefusedCall) as raised:
        called(client, "set_level(level=5)")
    error = raised.value
    assert (error.command, error.param, error.value) == ("set_level", "level", 5)
    assert error.message == "level: 5.0 > le(2.0)"


def test_a_method_that_there_is_not_is_an_attribute_error(kinds):
    client, sent = kinds
    with pytest.raises(AttributeError, match="fly"):
        called(client, "fly()")
    assert sent == []


def test_what_is_newer_than_the_class_can_be_sent_all_the_same(kinds):
    client, sent = kinds
    finish(LiveClient.send_command(client, "fly", {"high": True}))
    assert sent == [("fly", {"high": True})]


PRELUDE = """
from __future__ import annotations

from kinds_client import Kinds, Sum
from risp.protocol.live.channel import FileRef
from risp.reference_impl.live.client.typed import LEFT_OUT

FILE = FileRef(upload_id="u", name="a", mime_type="a/b", size=1)


async def scene(client: Kinds) -> None:
    @client.on_sum
    def plain(told: Sum) -> None:
        print(told.total + 1)

    @client.on_sum
    async def later(told: Sum) -> None:
        print(told.note.upper(), plain)

    print(client.WEBCAM, later, LEFT_OUT, FILE)
"""
WRONG_MESSAGES = (
    ("@client.on_sum\n    def f(told: str) -> None: ...", ("arg-type", "reportArgumentType")),
    ("def g(told: Sum) -> None: told.total = 3", ("misc", "reportAttributeAccessIssue")),
    ("def h(told: Sum) -> str: return told.total", ("return-value", "reportReturnType")),
)


def complaints(folder, *files):
    """What the two type checkers say of files: by file and line, the names of the rules."""
    config = ["--config-file", str(ROOT / "pyproject.toml")]
    mypy = [sys.executable, "-m", "mypy", "--strict", *config, "--no-error-summary", *files]
    pyright = [sys.executable, "-m", "pyright", "--outputjson", "-p", "pyrightconfig.json"]
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(ROOT / ".editable")]}
    settings |= {"include": ["."], "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    said = []
    both = [
        subprocess.Popen(
            one, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for one in (mypy, [*pyright, "--pythonpath", sys.executable])
    ]
    try:
        (first, _), (second, _) = [one.communicate(timeout=200) for one in both]
    finally:
        for one in both:
            one.kill()
            one.wait()
    for line in first.splitlines():
        found = re.match(r"(\w+\.py):(\d+): error: .*\[([\w-]+)\]$", line)
        assert found or ": note: " in line, first
        if found:
            said.append((found[1], int(found[2]), found[3]))
    for one in json.loads(second)["generalDiagnostics"]:
        line = one["range"]["start"]["line"] + 1
        said.append((one["file"].rpartition("/")[2], line, one["rule"]))
    return sorted(set(said))


@pytest.mark.slow
def test_the_type_checkers_refuse_what_they_can_and_nothing_else(tmp_path):
    need("mypy", "refuses wrong calls")
    need("pyright", "refuses wrong calls")
    clients = {"kinds": KINDS, "odd": ODD, "probe": published(Probe), "drawing": published(Drawing)}
    for name, schema in clients.items():
        (tmp_path / f"{name}_client.py").write_text(write(schema), encoding="utf-8")
    right = "".join(f"    await client.{call}\n" for call in RIGHT if call not in NOT_INTEGRAL)
    (tmp_path / "right.py").write_text(PRELUDE + right)
    source, due = PRELUDE, []
    for call, rules, _ in WRONG.values():
        source += f"    await client.{call}\n"
        line = source.count("\n")
        due += [("wrong.py", line, rule) for rule in rules or ()]
    for text, rules in WRONG_MESSAGES:
        first = source.count("\n") + 1
        name = re.search(r"def (\w+)", text)[1]
        source += textwrap.indent(f"{text}\nprint({name})\n", "    ", lambda line: line[0] != " ")
        due += [("wrong.py", first, rule) for rule in rules]
    (tmp_path / "wrong.py").write_text(source)
    files = sorted(path.name for path in tmp_path.glob("*.py"))
    assert complaints(tmp_path, *files) == sorted(due)


# Messages


class Errors(list):
    def __init__(self, client):
        super().__init__()
        client.on_error(self.append)


def hear(client, name, data):
    client._handlers.emit("message", {"type": name, "data": data})


SUM = {"total": 3.0, "parts": [1.0, 2], "kind": "a"}


def test_a_message_is_a_frozen_object_and_its_numbers_are_of_their_types(kinds):
    client, _ = kinds
    told, raw, errors = [], [], Errors(client)
    client.on_message(raw.append)
    assert client.on_sum(told.append) == told.append
    file = {"upload_id": "u", "name": "a", "mime_type": "a/b", "size": 1.0}
    data = {**SUM, "file": file, "place": {"x": 1.0, "z": 5}, "total": 99, "more": [1]}
    hear(client, "sum", data)
    (one,) = told
    assert (one.total, one.parts, one.note, one.kind) == (99, [1, 2], "", "a")
    assert one.file == FileRef(upload_id="u", name="a", mime_type="a/b", size=1)
    assert one.place == {"x": 1}
    assert [type(each) for each in one.parts] == [int, int]
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.total = 1
    assert raw == [{"type": "sum", "data": data}]
    assert errors == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({**SUM, "total": "x"}, "sum: total: expected integer, got str"),
        ({**SUM, "total": 1.5}, "sum: total: expected integer, got float"),
        ({**SUM, "total": None}, "sum: total: expected integer, got NoneType"),
        ({"parts": [], "kind": "a"}, "sum: total: missing"),
        ({**SUM, "parts": ["x"]}, "sum: parts[0]: expected integer, got str"),
        ({**SUM, "parts": 5}, "sum: parts: expected array, got int"),
        ({**SUM, "kind": "c"}, "sum: kind: 'c' not in choices ['a', 'b']"),
        ({**SUM, "file": "a.png"}, "sum: file: expected a file, got str"),
        ({**SUM, "place": {}}, "sum: place.x: missing"),
        ({**SUM, "place": []}, "sum: place: expected object, got list"),
        ([], "sum: expected object, got list"),
        (None, "sum: expected object, got NoneType"),
    ],
)
def test_a_message_that_is_not_what_it_should_be_is_an_error_and_reaches_raw_handlers(
    kinds, data, reason
):
    client, _ = kinds
    told, raw, errors = [], [], Errors(client)
    client.on_sum(told.append)
    client.on_message(raw.append)
    hear(client, "sum", data)
    assert (told, raw) == ([], [{"type": "sum", "data": data}])
    assert [(one.code, one.message, one.component, one.recoverable) for one in errors] == [
        ("invalid_message", reason, "model", False)
    ]
    hear(client, "sum", SUM)
    assert len(told) == 1


def test_a_message_that_no_class_is_for_reaches_raw_handlers_only(kinds):
    client, _ = kinds
    raw, errors = [], Errors(client)
    client.on_message(raw.append)
    hear(client, "unheard_of", {"a": 1})
    assert (len(raw), errors) == (1, [])


def test_handlers_may_wait_may_raise_and_can_be_taken_off(kinds):
    client, _ = kinds
    told, errors = [], Errors(client)

    async def scene():
        async with client:

            @client.on_sum
            async def late(one):
                await asyncio.sleep(0)
                told.append(one.total)

            @client.on_sum
            def bad(one):
                raise KeyError(one.total)

            hear(client, "sum", SUM)
            client.off(type_of(client), bad)
            hear(client, "sum", {**SUM, "total": 4})
        assert told == [3, 4]
        client.off(type_of(client), late)
        hear(client, "sum", SUM)
        assert len(told) == 2

    asyncio.run(scene())
    assert [one.code for one in errors] == ["handler_failed"]


def type_of(client):
    return type(client).on_sum.handles


def test_only_messages_of_this_client_have_handlers(kinds):
    client, _ = kinds
    with pytest.raises(ValueError, match="PromptSet is no message of Kinds"):
        client.on(PromptSet, print)
    with pytest.raises(TypeError, match="a handler is a function, and not a int"):
        client.on_sum(5)


def test_a_client_can_be_written_by_hand_and_extended():
    @message("said")
    class Said:
        words: str

    class Base(TypedClient, model="base"):
        on_said = handler(Said)

        @command("say")
        async def say(self, *, words: str) -> None: ...

    class More(Base):
        @command("shout")
        async def shout(self) -> None: ...

    client, told = More(local=True), []
    client.on_said(told.append)
    hear(client, "said", {"words": "hello"})
    assert told == [Said(words="hello")]
    with pytest.raises(RefusedCall, match="missing required argument"):
        finish(client.say())


def test_an_annotation_that_the_wire_has_no_word_for_is_refused_at_once():
    with pytest.raises(TypeError, match="cannot be told on the wire"):

        @command("c")
        async def wrong(self, *, when: bytes) -> None: ...


# Against a server


def test_a_generated_client_steers_a_server_and_a_local_refusal_leaves_it_untouched(monkeypatch):
    async def scene():
        told = asyncio.Queue()
        async with ProbeClient(local=True) as client:
            for hook in (client.on_snapshot, client.on_got, client.on_sum, client.on_lifecycle):
                hook(told.put_nowait)

            @client.on_prompt_set
            async def prompt_set(one):
                await told.put(one)

            await client.connect()
            await client.set_brightness(brightness=0.5)
            await client.get_state_()
            before = await told.get()
            assert before == Snapshot(
                prompt="a sunny meadow", action="idle", brightness=0.5, seed=42, derived="None"
            )
            with pytest.raises(RefusedCall) as raised:
                await client.set_brightness(brightness=5.0)
            await client.get_state_()
            assert await told.get() == before
            await client.set_brightness()
            await client.get_state_()
            assert (await told.get()).brightness == 1.0
            await client.set_prompt(prompt="hello")
            assert await told.get() == PromptSet(prompt="hello", length=5)
            await client.add(a=2)
            assert await told.get() == Sum(total=3)
            await client.broadcast(text="all")
            assert await told.get() == Lifecycle(what="all")
            file = await client.upload_file(b"\x07bc", name="a.bin")
            await client.set_image(image=file)
            assert await told.get() == Got(file_name="a.bin", size=3, first=7)
            errors = asyncio.Queue()
            client.on_error(errors.put_nowait)
            await LiveClient.send_command(client, "set_brightness", {"brightness": 5.0})
            theirs = await errors.get()
            assert (theirs.code, raised.value.code) == ("invalid_command",) * 2
            assert raised.value.message in theirs.message

    with serving() as server:
        monkeypatch.setenv("RISP_LOCAL_URL", server.url)
        asyncio.run(asyncio.wait_for(scene(), 30))


def test_a_schema_whose_defaults_do_not_fit_still_makes_a_client():
    one = Parameter(name="x", type=Type.INTEGER, default=None, required=False)
    schema = ModelSchema(
        name="loose",
        commands=(Command(name="set_x", parameters=(one,)),),
        messages=(Message(name="said", fields=(one,)),),
    )
    with imported(write(schema)) as made:
        client = made.Loose(local=True)
        told = []
        client.on_said(told.append)
        hear(client, "said", {})
        assert told[0].x is None
        assert inspect.signature(made.Loose.set_x).parameters["x"].default is LEFT_OUT
