"""The schemas of the live profile's messages: sound, and of one mind with the codec."""

import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from risp.protocol import jsonschema
from risp.protocol.errors import DecodeError
from risp.protocol.live.codec import decode_control, decode_message
from risp.protocol.live.profile import LIVE
from risp.protocol.machine import Sender
from tests.protocol.live_examples import CLIENT, CLIENT_CONTROL, SERVER, SERVER_CONTROL
from tests.protocol.test_live_codec import BAD, BAD_CONTROL

DOCUMENTS = jsonschema.documents(LIVE)
SIDES = [
    *((tree, Sender.CLIENT) for tree in (*CLIENT, *CLIENT_CONTROL)),
    *((tree, Sender.SERVER) for tree in (*SERVER, *SERVER_CONTROL)),
]


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(DOCUMENTS[name])


@cache
def side(sender: Sender) -> Draft202012Validator:
    bundle = DOCUMENTS["live"]
    return Draft202012Validator({**bundle, "anyOf": [{"$ref": f"#/$defs/{sender.title()}Frame"}]})


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=list(DOCUMENTS))
def test_a_document_is_a_sound_schema_that_stands_alone(document):
    Draft202012Validator.check_schema(document)
    text = json.dumps(document)
    for name in {part.split('"')[0] for part in text.split("#/$defs/")[1:]}:
        assert name in document["$defs"]


def test_there_is_a_document_for_every_message_and_one_for_all():
    assert list(DOCUMENTS) == ["live", *(f"live.{tag}" for tag in LIVE.frames)]
    assert {document["$id"].partition(":live")[0] for document in DOCUMENTS.values()} == {
        "urn:risp:1.0"
    }


@pytest.mark.parametrize(("tree", "sender"), SIDES, ids=str)
def test_an_example_is_valid_for_its_sender_and_as_exactly_one_message(tree, sender):
    assert [error.message for error in side(sender).iter_errors(tree)] == []
    assert validator("live").is_valid(tree)
    frames = [tag for tag, frame in LIVE.frames.items() if frame.sender is sender]
    assert len([tag for tag in frames if validator(f"live.{tag}").is_valid(tree)]) == 1


def refused(tree: dict[str, Any], read: Any) -> bool:
    try:
        read(json.dumps(tree))
    except DecodeError:
        return True
    return False


@pytest.mark.parametrize(("tree", "pointer"), [*BAD, *BAD_CONTROL], ids=str)
def test_what_the_codec_refuses_of_a_client_is_not_valid_either(tree, pointer):
    del pointer
    assert not side(Sender.CLIENT).is_valid(tree)
    assert refused(tree, decode_message)
    assert refused(tree, decode_control)


def test_the_null_of_a_rejection_is_valid_and_its_absence_is_not():
    (tree,) = [one for one in SERVER if one["data"].get("data", {}).get("command", 0) is None]
    assert validator("live.runtime.commandRejected").is_valid(tree)
    del tree["data"]["data"]["command"]
    try:
        assert not validator("live.runtime.commandRejected").is_valid(tree)
    finally:
        tree["data"]["data"]["command"] = None


def test_members_have_descriptions_and_neither_titles_nor_null_defaults():
    for name, part in DOCUMENTS["live"]["$defs"].items():
        for member in part.get("properties", {}).values():
            assert "description" in member, name
            assert "title" not in member, name
            assert member.get("default", 0) is not None, name
