"""What a model publishes: arguments and their refusals, the document, the capabilities."""

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risp.protocol.live.arguments import (
    ABSENT,
    MAX_DEPTH,
    Misfit,
    Parameter,
    Refused,
    Shape,
    Type,
)
from risp.protocol.live.model import (
    Command,
    Direction,
    Message,
    ModelSchema,
    Track,
    pascal_case,
    snake_case,
)

PROMPT = Parameter(
    name="prompt", type=Type.STRING, default="hi", required=False, min_length=1, max_length=20
)
ACTION = Parameter(
    name="action",
    type=Type.STRING,
    default="idle",
    required=False,
    choices=("idle", "left", "right", "jump"),
)
BRIGHTNESS = Parameter(
    name="brightness",
    type=Type.NUMBER,
    default=1.0,
    required=False,
    ge=0.0,
    le=2.0,
    description="How bright it is.",
)
SEED = Parameter(name="seed", type=Type.INTEGER)
FLAG = Parameter(name="flag", type=Type.BOOLEAN, default=False, required=False)
IMAGE = Parameter(name="image", type=Type.UPLOAD)
TAGS = Parameter(
    name="tags",
    type=Type.ARRAY,
    items=Shape(type=Type.STRING, max_length=3),
    default=["a"],
    required=False,
    max_length=2,
)
PLACE = Parameter(
    name="place",
    type=Type.OBJECT,
    nullable=True,
    default=None,
    required=False,
    members=(
        Parameter(name="x", type=Type.NUMBER),
        Parameter(name="y", type=Type.NUMBER, default=0.0, required=False),
    ),
)
COUNTS = Parameter(name="counts", type=Type.OBJECT, items=Shape(type=Type.INTEGER))
WHATEVER = Parameter(name="whatever", default=None, required=False)

SCHEMA = ModelSchema(
    name="probe",
    version="v1.2.3",
    description="A probe.",
    tracks=(
        Track(name="webcam", direction=Direction.IN),
        Track(name="main_video", direction=Direction.OUT, rate=30.0),
    ),
    commands=(
        Command(name="get_state", reply="snapshot", description="Tell the state."),
        Command(name="set_prompt", parameters=(PROMPT,), description="Set prompt."),
        Command(name="mix", parameters=(SEED, ACTION, BRIGHTNESS, FLAG, TAGS, PLACE, WHATEVER)),
        Command(name="set_image", parameters=(IMAGE, COUNTS)),
    ),
    messages=(
        Message(
            name="snapshot",
            fields=(
                Parameter(name="prompt", type=Type.STRING, description="The prompt."),
                Parameter(name="note", type=Type.STRING, nullable=True, default=None),
            ),
            description="The state.",
        ),
        Message(name="tick"),
    ),
)


def take(parameter: Parameter, **given: Any) -> Any:
    return Command(name="c", parameters=(parameter,)).read(given)[parameter.name]


