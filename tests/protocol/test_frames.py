"""What frames check beyond their members, and what they say about themselves."""

import base64
import struct

import pytest
from pydantic import ValidationError

from risp.protocol.action.frames import (
    CLIENT_FRAMES,
    ITEM_SIZES,
    SERVER_FRAMES,
    ActionChunk,
    Error,
    Observation,
    SessionOpen,
    Tensor,
)
from risp.protocol.frame import members
from risp.protocol.machine import Move, Sender


def test_every_frame_is_found_under_its_tag_at_its_sender():
    assert list(CLIENT_FRAMES) == ["session.open", "observation", "session.close"]
    assert list(SERVER_FRAMES) == [
        "session.ready",
        "session.status",
        "action_chunk",
        "observation.dropped",
        "session.closing",
        "error",
    ]
    assert {frame.sender for frame in CLIENT_FRAMES.values()} == {Sender.CLIENT}
    assert {frame.sender for frame in SERVER_FRAMES.values()} == {Sender.SERVER}


@pytest.mark.parametrize("frame", [*CLIENT_FRAMES.values(), *SERVER_FRAMES.values()])
def test_every_member_says_what_it_is(frame):
    assert frame.__doc__
    assert [name for name, field in frame.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("dtype", ITEM_SIZES)
def test_a_tensor_holds_exactly_what_its_shape_and_dtype_make(dtype):
    size = 2 * 3 * ITEM_SIZES[dtype]

    def tensor(count: int) -> Tensor:
        data = base64.b64encode(bytes(count)).decode()
        return Tensor(dtype=dtype, shape=[2, 3], data=data)

    assert tensor(size).content == bytes(size)
    for wrong in (size - 1, size + 1):
        with pytest.raises(ValidationError, match=f"{wrong} bytes of data where"):
            tensor(wrong)


def test_the_byte_order_is_little_endian():
    data = base64.b64encode(struct.pack("<2f", 0.5, -1.0)).decode()
    content = Tensor(dtype="float32", shape=[1, 2], data=data).content
    assert content == bytes.fromhex("0000003f000080bf")


def test_rows_of_unequal_length_are_refused():
    with pytest.raises(ValidationError, match="rows of unequal length"):
        ActionChunk(actions=[[1.0], [1.0, 2.0]])


def test_unknown_members_are_ignored_and_null_optional_ones_are_absent():
    tree = {"type": "session.open", "prompt": "p", "model": None, "x": 1}
    frame = SessionOpen.model_validate(tree)
    assert frame == SessionOpen(prompt="p")
    assert members(frame) == {"type": "session.open", "prompt": "p"}


def test_a_frame_does_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        SessionOpen(prompt="p").prompt = "q"


def test_an_error_moves_a_session_by_whether_it_is_fatal():
    fatal = Error(code="internal", message="m", fatal=True)
    assert fatal.move == Error.as_move("fatal") == Move("error", Sender.SERVER, "fatal")
    assert Error(code="bad_frame", message="m").move == Error.as_move("not fatal")
    assert Observation(seq=0, state=[]).move == Move("observation", Sender.CLIENT)
