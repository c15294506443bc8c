"""Whatever comes, the codec makes a frame or a DecodeError; its short way is the long way."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risp.protocol import codec
from risp.protocol.action.codec import decode_client, decode_server
from risp.protocol.errors import DecodeError
from tests.protocol import strategies

DECODERS = [decode_client, decode_server]
TAGS = ["session.open", "observation", "action_chunk", "session.ready", "error"]
MEMBERS = ["seq", "state", "images", "actions", "prompt", "request_id", "metadata", "limits", "hz"]


def outcome(read: Callable[[Any], Any], text: Any) -> Any:
    """What comes of reading: the value, or the code of the refusal; anything else escapes."""
    try:
        return read(text)
    except DecodeError as error:
        return error.code


@given(st.text() | st.binary() | strategies.json_texts())
def test_no_text_and_no_bytes_raise_anything_but_a_decode_error(text):
    for decode in DECODERS:
        outcome(decode, text)


@given(st.sampled_from(TAGS), st.dictionaries(st.sampled_from(MEMBERS), strategies.trees))
def test_no_members_raise_anything_but_a_decode_error(tag, members):
    text = json.dumps({**members, "type": tag})
    for decode in DECODERS:
        outcome(decode, text)


@given(strategies.json_texts())
def test_the_short_way_is_the_strict_way(text):
    def strictly(text: str) -> Any:
        tree = codec._parse_slowly(text)
        if not isinstance(tree, dict):
            raise DecodeError("bad_frame", "no object")
        return tree

    assert outcome(codec.parse, text) == outcome(strictly, text)
    assert outcome(codec.parse, text.encode()) == outcome(codec.parse, text)


@given(strategies.json_texts())
def test_a_text_goes_the_short_way_only_if_no_key_stands_twice(text):
    tree = json.loads(text)
    if codec._surely_plain(text, tree):
        codec._parse_slowly(text)  # which raises for a key that stands twice


def test_the_texts_drawn_hold_both_kinds():
    @given(strategies.json_texts())
    def draw(text):
        seen.add(outcome(codec._parse_slowly, text) == "bad_frame")

    seen: set[bool] = set()
    draw()
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("frames", "decode"), [(strategies.clients, decode_client), (strategies.servers, decode_server)]
)
def test_frames_survive_a_round_trip(frames, decode):
    @given(frames)
    def check(tree):
        frame = decode(json.dumps(tree))
        text = codec.encode(frame)
        assert decode(text) == frame
        written = json.loads(text)
        known = {k: v for k, v in tree.items() if v is not None and k in type(frame).model_fields}
        assert written == known

    check()
