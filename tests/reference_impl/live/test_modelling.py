"""How a model is declared: fields, events, messages, tracks; and what is refused, with a remedy."""

from __future__ import annotations

import dataclasses
import enum
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Optional

import numpy as np
import pytest

from risp.protocol.live.arguments import ABSENT, Type
from risp.protocol.live.model import Direction, ModelSchema, Track
from risp.reference_impl import interface
from risp.reference_impl.interface import (
    CommandError,
    Input,
    InputField,
    InputState,
    LiveModel,
    ModelMessage,
    Output,
    ReactorPipeline,
    UploadedFile,
    Video,
    event,
)
from risp.reference_impl.live.frames import BadFrame, fit
from risp.reference_impl.live.modelling.loading import LoadedModel, ModelError, load_model
from risp.reference_impl.live.modelling.messages import body_of, type_of
from risp.reference_impl.live.modelling.state import Kept, snapshot


class Speed(enum.Enum):
    SLOW = "slow"
    FAST = "fast"


@dataclass(frozen=True)
class Point:
    x: float
    y: float = 0.0


def schema_of(model: type[LiveModel]) -> ModelSchema:
    return load_model(model).schema


def commands_of(state: type[InputState]) -> dict[str, Any]:
    """The parameter of each generated command, by name of the command."""
    model = type("Plain", (LiveModel,), {"__annotations__": {"state": state}})
    found = {}
    for command in schema_of(model).commands:
        (found[command.name],) = command.parameters
    return found


def test_what_a_model_needs_is_there_name_for_name():
    assert {
        "InputState",
        "InputField",
        "event",
        "Input",
        "Output",
        "Video",
        "LiveModel",
        "ReactorPipeline",
        "ModelMessage",
        "CommandError",
        "UploadedFile",
    } == set(interface.__all__)
    assert ReactorPipeline is LiveModel


# The state


@dataclass
class Everything(InputState):
    whole: int = 1
    real: float = InputField(default=1, ge=0.0, le=2.0)
    text: str = InputField(default="x", min_length=1, max_length=5, description="Some text.")
    flag: bool = False
    choice: Literal["a", "b"] = "a"
    speed: Speed = Speed.SLOW
    maybe: Optional[str] = None  # noqa: UP045  # models in the field are written so
    either: int | None = 3
    many: list[int] = InputField(default=(1, 2), max_length=3)  # noqa: RUF009  # a list each
    free: dict[str, Any] | None = None
    point: Point = Point(1.0)  # it is frozen
    file: UploadedFile | None = None
    shared: ClassVar[int] = 5
    _hidden: Any = None
    _cache: dict[str, int] = dataclasses.field(default_factory=dict)


def test_each_public_field_becomes_a_command_and_a_private_one_does_not():
    found = commands_of(Everything)
    assert list(found) == [
        f"set_{name}"
        for name in (
            "whole", "real", "text", "flag", "choice", "speed",
            "maybe", "either", "many", "free", "point", "file",
        )
    ]  # fmt: skip
    assert {one.required for one in found.values()} == {False}


def test_annotations_become_types_and_bounds():
    found = commands_of(Everything)
    kinds = [found[f"set_{name}"].type for name in ("whole", "real", "text", "flag", "file")]
    assert kinds == [Type.INTEGER, Type.NUMBER, Type.STRING, Type.BOOLEAN, Type.UPLOAD]
    real, text = found["set_real"], found["set_text"]
    assert (real.ge, real.le, real.default) == (0.0, 2.0, 1.0)
    assert (text.min_length, text.max_length, text.description) == (1, 5, "Some text.")
    assert found["set_choice"].choices == ("a", "b")
    assert (found["set_speed"].choices, found["set_speed"].default) == (("slow", "fast"), "slow")
    assert (found["set_maybe"].nullable, found["set_maybe"].type) == (True, Type.STRING)
    assert found["set_many"].default == [1, 2]
    assert found["set_many"].items.type is Type.INTEGER
    assert [member.name for member in found["set_point"].members] == ["x", "y"]
    assert found["set_point"].default == {"x": 1.0, "y": 0.0}


