"""The frames and conversations on the pages are true: our own codec and walker take them."""

import json
import re
import struct

import pytest
from jsonschema import Draft202012Validator

from risp.protocol import jsonschema
from risp.protocol.action.codec import decode_client, decode_server
from risp.protocol.action.codes import CODES
from risp.protocol.action.frames import ActionChunk, Error, SessionClose, Tensor
from risp.protocol.action.profile import ACTION
from risp.protocol.action.session import Session, State
from risp.protocol.errors import ProtocolError
from risp.protocol.frame import Frame
from risp.protocol.machine import Sender
from tests.docs.pages import Block, blocks

DECODE = {"client": decode_client, "server": decode_server}
LINE = re.compile(r"(?P<side>[CS])(?P<mark>[>!]) (?P<said>.*)")
CLOSE = re.compile(r"Close (\d{4})")
SCHEMA = Draft202012Validator(jsonschema.documents(ACTION)["action"])

FRAMES = [
    block
    for block in blocks()
    if block.language == "json" and not block.page.startswith("spec/live/")
]
CONVERSATIONS = [block for block in blocks() if block.title == "conversation"]


def sent(side: str, text: str) -> Frame:
    """A frame as its sender has to write it."""
    frame = DECODE[side](text)
    assert [error.message for error in SCHEMA.iter_errors(json.loads(text))] == []
    return frame


@pytest.mark.parametrize("block", FRAMES, ids=str)
def test_an_example_frame_says_who_sends_it_and_is_one(block: Block):
    assert block.title in DECODE
    assert sent(block.title, block.body).sender == block.title


def refused(session: Session, text: str) -> str:
    """The code that a wrong message of the client earns."""
    with pytest.raises(ProtocolError) as caught:
        session.advance(decode_client(text))
    # Before the session is open, a frame is not looked at any closer than its type.
    unopened = session.state is State.NEW and caught.value.code != "bad_frame"
    opens = '"session.open"' in text
    return "not_open" if unopened and not opens else caught.value.code


def follow(body: str) -> list[str]:
    """Walk through a conversation; returns what was said, as in `C session.open`."""
    session, last, due, said = Session(Sender.CLIENT), None, "", []
    for line in body.splitlines():
        if line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        assert match, line
        side = {"C": "client", "S": "server"}[match["side"]]
        close = CLOSE.fullmatch(match["said"])
        if close:
            allowed = close_codes(session, last)
            assert int(close[1]) in allowed, line
            session.end()
        elif match["mark"] == "!":
            assert side == "client"
            due = refused(session, match["said"])
        else:
            last = sent(side, match["said"])
            if due and isinstance(last, Error) and last.code == due:
                due = ""
            session.advance(last)
        said.append(line)
    assert due == "", "a wrong message without the error that it earns"
    return said


def close_codes(session: Session, last: Frame | None) -> tuple[int, ...]:
    match last:
        case Error(fatal=True, code=code):
            return CODES[code].close
        case SessionClose():
            return (1000,)
        case _ if session.state is State.CLOSING and not session.unanswered:
            return (1001,)
        case _:
            return ()


@pytest.mark.parametrize("block", CONVERSATIONS, ids=str)
def test_a_conversation_is_one_that_the_protocol_allows(block: Block):
    assert follow(block.body)


@pytest.mark.parametrize("block", CONVERSATIONS, ids=str)
def test_an_error_in_a_conversation_is_as_the_table_says(block: Block):
    for line in block.body.splitlines():
        if '"type":"error"' in line:
            error = decode_server(line.removeprefix("S> "))
            assert isinstance(error, Error)
            row = CODES[error.code]
            assert (error.fatal, error.retryable) == (row.fatal, row.retryable)


READY = 'S> {"type":"session.ready","session_id":"0123456789abcdef"}\n'
OPENED = 'C> {"type":"session.open","prompt":"p"}\n' + READY


@pytest.mark.parametrize(
    "wrong",
    [
        READY,
        OPENED + 'C> {"type":"observation","seq":-1,"state":[]}\n',
        OPENED + 'S> {"type":"action_chunk","seq":0,"actions":[[1]]}\n',
        OPENED + 'C> {"type":"session.close"}\nS> Close 1001\n',
        OPENED + 'C! {"type":"observation","seq":0,"state":5}\n',
        OPENED + 'C! {"type":"observation","seq":0,"state":[]}\n',
        OPENED + "S> Close 1000\n",
        "no line at all\n",
    ],
)
def test_a_conversation_that_lies_is_caught(wrong):
    with pytest.raises((AssertionError, ProtocolError, pytest.fail.Exception)):
        follow(wrong)


def test_there_are_conversations_and_frames_to_look_at():
    assert len(CONVERSATIONS) >= 10
    assert {block.title for block in FRAMES} == {"client", "server"}
    assert any('"session.closing"' in block.body for block in CONVERSATIONS)


def test_the_tensor_shown_byte_for_byte_is_that_tensor():
    texts = [block.body for block in blocks() if block.page == "spec/action/action.md"]
    rows = next(text for text in texts if text.startswith(" 0.0"))
    dump = next(text for text in texts if text.startswith("00 00"))
    frame = next(text for text in texts if '"dtype"' in text)
    content = struct.pack("<6f", *map(float, rows.split()))
    assert bytes.fromhex(dump) == content
    chunk = decode_server(frame)
    assert isinstance(chunk, ActionChunk)
    assert isinstance(chunk.actions, Tensor)
    assert (chunk.actions.shape, chunk.actions.content) == ([2, 3], content)