def refusal(command: Command, given: dict[str, Any], uploads: tuple[str, ...] = ()) -> Refused:
    before = copy.deepcopy(given)
    with pytest.raises(Refused) as raised:
        command.read(given, uploads)
    assert given == before
    assert raised.value.code == "invalid_command"
    return raised.value


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        (BRIGHTNESS, 5.0, "brightness: 5.0 > le(2.0)"),
        (BRIGHTNESS, 5, "brightness: 5.0 > le(2.0)"),
        (BRIGHTNESS, -1, "brightness: -1.0 < ge(0.0)"),
        (BRIGHTNESS, "x", "expected number, got str"),
        (BRIGHTNESS, True, "expected number, got bool"),
        (BRIGHTNESS, None, "expected number, got NoneType"),
        (BRIGHTNESS, math.nan, "expected number, got nan"),
        (BRIGHTNESS, math.inf, "expected number, got inf"),
        (BRIGHTNESS, 10**400, "expected number, got int"),
        (SEED, 7.5, "expected integer, got float"),
        (SEED, math.nan, "expected integer, got float"),
        (SEED, math.inf, "expected integer, got float"),
        (SEED, True, "expected integer, got bool"),
        (FLAG, 1, "expected boolean, got int"),
        (ACTION, "fly", "action: 'fly' not in choices ['idle', 'left', 'right', 'jump']"),
        (ACTION, 3, "expected string, got int"),
        (PROMPT, "x" * 21, "prompt: length 21 > max_length(20)"),
        (PROMPT, "", "prompt: length 0 < min_length(1)"),
        (TAGS, ["a", "b", "c"], "tags: length 3 > max_length(2)"),
        (TAGS, ["a", 1], "tags[1]: expected string, got int"),
        (TAGS, ["abcd"], "tags[0]: length 4 > max_length(3)"),
        (TAGS, "ab", "expected array, got str"),
        (PLACE, {"x": "left"}, "place.x: expected number, got str"),
        (PLACE, {"x": 1, "z": 1}, "place.z: unexpected argument"),
        (PLACE, {"y": 1}, "place.x: missing required argument"),
        (PLACE, [], "expected object, got list"),
        (COUNTS, {"a": 1.5}, "counts.a: expected integer, got float"),
        (COUNTS, {1: 1}, "expected string, got int"),
        (IMAGE, {"upload_id": "u"}, "expected upload, got dict"),
        (WHATEVER, [{"a": math.nan}], "expected number, got nan"),
        (WHATEVER, (1, 2), "expected JSON, got tuple"),
    ],
)
def test_an_argument_that_does_not_fit_is_refused_in_these_words(parameter, value, message):
    refused = refusal(Command(name="c", parameters=(parameter,)), {parameter.name: value})
    assert (refused.message, refused.param) == (message, parameter.name)


@pytest.mark.parametrize(
    ("parameter", "value", "taken"),
    [
        (SEED, 7.0, 7),
        (SEED, -3, -3),
        (BRIGHTNESS, 2, 2.0),
        (BRIGHTNESS, 0, 0.0),
        (PROMPT, "\u00e9" * 20, "\u00e9" * 20),
        (PLACE, None, None),
        (PLACE, {"x": 1}, {"x": 1.0, "y": 0.0}),
        (COUNTS, {"a": 2.0}, {"a": 2}),
        (WHATEVER, {"a": [None, True, 1.5, "x"]}, {"a": [None, True, 1.5, "x"]}),
    ],
)
def test_an_argument_that_fits_is_taken_as_its_type(parameter, value, taken):
    got = take(parameter, **{parameter.name: value})
    assert (got, type(got)) == (taken, type(taken))


@pytest.mark.parametrize("value", [-9.223372036854776e18, 1.8446744073709552e19])
def test_a_float_that_stands_for_an_integer_it_cannot_hold_is_none(value):
    # JSON readers make such floats of integers beyond 64 bits: another number would be kept.
    with pytest.raises(Misfit, match="expected integer, got float"):
        SEED.take(value, "seed")


def test_true_is_not_among_choices_that_hold_one():
    mixed = Parameter(name="mixed", choices=(1, "one"))
    assert take(mixed, mixed=1) == 1
    refused = refusal(Command(name="c", parameters=(mixed,)), {"mixed": True})
    assert refused.message == "mixed: True not in choices [1, 'one']"


def test_what_is_left_out_takes_its_default_and_an_absent_one_stays_out():
    command = Command(
        name="c",
        parameters=(PROMPT, BRIGHTNESS, Parameter(name="free", type=Type.STRING, required=False)),
    )
    assert command.read({"prompt": "x"}) == {"prompt": "x", "brightness": 1.0}


def test_a_default_that_is_no_json_value_is_refused_like_an_argument():
    command = Command(name="c", parameters=(Parameter(name="x", default=float("inf")),))
    with pytest.raises(Refused, match="the default: expected number, got inf"):
        command.read({})
    assert command.read({"x": 1}) == {"x": 1}


def test_a_value_that_was_read_shares_nothing_with_the_default_or_with_the_call():
    sent = ["x"]
    assert take(TAGS, tags=sent) == sent
    assert take(TAGS, tags=sent) is not sent
    take(TAGS).append("b")
    assert take(TAGS) == ["a"]