def test_each_session_begins_with_a_state_of_its_own():
    one, other = Everything(), Everything()
    one.many.append(3)
    one._cache["a"] = 1
    assert (other.many, other._cache) == ([1, 2], {})
    assert one == Everything(many=[1, 2, 3], _cache={"a": 1})
    assert (one.real, one.speed, one.point) == (1.0, Speed.SLOW, Point(1.0))


def test_a_state_is_told_without_what_is_private_or_no_json():
    state = Everything(speed=Speed.FAST)
    state.maybe = np.zeros(3)  # type: ignore[assignment]
    told = snapshot(state)
    assert told["speed"] == "fast"
    assert told["point"] == {"x": 1.0, "y": 0.0}
    assert set(told) & {"maybe", "_hidden", "_cache", "shared"} == set()
    assert snapshot(None) == {}


def test_a_state_is_put_back_with_its_lists_and_private_fields():
    state = Everything()
    kept = Kept(state)
    state.many.append(9)
    state._cache["a"] = 1
    state.text, state._hidden = "y", 1
    assert kept.restore() is state
    assert state == Everything()


def test_a_state_inherits_fields_and_may_use_slots():
    @dataclass
    class Base(InputState):
        a: int = 1

    @dataclass(slots=True)
    class Derived(Base):
        b: int = InputField(default=2, le=5)

    assert list(commands_of(Derived)) == ["set_a", "set_b"]
    assert Derived().b == 2


def declare(fields: dict[str, Any], **defaults: Any) -> type[InputState]:
    return type("Bad", (InputState,), {"__annotations__": fields, **defaults})


@pytest.mark.parametrize(
    ("annotation", "default", "words"),
    [
        (int, ABSENT, "no default"),
        (list[int], [1], "tuple"),
        (dict[str, int], {}, "None"),
        (list[int], dataclasses.field(default_factory=list), "default_factory"),
        (float, InputField(default=3.0, le=2.0), "3.0 > le(2.0)"),
        (str, InputField(default="c", choices=["a", "b"]), "not in choices"),
        (str, InputField(default="", min_length=1), "min_length(1)"),
        (str, None, "| None"),
        (int, "1", "expected integer, got str"),
        (int, True, "expected integer, got bool"),
        (float, float("nan"), "nan"),
        (str, InputField(default="a", ge=1), "ge says nothing"),
        (int, InputField(default=1, max_length=1), "max_length says nothing"),
        (list[int], InputField(default=(), choices=[1]), "choices say nothing"),
        (set[int], None, "use int, float"),
        (np.ndarray, None, "use int, float"),
        (int | str, 1, "use int, float"),
        (dict[int, int], None, "use int, float"),
        ("Nowhere", 1, "define what it names above"),
        (Any, object(), "give a value that JSON can say"),
    ],
)
def test_a_field_that_cannot_be_told_is_refused_with_place_and_remedy(annotation, default, words):
    defaults = {} if default is ABSENT else {"broken": default}
    with pytest.raises(TypeError) as raised:
        declare({"broken": annotation}, **defaults)
    assert "Bad.broken" in str(raised.value)
    assert words in str(raised.value)


@pytest.mark.parametrize("default", [ABSENT, dataclasses.field(), {}, []])
def test_a_private_field_needs_a_default_that_sessions_do_not_share(default):
    defaults = {} if default is ABSENT else {"_broken": default}
    with pytest.raises(TypeError, match=r"Bad\._broken"):
        declare({"_broken": Any}, **defaults)


def test_a_private_field_may_be_an_input_field():
    state = dataclass(declare({"_a": Any}, _a=InputField(default=3)))
    assert state()._a == 3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: declare({"a": int}, a=1), "put @dataclass above it"),
        (lambda: dataclass(frozen=True)(declare({"a": int}, a=1)), "frozen"),
        (lambda: Point, "InputState"),
        (lambda: "Missing", "Missing"),
    ],
)
def test_a_state_that_cannot_be_used_is_refused(make, words):
    with pytest.raises(TypeError, match=words):
        type("Model", (LiveModel,), {"__annotations__": {"state": make()}})


