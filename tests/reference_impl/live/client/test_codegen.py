"""Generated source: the same each time, sound to every checker, safe whatever a schema says."""

import ast
import json
import random
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples.drawing_model import Drawing
from risp.protocol.live.arguments import Parameter, Refused, Type
from risp.protocol.live.model import Command, ModelSchema
from risp.reference_impl.live.client.client import LiveClient
from risp.reference_impl.live.client.typed import RefusedCall, TypedClient
from risp.reference_impl.live.codegen.writer import class_name_of, write
from tests.live_models import Probe
from tests.need import ROOT

from .made import FILE, KINDS, ODD, POOL, finish, imported, published, schemas

HERE = "tests/reference_impl/live/client"
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@pytest.mark.parametrize(
    ("model", "file"),
    [(Probe, f"{HERE}/probe_client.py"), (Drawing, "examples/drawing_client.py")],
    ids=["probe", "drawing"],
)
def test_the_committed_clients_are_as_their_models_make_them(model, file):
    assert (ROOT / file).read_text(encoding="utf-8") == write(published(model))


def floats(value):
    """A document as runtimes write it whose numbers are all floats, its objects in any order."""
    if isinstance(value, dict):
        items = [(name, floats(one)) for name, one in value.items()]
        random.Random(7).shuffle(items)
        return dict(items)
    if isinstance(value, list):
        return [floats(one) for one in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize("schema", [published(Probe), published(Drawing), KINDS], ids=str)
def test_the_same_schema_makes_the_same_client_whichever_way_it_came(schema):
    document = json.loads(json.dumps(schema.openapi()))
    read = ModelSchema.of_openapi(floats(document))
    assert read != schema
    assert write(read) == write(schema) == write(ModelSchema.of_openapi(document))


def test_a_schema_of_another_runtime_makes_a_client():
    moderated = {"x-reactor-moderate": False}
    maybe = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None, **moderated}
    mode = {"type": "string", "enum": ["a", "b"], "default": "a", **moderated}

    def post(name, **properties):
        schema = {"type": "object", "properties": properties}
        body = {"required": True, "content": {"application/json": {"schema": schema}}}
        return {"post": {"operationId": name, "summary": "Set.", "requestBody": body}}

    document = {
        "openapi": "3.1.0",
        "info": {"title": "probe-model", "version": "v1.4.0", "description": ""},
        "paths": {
            "/events/set_maybe": post("set_maybe", maybe=maybe),
            "/events/set_mode": post("set_mode", mode=mode),
        },
    }
    with imported(write(ModelSchema.of_openapi(document))) as made:
        assert made.ProbeModel.set_maybe.__annotations__["maybe"] == "str | None"
        assert made.ProbeModel.set_mode.__annotations__["mode"] == "Literal['a', 'b']"


def checked(*command):
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def test_odd_names_and_words_make_a_client_that_the_linter_and_the_formatter_leave_alone(tmp_path):
    for name, schema in {"odd": ODD, "kinds": KINDS}.items():
        (tmp_path / f"{name}_client.py").write_text(write(schema), encoding="utf-8")
    config = ("--config", ROOT / "pyproject.toml", "--no-cache", tmp_path)
    for verb in (("check",), ("format", "--diff")):
        done = checked(sys.executable, "-m", "ruff", *verb, *config)
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_a_schema_says_is_kept_in_names_of_the_wire_and_words():
    with imported(write(ODD)) as made:
        client = made.Model3dModel
        commands = {one.declares.name for one in vars(client).values() if hasattr(one, "declares")}
        assert commands == {one.name for one in ODD.commands}
        assert client.connect is TypedClient.connect
        assert client.connect_.declares.parameters[0].name == "camelCase"
        assert made.Model3dModel.__doc__ == 'Says """so""" and \\n, über "alles".'
        assert "\u202e" in client.import_os.__doc__