def test_the_first_thing_that_is_wrong_is_told_in_the_order_of_the_protocol():
    command = Command(name="c", parameters=(SEED, ACTION, BRIGHTNESS))
    everything: dict[str, Any] = {"brightness": 5, "action": "fly", "nope": 1}
    wrongs = []
    for mended in ({}, {"nope": None}, {"action": "idle"}, {"brightness": 1}, {"seed": 1}):
        everything |= mended
        everything = {name: value for name, value in everything.items() if value is not None}
        if "seed" not in everything:
            refused = refusal(command, everything)
            wrongs.append((refused.param, refused.message.split(":")[-1].split(" ")[-1]))
    assert [param for param, _ in wrongs] == ["nope", "action", "brightness", "seed"]
    assert command.read(everything)["seed"] == 1


def test_a_missing_argument_is_told_only_when_all_others_are_sound():
    command = Command(name="c", parameters=(SEED, BRIGHTNESS))
    refused = refusal(command, {"brightness": "x"})
    assert (refused.param, refused.message) == ("brightness", "expected number, got str")
    refused = refusal(command, {})
    assert (refused.param, refused.message) == ("seed", "missing required argument")


def test_an_upload_counts_as_sent_and_stands_in_no_value():
    command = Command(name="c", parameters=(IMAGE, PROMPT))
    assert command.read({}, {"image"}) == {"prompt": "hi"}
    assert refusal(command, {}, ("prompt", "image")).message == "expected string, got upload"
    assert refusal(command, {}, ("other",)).message == "unexpected argument"
    assert refusal(command, {"image": {}}, ("image",)).message == "unexpected argument"
    assert refusal(command, {}).message == "missing required argument"


def test_a_value_that_is_nested_too_deeply_is_refused():
    value: Any = 1
    for _ in range(MAX_DEPTH):
        value = [value]
    assert take(WHATEVER, whatever=value) == value
    for _ in range(5000):
        value = [value]
    with pytest.raises(Refused, match="more than 32 lists and objects"):
        take(WHATEVER, whatever=value)


def test_a_long_value_is_not_repeated_whole():
    refused = refusal(Command(name="c", parameters=(ACTION,)), {"action": "x" * 100_000})
    assert len(refused.message) < 300
    refused = refusal(Command(name="c"), {"y" * 100_000: 1})
    assert refused.param == "y" * 255


def test_an_unknown_command_is_refused():
    assert SCHEMA.command("mix").name == "mix"
    with pytest.raises(Refused) as raised:
        SCHEMA.command("fly")
    refused = raised.value
    assert (refused.code, refused.message, refused.param) == (
        "invalid_command",
        "unknown command",
        None,
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["seed", "tags", "place", "flag", "x"]), JSON, max_size=4))
def test_whatever_is_sent_is_read_or_refused(sent):
    command = SCHEMA.command("mix")
    try:
        values = command.read(sent)
    except Refused:
        return
    assert list(values) == [one.name for one in command.parameters]
    assert command.read(values) == values


def test_the_document_says_all_that_is_published():
    document = json.loads(json.dumps(SCHEMA.openapi()))
    assert ModelSchema.of_openapi(document) == SCHEMA


def test_two_messages_whose_components_would_be_called_alike_stay_two():
    messages = tuple(
        Message(name=name, fields=(Parameter(name=name, type=Type.STRING),))
        for name in ("a_b", "a__b", "reactor_upload_reference")
    )
    schema = ModelSchema(name="m", messages=messages, commands=(Command(name="c", reply="a__b"),))
    assert ModelSchema.of_openapi(schema.openapi()) == schema