# Events


def test_an_event_takes_its_signature_and_answers_with_its_message():
    class Added(ModelMessage):
        total: int

    class Adder(LiveModel):
        @event(description="Add two numbers.")
        def add(self, a: int, b: int = InputField(default=1, ge=0), *, c: float = 2) -> Added:
            return Added(total=a + b + int(c))

        @event
        def quiet(self) -> None:
            """Say nothing.

            At all.
            """

        @event(name="renamed")
        def method(self) -> Added | None: ...

        @event()
        def set_gain(self, gain: float = 1.0): ...

    add, quiet, renamed, gain = schema_of(Adder).commands
    assert (add.name, add.description, add.reply) == ("add", "Add two numbers.", "added")
    a, b, c = add.parameters
    assert (a.required, b.required, b.default, b.ge, c.default) == (True, False, 1, 0, 2.0)
    assert (quiet.name, quiet.description, quiet.reply) == ("quiet", "Say nothing.", None)
    assert (renamed.name, renamed.reply) == ("renamed", "added")
    assert gain.description == "Set gain."
    assert schema_of(Adder).messages[0].name == "added"
    assert Adder().add(1, 2).total == 5


def test_an_event_replaces_the_command_of_a_field():
    @dataclass
    class State(InputState):
        prompt: str = InputField(default="meadow", max_length=9)
        other: int = 1

    class Model(LiveModel):
        state: State

        @event(name="set_prompt", description="Encode it.")
        def set_prompt(self, prompt: str = InputField(default="")): ...

    prompt, other = schema_of(Model).commands
    assert (prompt.description, prompt.parameters[0].max_length) == ("Encode it.", None)
    assert (other.name, other.description) == ("set_other", "Set other.")


def test_events_and_state_are_inherited_and_may_be_written_anew():
    class Base(LiveModel):
        state: Everything

        @event(description="Greet.")
        def greet(self, name: str) -> None: ...

    class Derived(Base):
        def greet(self, name: str, loud: bool = False) -> None: ...

        @event
        def more(self) -> None: ...

    names = [command.name for command in schema_of(Derived).commands]
    assert names[:2] == ["greet", "more"]
    assert "set_whole" in names
    greet = schema_of(Derived).command("greet")
    assert greet.description == "Greet."
    assert [one.name for one in greet.parameters] == ["name", "loud"]


def model_with(**methods: Any) -> type[LiveModel]:
    return type("Model", (LiveModel,), methods)


def refused_events() -> Iterator[tuple[dict[str, Any], str]]:
    async def late(self): ...

    def yields(self):
        yield 1

    def bare(self, a): ...

    def positional(self, a: int, /): ...

    def star(self, *a: int): ...

    def plain() -> Any:
        return lambda self: None

    def two(self) -> LoudA | LoudB: ...

    def words(self) -> str: ...

    def values(self) -> dict[str, int]: ...

    def shared(self, a: list[int] = []): ...  # noqa: B006  # that is the point

    yield {"late": event(late)}, "Model.late is async"
    yield {"yields": event(yields)}, "Model.yields yields"
    yield {"bare": event(bare)}, r"Model.bare\(a\) has no annotation"
    yield {"positional": event(positional)}, r"Model.positional\(a\)"
    yield {"star": event(star)}, r"Model.star\(a\)"
    yield {"shared": event(shared)}, r"Model.shared\(a\)"
    yield {"two": event(two)}, "one kind of message"
    yield {"words": event(words)}, "Model.words -> str: a command answers with a ModelMessage"
    yield {"values": event(values)}, "Model.values -> dict"
    yield {"plain": staticmethod(event(plain()))}, "plain method"
    yield {"a": event(name="x")(plain()), "b": event(name="x")(plain())}, "both called 'x'"
    yield {"a": event(name="no-dash")(plain())}, "'no-dash'"
    yield {"a": event(name="")(plain())}, "''"
    yield {"load": event(plain())}, "Model.load has a meaning of its own"
    yield {"send": event(plain())}, "Model.send has a meaning of its own"
    yield {"inference": late}, "Model.inference is async"
    yield {"on_connect": late}, "Model.on_connect is async"
    yield {"load": lambda self, a, b: None}, "Model.load is called with"


