"""The OpenAPI document: sound, whole, and of one mind with the table of endpoints."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from risp.protocol import openapi
from risp.protocol.action.profile import ACTION
from risp.protocol.live.codes import HTTP_CODES
from risp.protocol.live.endpoint import Auth, Endpoint
from risp.protocol.live.http import ENDPOINTS
from risp.protocol.live.profile import LIVE

DOCUMENT = openapi.document(LIVE)
every_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)


def operation(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
    return found


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = DOCUMENT
    for word in node["$ref"].removeprefix("#/").split("/"):
        found = found[word]
    return found


def schema(node: dict[str, Any]) -> Draft202012Validator:
    """A schema of the document, which can refer to its components."""
    return Draft202012Validator({**node, "components": DOCUMENT["components"]})


def walk(node: Any) -> list[tuple[str, Any]]:
    if isinstance(node, dict):
        return [*node.items(), *(pair for value in node.values() for pair in walk(value))]
    if isinstance(node, list):
        return [pair for value in node for pair in walk(value)]
    return []


def test_it_is_sound_by_the_meta_schema_of_openapi_3_1(need):
    need("schemathesis", "brings the meta-schema of OpenAPI")
    from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(DOCUMENT)] == []
    broken = {**DOCUMENT, "paths": {"no-slash": {}}}
    assert not OPENAPI_31_VALIDATOR.is_valid(broken)


def test_a_tool_that_makes_requests_of_it_finds_every_operation(need):
    need("schemathesis", "reads the document as a stranger")
    import schemathesis

    loaded = schemathesis.openapi.from_dict(DOCUMENT)
    found = {result.ok().definition.raw["operationId"] for result in loaded.get_all_operations()}
    assert found == {one.name for one in ENDPOINTS}


def test_every_schema_is_sound_and_every_reference_leads_somewhere():
    for part in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(part)
    refs = {value for key, value in walk(DOCUMENT) if key == "$ref"}
    assert refs
    for ref in refs:
        assert resolved({"$ref": ref})


def test_everything_among_the_components_is_used():
    refs = {value for key, value in walk(DOCUMENT) if key == "$ref"}
    for kind in ("schemas", "responses", "parameters"):
        for name in DOCUMENT["components"][kind]:
            assert f"#/components/{kind}/{name}" in refs
            assert re.fullmatch(r"[A-Za-z0-9._-]+", name)


def test_no_two_classes_of_bodies_share_a_name():
    names = [body.__name__ for body in openapi.bodies(LIVE)]
    assert len(set(names)) == len(names)
    assert set(names) <= set(DOCUMENT["components"]["schemas"])


def test_a_profile_without_endpoints_has_no_document():
    assert openapi.documents(ACTION) == {}
    assert list(openapi.documents(LIVE)) == ["live"]


@every_endpoint
def test_an_operation_is_a_row_of_the_table(endpoint: Endpoint):
    made = operation(endpoint)
    assert (made["operationId"], made["summary"]) == (endpoint.name, endpoint.summary)
    assert made["x-risp-requirement"] in LIVE.requirements
    due = {str(good.status) for good in endpoint.good}
    due |= {str(code.status) for code in endpoint.codes} | {"405"}
    assert set(made["responses"]) == due
    asked = [] if endpoint.auth is Auth.NOTHING else [{endpoint.auth.value: []}, {}]
    assert made["security"] == asked


@every_endpoint
def test_a_refusal_lists_exactly_the_codes_of_its_status(endpoint: Endpoint):
    told: dict[str, set[str]] = {}
    for status, response in operation(endpoint)["responses"].items():
        if int(status) >= 400:
            body = resolved(response)["content"]["application/json"]["schema"]
            problem, only = body["allOf"]
            assert problem == {"$ref": "#/components/schemas/Problem"}
            told[status] = set(only["properties"]["code"]["enum"])
            for code in told[status]:
                assert HTTP_CODES[code].status == int(status)
                assert schema(body).is_valid({"detail": "d", "code": code, "param": None})
            assert not schema(body).is_valid({"detail": "d", "code": "x_ours"})
            assert not schema(body).is_valid({"code": next(iter(told[status]))})
    assert told.pop("405") == {"method_not_allowed"}
    assert set().union(*told.values()) == {code.code for code in endpoint.codes}


@every_endpoint
def test_the_headers_that_a_status_needs_are_there(endpoint: Endpoint):
    due = {"401": "WWW-Authenticate", "405": "Allow", "429": "Retry-After", "503": "Retry-After"}
    for status, response in operation(endpoint)["responses"].items():
        headers = resolved(response).get("headers", {})
        assert list(headers) == ([due[status]] if status in due else [])
        assert all(header["required"] for header in headers.values())


@every_endpoint
def test_a_body_is_taken_and_null_only_where_it_may_be_absent(endpoint: Endpoint):
    made = operation(endpoint).get("requestBody")
    if endpoint.raw:
        assert list(made["content"]) == ["application/octet-stream"]
        assert made["required"] == endpoint.body_due
    elif endpoint.body is None:
        assert made is None
    else:
        body = schema(made["content"]["application/json"]["schema"])
        assert made["required"] == endpoint.body_due
        assert body.is_valid(None) != endpoint.body_due
        assert body.is_valid({}) != endpoint.body_due
        assert not body.is_valid([])


@every_endpoint
def test_an_operation_has_the_parameters_of_its_path_and_all_version_headers(endpoint: Endpoint):
    given = [resolved(one) for one in operation(endpoint)["parameters"]]
    by_place: dict[str, list[str]] = {}
    for one in given:
        by_place.setdefault(one["in"], []).append(one["name"])
        assert one["description"].endswith(".")
        assert one.get("required", False) == (one["in"] == "path")
    assert by_place.get("path", []) == list(endpoint.parameters)
    assert by_place.get("query", []) == list(endpoint.query)
    versions = ["Reactor-API-Version", "Reactor-API-Accept-Version", "Reactor-WebRTC-Version"]
    assert [name for name in by_place["header"] if name.startswith("Reactor-")] == versions


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("Reactor-API-Version", [1], [0, 2, "one"]),
        ("Reactor-API-Accept-Version", [1, 7], [0, 1.5]),
        ("Reactor-WebRTC-Version", ["1.0", "1.7", "1.23"], ["0.9", "2.0", "1", "1.07", "v1.0"]),
        ("connection_id", [1001, 9999], [1000, 10000, "abc"]),
        ("session_id", ["a", "x" * 255], ["", "x" * 256]),
        ("since", [0, 41], [-1, "x"]),
    ],
)
def test_a_parameter_takes_what_the_rules_say(name, good, bad):
    found = [
        resolved(one)
        for endpoint in ENDPOINTS
        for one in operation(endpoint)["parameters"]
        if resolved(one)["name"] == name
    ]
    assert found
    for one in found:
        assert [value for value in good if not schema(one["schema"]).is_valid(value)] == []
        assert [value for value in bad if schema(one["schema"]).is_valid(value)] == []


def test_streams_and_documents_have_their_media_and_empty_answers_none():
    by_name = {one.name: operation(one)["responses"] for one in ENDPOINTS}
    assert list(by_name["get_events"]["200"]["content"]) == ["text/event-stream"]
    assert list(by_name["get_schema"]["200"]["content"]) == ["application/json"]
    for name, status in (("end_session", "204"), ("get_answer", "202"), ("put_upload", "200")):
        assert "content" not in by_name[name][status]


def test_it_is_json_and_says_which_requirement_each_operation_exists_by():
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT
    assert DOCUMENT["openapi"] == "3.1.0"
    tags = [tag["name"] for tag in DOCUMENT["tags"]]
    assert len(set(tags)) == len(tags)
    for endpoint in ENDPOINTS:
        assert operation(endpoint)["tags"] == [str(endpoint.group)]
        assert str(endpoint.group) in tags
        assert operation(endpoint)["x-risp-requirement"] == endpoint.why.id