def test_the_document_has_the_shape_that_clients_know():
    document = SCHEMA.openapi()
    assert document["openapi"] == "3.1.0"
    assert document["info"] == {"title": "probe", "version": "v1.2.3", "description": "A probe."}
    assert document["x-reactor"]["tracks"] == [
        {"name": "webcam", "kind": "video", "direction": "in"},
        {"name": "main_video", "kind": "video", "direction": "out", "rate": 30.0},
    ]
    assert document["paths"]["/events/set_prompt"]["post"] == {
        "operationId": "set_prompt",
        "summary": "Set prompt.",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "prompt": {
                                "type": "string",
                                "default": "hi",
                                "minLength": 1,
                                "maxLength": 20,
                                "x-reactor-moderate": False,
                            }
                        },
                    }
                }
            },
        },
        "responses": {"202": {"description": "Command accepted"}},
    }
    answer = document["paths"]["/events/get_state"]["post"]["responses"]
    assert answer["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Snapshot"
    }
    webhook = document["webhooks"]["snapshot"]["post"]
    assert (webhook["operationId"], webhook["summary"]) == ("snapshot", "The state.")
    components = document["components"]["schemas"]
    assert components["ReactorUploadReference"]["format"] == "reactor-upload-reference"
    assert components["Snapshot"]["required"] == ["prompt", "note"]
    image = document["paths"]["/events/set_image"]["post"]["requestBody"]
    schema = image["content"]["application/json"]["schema"]
    assert schema["required"] == ["image", "counts"]
    assert schema["properties"]["image"]["$ref"] == "#/components/schemas/ReactorUploadReference"