class LoudA(ModelMessage):
    a: int


class LoudB(ModelMessage):
    b: int


@pytest.mark.parametrize(("methods", "words"), list(refused_events()))
def test_an_event_that_cannot_be_one_is_refused_with_its_place(methods, words):
    with pytest.raises(TypeError, match=words):
        model_with(**methods)


# Messages


class Told(ModelMessage):
    """Tell something.

    At length.
    """

    name: str
    size: int = 3
    where: Point | None = None
    tags: list[str] = InputField(default=("a",), description="Some tags.")


def test_a_message_has_its_classs_name_whatever_its_fields_are_called():
    message = Told(name="p.png", where=Point(1.0))
    assert type_of(message) == type_of(Told) == "told"
    assert body_of(message) == {
        "name": "p.png",
        "size": 3,
        "where": {"x": 1.0, "y": 0.0},
        "tags": ["a"],
    }
    assert message == Told(name="p.png", where=Point(1.0))
    assert message != Told(name="p.png")
    assert repr(Told(name="x")) == "Told(name='x', size=3, where=None, tags=['a'])"


def test_a_messages_default_is_not_shared():
    first = Told(name="x")
    first.tags.append("b")
    assert Told(name="x").tags == ["a"]


@pytest.mark.parametrize("fields", [{}, {"name": "x", "other": 1}])
def test_a_message_takes_its_fields_and_no_others(fields):
    with pytest.raises(TypeError, match="Told"):
        Told(**fields)


@pytest.mark.parametrize("value", [object(), float("nan"), {1: 2}, np.zeros(2)])
def test_a_message_that_json_cannot_say_is_refused(value):
    with pytest.raises(TypeError, match=r"^Told\.name: "):
        body_of(Told(name=value))


def test_a_numpy_number_goes_on_the_wire_as_a_number():
    body = body_of(Told(name="x", size=np.int64(4)))  # type: ignore[arg-type]
    assert (body["size"], type(body["size"])) == (4, int)


def test_every_message_that_stands_beside_a_model_is_published():
    messages = {message.name: message for message in schema_of(model_with()).messages}
    assert {"told", "loud_a", "loud_b"} <= set(messages)
    assert messages["told"].description == "Tell something."
    assert [one.description for one in messages["told"].fields] == ["", "", "", "Some tags."]


def test_a_dataclass_can_be_a_message():
    @dataclass
    class Flat(ModelMessage):
        a: int
        b: str = "x"

    assert body_of(Flat(1)) == {"a": 1, "b": "x"}

    class Model(LiveModel):
        @event
        def tell(self) -> Flat: ...

    assert schema_of(Model).messages[0].description == ""


def test_two_messages_of_one_name_are_refused():
    class LoudA(ModelMessage):
        other: int

    class Model(LiveModel):
        @event
        def tell(self) -> LoudA: ...

    with pytest.raises(ModelError, match="both 'loud_a' on the wire"):
        load_model(Model)


# Tracks


def test_tracks_are_told_inputs_first_and_in_order():
    class Eyes(Input):
        left: Video
        right: Video

    class Pictures(Output):
        main_video: Video
        depth: Video

    class Model(LiveModel):
        input: Eyes
        output: Pictures
        fps = 12

        def inference(self):
            yield

    assert schema_of(Model).tracks == (
        Track(name="left", direction=Direction.IN),
        Track(name="right", direction=Direction.IN),
        Track(name="main_video", direction=Direction.OUT, rate=12.0),
        Track(name="depth", direction=Direction.OUT, rate=12.0),
    )


def test_outputs_are_found_in_what_inference_yields():
    class One(Output):
        one: Video

    class Two(Output):
        two: Video

    class Ignored(Output):
        ignored: Video

    class Model(LiveModel):
        def inference(self) -> Iterator[One | Two | None]:
            yield None

    assert [track.name for track in schema_of(Model).tracks] == ["one", "two"]