@pytest.mark.parametrize(
    "name", ["int", "class", "a b", "", "TypedClient", "x" * 61, "A;import os", "É", "1a"]
)
def test_a_class_that_cannot_be_so_called_is_refused(name):
    with pytest.raises(ValueError, match="no class can be called"):
        write(KINDS, name)


def test_half_a_character_and_no_name_at_all_are_refused():
    with pytest.raises(ValueError, match="half a character"):
        write(ModelSchema(name="\ud800"))
    with pytest.raises(ValueError, match="the model has no name"):
        write(ModelSchema(name=""))


def test_a_class_is_called_as_its_model_is():
    names = {
        "probe-model": "ProbeModel",
        "any": "AnyClient",
        "é": "Model",
        "HTTPServer": "HttpServer",
    }
    assert {name: class_name_of(ModelSchema(name=name)) for name in names} == names


def test_an_expression_in_a_schema_is_nowhere_run():
    evil = '"""\nraise SystemExit\n"""'
    value = "')]; raise SystemExit #"
    one = Parameter(
        name=value, type=Type.STRING, default=value, required=False, choices=(value, evil)
    )
    schema = ModelSchema(
        name=value,
        version=evil,
        description=evil + value,
        commands=(Command(name=evil, parameters=(one,), description=evil),),
    )
    source = write(schema)
    assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Raise)]
    with imported(source):
        pass


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(schema=schemas(), data=st.data())
def test_whatever_a_schema_says_its_client_compiles_and_takes_what_the_protocol_takes(schema, data):
    source = write(schema)
    assert write(schema) == source
    again = ModelSchema(**{**vars_of(schema), "commands": schema.commands[::-1]})
    assert write(again) == source
    with imported(source) as made:
        clients = [one for one in vars(made).values() if is_client(one)]
        (client,) = (one(local=True) for one in clients)
        for command in schema.commands:
            names = [one.name for one in command.parameters]
            given = data.draw(
                st.fixed_dictionaries(
                    {}, optional={name: st.sampled_from([*POOL, FILE]) for name in [*names, "z"]}
                )
            )
            assert taken(client, command.name, given) == allowed(command, given)


def vars_of(schema):
    return {name: getattr(schema, name) for name in type(schema).__slots__}


def is_client(one):
    return isinstance(one, type) and issubclass(one, TypedClient) and one is not TypedClient


def taken(client, command, given):
    async def send(self, command, data=None):
        return None

    kept, LiveClient.send_command = LiveClient.send_command, send
    try:
        finish(client.send_command(command, given))
    except RefusedCall:
        return False
    finally:
        LiveClient.send_command = kept
    return True


def allowed(command, given):
    uploads = [name for name, one in given.items() if one is FILE]
    try:
        command.read({name: one for name, one in given.items() if one is not FILE}, uploads)
    except Refused:
        return False
    return True


@settings(max_examples=20, deadline=None, suppress_health_check=SLOW)
@given(schema=schemas())
def test_whatever_a_schema_says_the_linter_and_the_formatter_have_nothing_to_add(schema):
    source = write(schema).encode()
    config = ("--config", ROOT / "pyproject.toml", "--no-cache", "--stdin-filename", "made.py", "-")
    for verb in (("check", "-q"), ("format", "--diff", "-q")):
        command = (sys.executable, "-m", "ruff", *verb, *config)
        done = subprocess.run(command, input=source, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr).decode()


def test_an_object_with_a_member_without_a_name_is_left_to_the_server():
    members = (Parameter(name="", type=Type.INTEGER),)
    one = Parameter(name="x", type=Type.OBJECT, members=members)
    schema = ModelSchema(name="m", commands=(Command(name="c", parameters=(one,)),))
    with imported(write(schema)) as made:
        assert made.M.c.__annotations__["x"] == "dict[str, Any]"


def test_it_is_made_at_once():
    many = tuple(Command(name=f"c{n}", parameters=(Parameter(name="x"),)) for n in range(2000))
    assert write(ModelSchema(name="big", commands=many)).count("@command(") == 2000
