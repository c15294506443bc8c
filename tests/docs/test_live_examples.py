"""The messages and HTTP exchanges on the live pages are true to the profile's tables."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from risp.protocol import jsonschema, openapi
from risp.protocol.errors import DecodeError
from risp.protocol.live.codec import decode_control, decode_message
from risp.protocol.live.codes import CHANNEL_CODES, HTTP_CODES
from risp.protocol.live.endpoint import Endpoint
from risp.protocol.live.http import ENDPOINTS
from risp.protocol.live.limits import API_VERSION, WEBRTC_VERSION
from risp.protocol.live.model import ModelSchema
from risp.protocol.live.profile import LIVE
from tests.docs.pages import Block, blocks

OURS = [block for block in blocks() if block.page.startswith("spec/live/")]
MESSAGES = [block for block in OURS if block.language == "json"]
EXCHANGES = [block for block in OURS if block.language == "http"]
EVENTS = [block for block in OURS if block.body.startswith("id: ")]
DOCUMENT = openapi.document(LIVE)
SCHEMAS = {
    side: Draft202012Validator({**jsonschema.documents(LIVE)["live"], "anyOf": [{"$ref": ref}]})
    for side, ref in (("client", "#/$defs/ClientFrame"), ("server", "#/$defs/ServerFrame"))
}
SCHEMA_TITLE = "a published schema"
TITLE = re.compile(r"(?P<side>client|server) on (?P<channel>data|control)")


def told(block: Block) -> dict[str, Any]:
    """What a message on a page says; raises what a codec raises, or AssertionError."""
    title = TITLE.fullmatch(block.title)
    assert title, f"{block}: {block.title!r} says neither who sends it nor on which channel"
    read = decode_message if title["channel"] == "data" else decode_control
    read(block.body, from_server=title["side"] == "server")
    tree: dict[str, Any] = json.loads(block.body)
    assert [error.message for error in SCHEMAS[title["side"]].iter_errors(tree)] == []
    return tree


@pytest.mark.parametrize("block", [b for b in MESSAGES if b.title != SCHEMA_TITLE], ids=str)
def test_a_message_is_one_of_its_side_and_channel_and_its_code_is_known(block: Block):
    tree = told(block)
    if block.title == "server on data" and tree["data"]["type"] == "commandRejected":
        assert tree["data"]["data"]["code"] in CHANNEL_CODES
    if "error" in tree:
        assert tree["error"]["code"] in CHANNEL_CODES


@pytest.mark.parametrize("block", [b for b in MESSAGES if b.title == SCHEMA_TITLE], ids=str)
def test_a_published_schema_is_one_that_can_be_read(block: Block):
    schema = ModelSchema.of_openapi(json.loads(block.body))
    assert [command.name for command in schema.commands] == ["set_prompt", "add"]
    assert [(track.name, str(track.direction)) for track in schema.tracks] == [
        ("webcam", "in"),
        ("main_video", "out"),
    ]
    add = schema.command("add")
    assert add.read({"a": 7.0}) == {"a": 7, "b": 1}


@dataclass
class Part:
    """A request or an answer of an exchange."""

    line: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: str = ""


def parts(block: Block) -> list[Part]:
    """The request and the answer; each begins with its line, and a blank line ends its headers."""
    found: list[Part] = []
    in_head = False
    for line in block.body.splitlines():
        if re.match(r"[A-Z]+ /\S* HTTP/1\.1$|HTTP/1\.1 \d{3} ", line):
            found.append(Part(line))
            in_head = True
        elif in_head and line:
            name, colon, value = line.partition(": ")
            assert colon, f"{block}: {line!r} is no header"
            found[-1].headers[name.lower()] = value
        elif in_head:
            in_head = False
        else:
            found[-1].body += line + "\n"
    assert len(found) == 2, f"{block}: a request and its answer"
    return found


def addressed(method: str, path: str) -> Endpoint | None:
    for endpoint in ENDPOINTS:
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(endpoint.path))
        if endpoint.method == method and re.fullmatch(pattern, path):
            return endpoint
    return None


def judge_request(request: Part, endpoint: Endpoint, answered: int) -> None:
    versions = {
        "reactor-api-version": str(API_VERSION),
        "reactor-api-accept-version": str(API_VERSION),
        "reactor-webrtc-version": WEBRTC_VERSION,
    }
    for name, version in versions.items():
        assert request.headers.get(name, version) == version
    if not request.body.strip():
        assert endpoint.body is None or not endpoint.body_due
        return
    assert request.headers["content-type"] == "application/json"
    tree = json.loads(request.body)
    if endpoint.body is not None:
        assert bool(errors_of(endpoint.body.__name__, tree)) == (answered == 422)


def errors_of(name: str, tree: Any) -> list[str]:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return [error.message for error in Draft202012Validator(schema).iter_errors(tree)]


def judge_answer(answer: Part, endpoint: Endpoint) -> int:
    status = int(answer.line.split()[1])
    good = {good.status: good for good in endpoint.good}
    if status in good:
        body = good[status].body
        assert bool(answer.body.strip()) == (body is not None)
        if body is not None:
            assert answer.headers["content-type"] == "application/json"
            assert errors_of(body.__name__, json.loads(answer.body)) == []
        return status
    problem = json.loads(answer.body)
    assert errors_of("Problem", problem) == []
    assert HTTP_CODES[problem["code"]] in endpoint.codes
    assert HTTP_CODES[problem["code"]].status == status
    assert ("retry-after" in answer.headers) == (status in (429, 503))
    assert ("www-authenticate" in answer.headers) == (status == 401)
    return status


def judge(block: Block) -> None:
    request, answer = parts(block)
    method, path, _ = request.line.split()
    if method == "OPTIONS":
        assert {"origin", "access-control-request-method"} <= set(request.headers)
        allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
        assert {"authorization", "content-type", "reactor-api-version"} <= set(allowed)
        assert answer.headers["access-control-allow-origin"] == request.headers["origin"]
        return
    endpoint = addressed(method, path.partition("?")[0])
    assert endpoint is not None, f"{block}: {method} {path} is no endpoint"
    judge_request(request, endpoint, judge_answer(answer, endpoint))


@pytest.mark.parametrize("block", EXCHANGES, ids=str)
def test_an_exchange_is_one_of_an_endpoint_with_bodies_of_its_classes(block: Block):
    judge(block)


GOOD = """GET /sessions/abc/info HTTP/1.1

