"""The schemas: sound themselves, true of the examples, and of one mind with the codec."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from risp.protocol import jsonschema
from risp.protocol.action.codec import decode_client, decode_server
from risp.protocol.action.profile import ACTION
from tests.protocol import strategies
from tests.protocol.examples import BAD, GOOD, Bad

DOCUMENTS = jsonschema.documents(ACTION)


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(DOCUMENTS[name])


def valid(tree: dict[str, Any]) -> tuple[bool, bool]:
    """By the bundle, and by the frame's own document."""
    own = validator(f"action.{tree['type']}").is_valid(tree)
    return validator("action").is_valid(tree), own


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=list(DOCUMENTS))
def test_a_document_is_a_sound_schema_that_stands_alone(document):
    Draft202012Validator.check_schema(document)
    refs = {value for key, value in walk(document) if key == "$ref"}
    assert {ref for ref in refs if ref.removeprefix("#/$defs/") not in document["$defs"]} == set()


def test_names_and_ids_are_stable():
    assert {name: document["$id"] for name, document in DOCUMENTS.items()} == {
        "action": "urn:risp:1.0:action",
        **{f"action.{tag}": f"urn:risp:1.0:action:{tag}" for tag in ACTION.frames},
    }
    dialects = {document["$schema"] for document in DOCUMENTS.values()}
    assert dialects == {"https://json-schema.org/draft/2020-12/schema"}


def test_the_unions_name_every_frame_of_a_side():
    definitions = DOCUMENTS["action"]["$defs"]
    for sender in ("client", "server"):
        named = [one["$ref"] for one in definitions[f"{sender.title()}Frame"]["oneOf"]]
        frames = [f for f in ACTION.frames.values() if f.sender == sender]
        assert named == [f"#/$defs/{frame.__name__}" for frame in frames]


@pytest.mark.parametrize("tag", ACTION.frames)
def test_the_tag_is_required_and_the_only_one_that_fits(tag):
    document = DOCUMENTS[f"action.{tag}"]
    assert document["required"][0] == "type"
    assert document["properties"]["type"]["const"] == tag
    assert document["title"] == ACTION.frames[tag].__name__


def test_members_have_descriptions_and_neither_titles_nor_null_defaults():
    for name, frame in DOCUMENTS["action"]["$defs"].items():
        for member in frame.get("properties", {}).values():
            assert "description" in member, name
            assert "title" not in member, name
            assert member.get("default", 0) is not None, name


def test_what_the_schema_cannot_say_stands_in_a_description():
    definitions = DOCUMENTS["action"]["$defs"]
    assert "equal width" in definitions["ActionChunk"]["properties"]["actions"]["description"]
    assert "exactly" in definitions["Tensor"]["properties"]["data"]["description"]


def walk(node: Any) -> list[tuple[str, Any]]:
    if isinstance(node, dict):
        return [*node.items(), *(pair for value in node.values() for pair in walk(value))]
    if isinstance(node, list):
        return [pair for value in node for pair in walk(value)]
    return []


@pytest.mark.parametrize("tree", GOOD, ids=json.dumps)
def test_a_good_example_is_valid(tree):
    assert valid(tree) == (True, True)


@pytest.mark.parametrize("bad", [b for b in BAD if b.only != "codec"], ids=lambda b: f"{b.tree}")
def test_a_bad_example_is_not(bad: Bad):
    assert valid(bad.tree) == (False, False)


@pytest.mark.parametrize("bad", [b for b in BAD if b.only], ids=lambda b: f"{b.tree}")
def test_where_schema_and_codec_differ_there_is_a_reason(bad: Bad):
    assert bad.why
    decode = decode_server if bad.tree["type"] in SERVER_TAGS else decode_client
    if bad.only == "schema":
        decode(json.dumps(bad.tree))
    else:
        assert valid(bad.tree) == (True, True)


SERVER_TAGS = [tag for tag, frame in ACTION.frames.items() if frame.sender == "server"]


def test_every_frame_has_good_and_bad_examples():
    assert {tree["type"] for tree in GOOD} == set(ACTION.frames)
    # Whatever stands in session.close is ignored, so that nothing in it can be wrong.
    assert {bad.tree["type"] for bad in BAD} == set(ACTION.frames) - {"session.close"}


def test_an_untagged_frame_is_no_frame():
    assert not validator("action").is_valid({"prompt": "p"})
    assert not validator("action.session.open").is_valid({"prompt": "p"})


@given(strategies.clients)
def test_what_a_client_can_send_is_valid(tree):
    decode_client(json.dumps(tree))
    assert valid(tree) == (True, True)


@given(strategies.servers)
def test_what_a_server_can_send_is_valid(tree):
    decode_server(json.dumps(tree))
    assert valid(tree) == (True, True)