def test_outputs_are_found_beside_the_model_where_nothing_names_them():
    class Found(Output):
        found: Video

    class Model(LiveModel):
        def inference(self):
            yield Found(found=None)

    assert [track.name for track in schema_of(Model).tracks] == ["found"]


def test_a_model_that_shows_nothing_says_so():
    class Silent(LiveModel):
        def inference(self):
            yield None

    with pytest.raises(ModelError, match="no output track"):
        load_model(Silent)

    class Listener(Silent):
        output: None

    assert schema_of(Listener).tracks == ()
    assert schema_of(model_with()).tracks == ()


def test_a_track_cannot_come_and_go_under_one_name():
    class In(Input):
        video: Video

    class Out(Output):
        video: Video

    class Model(LiveModel):
        input: In
        output: Out

        def inference(self):
            yield

    with pytest.raises(ModelError, match="'video' comes and another goes"):
        load_model(Model)


@pytest.mark.parametrize("base", [Input, Output])
@pytest.mark.parametrize(
    "body",
    [
        {"__annotations__": {"sound": int}},
        {"__annotations__": {"_video": Video}},
        {"__annotations__": {"video": Video}, "video": 3},
    ],
)
def test_what_is_no_track_is_refused(base, body):
    with pytest.raises(TypeError, match=r"^Bad\."):
        type("Bad", (base,), body)


def test_an_output_takes_its_tracks_and_no_others():
    class Pictures(Output):
        main_video: Video
        depth: Video

    frame = np.zeros((2, 2, 3), np.uint8)
    output = Pictures(main_video=frame)
    assert output.main_video is frame
    assert output.depth is None
    with pytest.raises(TypeError, match="no track 'mian_video'; it has: main_video, depth"):
        Pictures(mian_video=frame)


@pytest.mark.parametrize("name", ["input", "output"])
def test_tracks_are_annotated_with_their_class(name):
    with pytest.raises(TypeError, match=rf"Model\.{name}: annotate it"):
        type("Model", (LiveModel,), {"__annotations__": {name: int}})


# Frames


def test_floats_are_clipped_and_cast():
    frame = np.full((2, 2, 3), [-5.0, 127.9, 300.0], np.float32)
    frame[0, 0] = [np.nan, np.inf, -np.inf]
    fitted = fit(frame, "x")
    assert fitted.dtype == np.uint8
    assert fitted[1, 1].tolist() == [0, 127, 255]
    assert fitted[0, 0].tolist() == [0, 255, 0]


def test_a_frame_is_copied_and_an_odd_row_or_column_cut_off():
    frame = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    fitted = fit(frame[:, ::-1], "x")
    expected = frame[:4, :0:-1].copy()
    frame[:] = 0
    assert fitted.flags.c_contiguous
    assert np.array_equal(fitted, expected)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ([[[0, 0, 0]]], "list"),
        (np.zeros((4, 4), np.uint8), r"\(4, 4\), and has to be \(height, width, 3\)"),
        (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\)"),
        (np.zeros((1, 4, 3), np.uint8), "out of bounds"),
        (np.zeros((0, 0, 3), np.uint8), "out of bounds"),
        (np.zeros((2, 16385, 3), np.uint8), "out of bounds"),
        (np.zeros((4, 4, 3), np.int64), "int64, and have to be uint8 or floats"),
        (np.zeros((4, 4, 3), np.bool_), "bool"),
    ],
)
def test_what_is_no_frame_is_refused_with_what_is_due(frame, words):
    with pytest.raises(BadFrame, match=rf"^track 'a': .*{words}"):
        fit(frame, "track 'a'")


# Loading


class Weights(LiveModel):
    """Load something heavy.

    Slowly.
    """

    fps = 24

    def load(self, config_path: Any) -> None:
        self.weights = [config_path]


def session(loaded: LoadedModel) -> Any:
    return loaded.session(lambda message: None, loaded.inputs())