HTTP/1.1 200 OK
Content-Type: application/json

{"session_id": "abc", "cluster": "c", "state": "ACTIVE"}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("GET", "POST"),
        ("/info", "/inform"),
        ('"state": "ACTIVE"', '"state": 5'),
        (', "cluster": "c"', ""),
        ("200 OK", "202 Accepted"),
        ("Content-Type: application/json\n", ""),
        ("HTTP/1.1\n\n", "HTTP/1.1\nReactor-API-Version: 7\n\n"),
        (GOOD[GOOD.index("HTTP/1.1 200") :], "HTTP/1.1 404 Not Found\n\n{}\n"),
        (
            GOOD[GOOD.index("HTTP/1.1 200") :],
            'HTTP/1.1 409 Conflict\n\n{"detail": "d", "code": "unknown_session"}\n',
        ),
        (
            GOOD[GOOD.index("HTTP/1.1 200") :],
            'HTTP/1.1 503 Service Unavailable\n\n{"detail": "d", "code": "shutting_down"}\n',
        ),
    ],
)
def test_an_exchange_that_lies_is_caught(old, new):
    judge(Block("x", 1, "http", "", GOOD))
    assert old in GOOD
    with pytest.raises((AssertionError, KeyError, ValueError)):
        judge(Block("x", 1, "http", "", GOOD.replace(old, new)))


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("", '{"scope":"runtime","data":{"type":"ping"}}'),
        ("server on data", '{"scope":"runtime","data":{"type":"ping"}}'),
        ("client on control", '{"scope":"runtime","data":{"type":"ping"}}'),
        ("client on data", '{"scope":"runtime","data":{"type":"fileUploaded","data":{}}}'),
    ],
)
def test_a_message_that_lies_is_caught(title, body):
    with pytest.raises((AssertionError, DecodeError)):
        told(Block("x", 1, "json", title, body))


def test_the_events_shown_are_events():
    (block,) = EVENTS
    events = [json.loads(line[6:]) for line in block.body.splitlines() if line.startswith("data: ")]
    assert [event["event"] for event in events] == ["command", "error"]
    ids = [int(line[4:]) for line in block.body.splitlines() if line.startswith("id: ")]
    assert ids == sorted(set(ids))


def test_there_is_enough_to_look_at():
    assert len(EXCHANGES) >= 15
    assert {block.title for block in MESSAGES} == {
        "client on data",
        "server on data",
        "client on control",
        "server on control",
        SCHEMA_TITLE,
    }
