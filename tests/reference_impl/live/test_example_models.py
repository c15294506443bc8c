"""The toy and the models in `examples/` draw what their heads promise."""

import importlib.util
import io
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from risp.protocol.live.arguments import Refused
from risp.protocol.live.model import ModelSchema
from risp.reference_impl.interface import CommandError, UploadedFile
from risp.reference_impl.live import toy
from risp.reference_impl.live.frames import fit
from risp.reference_impl.live.modelling.loading import LoadedModel, load_model
from risp.reference_impl.live.modelling.messages import body_of
from risp.reference_impl.live.replies import Returned, carry_out
from tests.architecture.tree import ROOT

GREY = np.full((120, 160, 3), [10, 100, 200], np.uint8)


def example(name: str) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[name]


@pytest.fixture(scope="module")
def drawing() -> Iterator[ModuleType]:
    yield from example("drawing_model")


@pytest.fixture(scope="module")
def mirror() -> Iterator[ModuleType]:
    yield from example("video_to_video")


class Session:
    """A model without its thread: one step at a time."""

    def __init__(self, model: Any) -> None:
        self.loaded: LoadedModel = load_model(model)
        self.loaded.load()
        self.sent: list[Any] = []
        self.model: Any = self.loaded.session(self.sent.append, self.loaded.inputs())
        self.steps = self.model.inference()

    def frame(self) -> Any:
        return fit(next(self.steps).main_video, "main_video")

    def do(self, name: str, /, **arguments: Any) -> Any:
        files = {key: one for key, one in arguments.items() if isinstance(one, UploadedFile)}
        plain = {key: one for key, one in arguments.items() if key not in files}
        reply = carry_out(self.loaded, self.model, name, plain, files)
        assert isinstance(reply, Returned), reply
        return None if reply.message is None else body_of(reply.message)


def upload(folder: Path, name: str, data: bytes) -> UploadedFile:
    path = folder / "blob"
    path.write_bytes(data)
    return UploadedFile("u1", name, "image/x", len(data), path)


def test_the_toy_publishes_something_of_everything():
    schema = load_model(toy.Toy).schema
    assert schema.name == "toy"
    assert [(track.name, track.direction.value) for track in schema.tracks] == [
        ("webcam", "in"),
        ("main_video", "out"),
    ]
    assert {command.name for command in schema.commands} == {
        "get_state",
        "set_image",
        "broadcast",
        "set_prompt",
        "set_brightness",
        "set_action",
        "set_seed",
    }
    assert {message.name for message in schema.messages} == {"snapshot", "got", "said"}


@pytest.mark.parametrize("brightness", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("action", list(toy.COLOURS))
def test_the_toys_left_half_is_the_actions_colour(brightness, action):
    it = Session(toy.Toy)
    it.do("set_brightness", brightness=brightness)
    it.do("set_action", action=action)
    left = it.frame()[:, :160].reshape(-1, 3)
    expected = [int(part * brightness / 2) for part in toy.COLOURS[action]]
    assert np.unique(left, axis=0).tolist() == [expected]


def test_the_toys_right_half_is_a_moving_bar_or_the_webcam_inverted():
    it = Session(toy.Toy)
    first, second = it.frame()[:, 160:], it.frame()[:, 160:]
    assert set(np.unique(first)) == {0, 200}
    assert not np.array_equal(first, second)
    it.model.input.webcam = GREY
    assert np.unique(it.frame()[:, 160:].reshape(-1, 3), axis=0).tolist() == [[245, 155, 55]]


def test_the_toy_answers_and_tells_everybody(tmp_path):
    it = Session(toy.Toy)
    it.do("set_prompt", prompt="forest")
    it.do("set_seed", seed=7)
    assert it.do("get_state") == {
        "prompt": "forest",
        "brightness": 1.0,
        "action": "idle",
        "seed": 7,
    }
    got = it.do("set_image", image=upload(tmp_path, "a.png", b"abc"))
    assert got == {"file_name": "a.png", "size": 3}
    it.do("broadcast", text="yo")
    assert it.sent == [toy.Said(text="yo")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("none", [0, 50]),
        ("mirror", [50, 0]),
        ("invert", [255, 205]),
        ("both", [205, 255]),
    ],
)
def test_the_mirror_changes_the_webcam(mirror, change, expected):
    it = Session(mirror.Mirror)
    it.do("set_change", change=change)
    webcam = np.zeros((2, 2, 3), np.uint8)
    webcam[:, 1] = 50
    it.model.input.webcam = webcam
    assert it.frame()[0, :, 0].tolist() == expected
    assert webcam[0, :, 0].tolist() == [0, 50]