def test_weights_are_loaded_once_and_shared_and_the_state_is_not():
    loaded = load_model(Weights)
    loaded.load("a.yaml")
    one, other = session(loaded), session(loaded)
    assert one.weights is other.weights
    assert one.weights == ["a.yaml"]
    assert one.state is not other.state
    assert Weights.state is None
    assert loaded.fps == 24.0


def test_load_may_do_without_the_configuration():
    class Model(LiveModel):
        def load(self):
            self.loaded = True

    loaded = load_model(Model())
    loaded.load("a.yaml")
    assert session(loaded).loaded


def test_a_model_has_a_name_a_version_and_a_description():
    assert (schema_of(Weights).name, schema_of(Weights).version) == ("weights", "v0.0.0")
    assert schema_of(Weights).description == "Load something heavy."
    named = model_with(name="mine", version="v1.2.0", description="About it.")
    assert schema_of(named).openapi()["info"] == {
        "title": "mine",
        "version": "v1.2.0",
        "description": "About it.",
    }
    assert schema_of(type("VideoToVideo", (LiveModel,), {})).name == "video-to-video"
    assert schema_of(model_with()).description == ""


def test_what_is_published_survives_the_document():
    class Full(LiveModel):
        state: Everything

        @event
        def tell(self, file: UploadedFile, to: list[Point]) -> Told: ...

    schema = schema_of(Full)
    assert ModelSchema.of_openapi(schema.openapi()) == schema


def needs_argument(self, path): ...


def fails(self):
    raise OSError("no disk")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (Point, "Point is no model"),
        (3, "int is no model"),
        (LiveModel, "LiveModel is no model"),
        (model_with(fps=0), "fps is 0"),
        (model_with(fps=float("inf")), "fps is inf"),
        (model_with(name="x" * 256), "name"),
        (model_with(__init__=needs_argument), "made without arguments"),
        (model_with(__init__=fails), "OSError: no disk"),
    ],
)
def test_what_cannot_be_served_is_refused_with_a_remedy(spec, words):
    with pytest.raises(ModelError, match=words):
        load_model(spec)


def test_a_load_that_fails_says_why():
    with pytest.raises(ModelError, match=r"load\(\) raised OSError: no disk"):
        load_model(model_with(load=fails)).load()


def test_an_uploaded_file_is_read_from_disk(tmp_path: Path):
    path = tmp_path / "blob"
    path.write_bytes(b"abc")
    file = UploadedFile("id", "a.png", "image/png", 3, path)
    assert (file.data, file.path, file.name, file.size) == (b"abc", path, "a.png", 3)


def test_nobody_is_told_anything_outside_a_session():
    with pytest.raises(RuntimeError, match="outside a session"):
        Weights().send(Told(name="x"))
    with pytest.raises(TypeError, match="takes a ModelMessage, and got a dict"):
        Weights().send({})  # type: ignore[arg-type]


def test_a_command_error_carries_code_and_message():
    error = CommandError("too_dark", "It is too dark.")
    assert (error.code, error.message, str(error)) == (
        "too_dark",
        "It is too dark.",
        "It is too dark.",
    )


def test_a_model_in_a_module_without_future_annotations_is_read(tmp_path, monkeypatch):
    (tmp_path / "written_plainly.py").write_text(
        "from dataclasses import dataclass\n"
        "from risp.reference_impl.interface import *\n"
        "class MyOutput(Output):\n    main_video: Video\n"
        "@dataclass\nclass GameState(InputState):\n    prompt: str = InputField(default='x')\n"
        "class GameModel(ReactorPipeline):\n    state: GameState\n"
        "    def inference(self):\n        yield MyOutput(main_video=None)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import written_plainly  # type: ignore[import-not-found]

    monkeypatch.delitem(sys.modules, "written_plainly")
    monkeypatch.setitem(sys.modules, "written_plainly", written_plainly)
    schema = schema_of(written_plainly.GameModel)
    assert [command.name for command in schema.commands] == ["set_prompt"]
    assert [track.name for track in schema.tracks] == ["main_video"]