def foreign() -> dict[str, Any]:
    """A document as somebody else writes it: members unknown here, bounds beside a union."""

    def post(name: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
        schema = {"type": "object", "properties": properties, "additionalProperties": False}
        body = {"content": {"application/json": {"schema": {**schema, **more}}}}
        return {"post": {"operationId": name, "tags": ["x"], "requestBody": body, "x-more": 1}}

    answer = {"200": {"content": {"application/json": {"schema": {"$ref": REFERENCE + "Done"}}}}}
    paths = {
        "/events/set_gain": post(
            "set_gain",
            {
                "gain": {
                    "anyOf": [{"type": "number"}, {"type": "null"}],
                    "minimum": 0,
                    "default": None,
                    "title": "Gain",
                }
            },
        ),
        "/events/set_mode": post("set_mode", {"mode": {"enum": ["a", "b"], "type": "string"}}),
        "/events/set_any": post(
            "set_any", {"any": {"oneOf": [{"type": "string"}, {"type": "integer"}]}}
        ),
        "/events/set_file": post(
            "set_file",
            {"file": {"type": ["object", "null"], "format": "file-reference"}},
            required=["file"],
        ),
        "/health": {"get": {}},
    }
    paths["/events/set_mode"]["post"]["responses"] = answer
    return {
        "openapi": "3.1.0",
        "info": {"title": "theirs", "license": {"name": "x"}},
        "servers": [],
        "paths": paths,
        "components": {
            "schemas": {"Done": {"type": "object", "properties": {"ok": {"type": "boolean"}}}}
        },
    }


REFERENCE = "#/components/schemas/"


def test_a_document_of_another_implementation_is_read():
    schema = ModelSchema.of_openapi(foreign())
    (gain,) = schema.command("set_gain").parameters
    assert gain == Parameter(
        name="gain", type=Type.NUMBER, nullable=True, ge=0, default=None, required=False
    )
    (mode,) = schema.command("set_mode").parameters
    assert (mode.choices, mode.required, mode.default) == (("a", "b"), False, ABSENT)
    (anything,) = schema.command("set_any").parameters
    assert anything.type is Type.ANY
    (file,) = schema.command("set_file").parameters
    assert (file.type, file.nullable, file.required) == (Type.UPLOAD, True, True)
    assert schema.command("set_mode").reply == "done"
    assert [message.name for message in schema.messages] == ["done"]
    assert len(schema.commands) == 4
    assert (schema.name, schema.version, schema.tracks) == ("theirs", "", ())


def at(path: str, value: Any) -> dict[str, Any]:
    """The foreign document with one place of it changed."""
    document = foreign()
    inner: Any = document
    *steps, last = path.split(">")
    for step in steps:
        inner = inner.setdefault(step, {})
    inner[last] = value
    return document


ITSELF = {name: {"$ref": REFERENCE + "Done"} for name in "abc"}
GAIN = "paths>/events/set_gain>post>requestBody>content>application/json>schema"


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ([], "the document"),
        ({}, "/info"),
        (at("info>title", 3), "/info/title"),
        (at("x-reactor>tracks", {}), "/x-reactor/tracks"),
        (at("x-reactor>tracks", [{"name": "a", "kind": "video"}]), "/x-reactor/tracks/0/direction"),
        (
            at("x-reactor>tracks", [{"name": "a", "kind": "smell", "direction": "in"}]),
            "/x-reactor/tracks/0/kind",
        ),
        (
            at("x-reactor>tracks", [{"name": "a", "kind": "video", "direction": "in"}] * 2),
            "/x-reactor/tracks/1/name",
        ),
        (at("paths>/events/set_gain", None), "/paths/~1events~1set_gain"),
        (at(f"{GAIN}>properties>gain", 7), "schema/properties/gain"),
        (at(f"{GAIN}>properties>gain", {"type": "colour"}), "properties/gain/type"),
        (at(f"{GAIN}>properties>gain>minimum", "low"), "minimum"),
        (at(f"{GAIN}>properties>gain>anyOf", {}), "properties/gain/anyOf"),
        (at(f"{GAIN}>required", "gain"), "schema/required"),
        (at(f"{GAIN}>properties>gain", {"$ref": "#/x"}), "properties/gain/$ref"),
        (at("components>schemas>Done", {"$ref": REFERENCE + "Done"}), "leads to itself"),
        (at("components>schemas>Done", {"properties": ITSELF}), "than are read"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_with_the_place(document, place):
    with pytest.raises(ValueError, match=r"^[^:]+: ") as raised:
        ModelSchema.of_openapi(document)
    assert place in str(raised.value)


def test_capabilities_are_told_from_the_clients_side():
    assert SCHEMA.capabilities() == {
        "protocol_version": "v0",
        "tracks": [
            {"name": "webcam", "kind": "video", "direction": "sendonly"},
            {"name": "main_video", "kind": "video", "direction": "recvonly"},
        ],
        "commands": [
            {"name": "get_state", "description": "Tell the state.", "schema": {}},
            {
                "name": "set_prompt",
                "description": "Set prompt.",
                "schema": {
                    "prompt": {"type": "string", "default": "hi", "minLength": 1, "maxLength": 20}
                },
            },
            {
                "name": "mix",
                "description": "",
                "schema": {
                    "seed": {"type": "integer"},
                    "action": {
                        "type": "string",
                        "default": "idle",
                        "enum": ["idle", "left", "right", "jump"],
                    },
                    "brightness": {
                        "type": "number",
                        "default": 1.0,
                        "minimum": 0.0,
                        "maximum": 2.0,
                        "description": "How bright it is.",
                    },
                    "flag": {"type": "boolean", "default": False},
                    "tags": {"type": "array", "default": ["a"], "maxLength": 2},
                    "place": {"type": "object", "default": None},
                    "whatever": {"type": "any", "default": None},
                },
            },
            {
                "name": "set_image",
                "description": "",
                "schema": {
                    "image": {"type": "object", "format": "file-reference"},
                    "counts": {"type": "object"},
                },
            },
        ],
        "emission_fps": 30.0,
    }


def test_a_model_without_outputs_emits_nothing():
    assert ModelSchema(name="m").capabilities()["emission_fps"] is None


def test_the_track_map_is_told_from_the_models_side():
    assert SCHEMA.track_map() == {
        "webcam": {"kind": "video", "direction": "in", "rate": 0.0},
        "main_video": {"kind": "video", "direction": "out", "rate": 30.0},
    }


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("PromptSet", "prompt_set"),
        ("Got", "got"),
        ("HTTPState", "http_state"),
        ("Sha256Sum", "sha256_sum"),
        ("already_so", "already_so"),
    ],
)
def test_a_messages_name_is_its_class_in_snake_case(name, snake):
    assert snake_case(name) == snake
    assert snake_case(pascal_case(snake)) == snake