def test_the_mirror_shows_its_card_while_nothing_is_published(mirror):
    it = Session(mirror.Mirror)
    it.do("set_change", change="none")
    assert it.frame()[0, [0, 100, 200, 319], 1].tolist() == list(mirror.GREYS)


def test_every_kind_of_bound_stands_in_the_drawing(drawing):
    schema = load_model(drawing.Drawing).schema
    parameters = [one for command in schema.commands for one in command.parameters]
    for bound in ("choices", "ge", "le", "min_length", "max_length"):
        assert any(getattr(one, bound) is not None for one in parameters), bound
    assert {str(one.type) for one in parameters} == {
        "string",
        "number",
        "integer",
        "boolean",
        "upload",
    }
    with pytest.raises(Refused, match="length 0 < min_length"):
        schema.command("set_prompt").read({"prompt": ""})
    assert ModelSchema.of_openapi(schema.openapi()) == schema


def test_the_drawings_left_half_is_the_colour(drawing):
    it = Session(drawing.Drawing)
    it.do("set_brightness", brightness=0.5)
    it.do("set_colour", colour="blue")
    left = it.frame()[:, :160].reshape(-1, 3)
    assert np.unique(left, axis=0).tolist() == [[10, 10, 55]]


def test_the_drawing_writes_its_prompt(drawing):
    it = Session(drawing.Drawing)
    default = it.frame()[: drawing.HEIGHT // 2, 160:]
    it.do("set_prompt", prompt="hello")
    assert np.array_equal(it.frame()[: drawing.HEIGHT // 2, 160:], default)
    it.do("set_prompt", prompt="I")
    other = it.frame()[: drawing.HEIGHT // 2, 160:]
    # The letter I in the first cell: 11 of its 35 pixels, each drawn as two by two.
    assert np.count_nonzero(other[..., 0]) == 11 * 4
    it.do("set_prompt", prompt="\u00e9" * 40)
    assert not it.frame()[: drawing.HEIGHT // 2, 160:].any()


def test_every_glyph_is_seven_rows_of_five_pixels(drawing):
    rows = [bytes.fromhex(glyph) for glyph in drawing.GLYPHS.values()]
    assert {len(glyph) for glyph in rows} == {7}
    assert max(map(max, rows)) < 1 << 5
    assert len(set(rows)) == len(rows) == 37


def test_the_drawings_bar_moves_at_its_speed(drawing):
    it = Session(drawing.Drawing)

    def edge() -> int:
        return int(np.argmax(it.frame()[-1, 160:, 0] == 200))

    it.do("set_speed", speed=5)
    assert edge() == 0
    assert [edge(), edge()] == [5, 10]
    it.do("set_bar", bar=False)
    assert not it.frame()[-1, 160:].any()


def test_the_drawing_shows_a_ppm_and_tells_everybody(drawing, tmp_path):
    it = Session(drawing.Drawing)
    data = b"P6\n160 120\n255\n" + GREY.tobytes()
    shown = it.do("set_picture", picture=upload(tmp_path, "a.ppm", data))
    assert shown == {"file_name": "a.ppm", "width": 160, "height": 120}
    assert [body_of(message) for message in it.sent] == [shown]
    assert it.frame()[130, -1].tolist() == [10, 100, 200]
    assert it.do("get_state")["picture"] == "a.ppm"


def test_the_drawing_shows_a_png(drawing, tmp_path):
    av = pytest.importorskip("av")
    target = io.BytesIO()
    with av.open(target, "w", format="image2pipe") as container:
        stream = container.add_stream("png")
        stream.width, stream.height, stream.pix_fmt = 160, 120, "rgb24"
        for packet in (*stream.encode(av.VideoFrame.from_ndarray(GREY)), *stream.encode()):
            container.mux(packet)
    it = Session(drawing.Drawing)
    it.do("set_picture", picture=upload(tmp_path, "a.png", target.getvalue()))
    assert it.frame()[130, -1].tolist() == [10, 100, 200]


@pytest.mark.parametrize(
    "data", [b"", b"no picture", b"P6 2 2 255\nx", b"P6 0 0 255\n", b"P6 1 1 65535\nabcdef"]
)
def test_what_is_no_picture_is_refused(drawing, tmp_path, data):
    it = Session(drawing.Drawing)
    with pytest.raises(CommandError) as raised:
        it.model.set_picture(upload(tmp_path, "a.ppm", data))
    assert raised.value.code == "bad_picture"
    assert it.frame()[130, -1].tolist() == [0, 0, 0]


def test_a_frame_costs_a_small_part_of_its_time(drawing):
    it = Session(drawing.Drawing)

    def seconds() -> float:
        begin = time.perf_counter()
        it.frame()
        return time.perf_counter() - begin

    # The quickest of many: a busy neighbour slows some of them.
    assert min(seconds() for _ in range(30)) < 0.005
