"""The table of endpoints: unique, complete, and of one mind with codes, classes and rules."""

import re

import pytest

from risp.protocol.live.codes import CHANNEL_CODES, CODES, HTTP_CODES
from risp.protocol.live.endpoint import Auth, Endpoint, Group
from risp.protocol.live.http import (
    CREATE_CONNECTION,
    ENDPOINTS,
    GET_ANSWER,
    GET_SESSION,
    MAKE_OFFER,
    PUT_UPLOAD,
)
from risp.protocol.live.profile import LIVE
from risp.protocol.machine import Sender

every_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)


def codes(endpoint: Endpoint) -> dict[str, int]:
    return {code.code: code.status for code in endpoint.codes}


def test_names_and_addresses_are_unique():
    assert len({one.name for one in ENDPOINTS}) == len(ENDPOINTS)
    assert len({(one.method, one.path) for one in ENDPOINTS}) == len(ENDPOINTS)
    assert LIVE.endpoints is ENDPOINTS


@every_endpoint
def test_a_row_is_whole(endpoint: Endpoint):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", endpoint.name)
    assert endpoint.method in ("GET", "POST", "PUT", "DELETE")
    assert endpoint.path.startswith("/")
    assert not endpoint.path.endswith("/")
    assert endpoint.summary.endswith(".")
    assert endpoint.good
    assert all(200 <= good.status < 300 and good.meaning for good in endpoint.good)
    assert set(endpoint.errors) <= set(HTTP_CODES)
    assert not (endpoint.raw and endpoint.body)


@every_endpoint
def test_the_rule_that_an_endpoint_exists_by_stands_in_its_section(endpoint: Endpoint):
    section = LIVE.section(endpoint.why)
    due = {
        Group.TOKENS: {"tokens"},
        Group.SESSIONS: {"sessions"},
        Group.SIGNALING: {"signaling"},
        Group.FLAT: {"signaling"},
        Group.UPLOADS: {"uploads"},
        Group.LOCAL: {"local"},
        Group.DISCOVERY: {"local", "http"},
    }
    assert section in due[endpoint.group]
    assert LIVE.requirements[endpoint.why.id] is endpoint.why


@every_endpoint
def test_an_endpoint_asks_for_what_its_group_does(endpoint: Endpoint):
    if endpoint.group is Group.TOKENS:
        assert endpoint.auth is Auth.KEY
    elif endpoint.group in (Group.LOCAL, Group.DISCOVERY) or endpoint is PUT_UPLOAD:
        assert endpoint.auth is Auth.NOTHING
    else:
        assert endpoint.auth is Auth.TOKEN


@every_endpoint
def test_refusals_follow_from_what_an_endpoint_takes(endpoint: Endpoint):
    told = codes(endpoint)
    assert told.items() >= {"not_found": 404, "internal": 500, "client_too_old": 426}.items()
    assert ("unauthorized" in told) == (endpoint.auth is not Auth.NOTHING)
    assert ("invalid_body" in told) == (endpoint.body is not None)
    assert ("too_large" in told) == (endpoint.body is not None or endpoint.raw)
    assert ("unknown_session" in told) == ("{session_id}" in endpoint.path)
    assert ("invalid_path" in told) == ("{connection_id}" in endpoint.path)
    statuses = [code.status for code in endpoint.codes]
    assert statuses == sorted(statuses)


def test_only_the_bytes_of_an_upload_earn_400():
    assert [one.name for one in ENDPOINTS if 400 in codes(one).values()] == ["put_upload"]


def test_every_code_of_http_is_earned_somewhere():
    earned = {code for one in ENDPOINTS for code in codes(one)}
    assert set(HTTP_CODES) - earned == {"method_not_allowed"}


def test_no_code_is_of_two_kinds():
    assert set(HTTP_CODES) & set(CHANNEL_CODES) == set()
    assert list(CODES) == [*HTTP_CODES, *CHANNEL_CODES]


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.code)
def test_a_code_says_when_it_comes_and_what_to_do(code):
    assert code.meaning.endswith(".")
    assert code.remedy.endswith(".")
    assert not code.fatal
    assert code.close == ()


@pytest.mark.parametrize("code", HTTP_CODES.values(), ids=lambda code: code.code)
def test_what_may_be_tried_again_is_told_by_the_status(code):
    assert 400 <= code.status <= 599
    assert code.retryable == (code.status in (408, 429, 500, 503))


def test_the_parameters_of_a_path_are_filled_in_and_escaped():
    assert GET_ANSWER.parameters == ("session_id", "connection_id")
    assert GET_ANSWER.url(session_id="a/b?c", connection_id=5800) == (
        "/sessions/a%2Fb%3Fc/transport/webrtc/connections/5800/sdp_params"
    )
    assert GET_SESSION.url(session_id="../x y%") == "/sessions/..%2Fx%20y%25"


def test_a_parameter_that_is_missing_is_a_defect_of_the_caller():
    with pytest.raises(KeyError, match="session_id"):
        GET_SESSION.url()


def test_an_endpoint_is_a_move_of_the_client():
    move = MAKE_OFFER.move
    assert (move.frame, move.sender) == (f"POST {MAKE_OFFER.path}", Sender.CLIENT)


def test_the_flat_routes_mirror_those_by_connection():
    flat = {one.name.removeprefix("flat_"): one for one in ENDPOINTS if one.group is Group.FLAT}
    for name, one in flat.items():
        twin = next(other for other in ENDPOINTS if other.name == name)
        assert (one.method, one.body, one.good) == (twin.method, twin.body, twin.good)
        assert one.path == twin.path.replace("/connections/{connection_id}", "")
        assert set(twin.codes) - set(one.codes) == {HTTP_CODES["invalid_path"]}
    assert len(flat) == 4


def test_a_connection_is_registered_with_any_body_or_none():
    assert CREATE_CONNECTION.raw
    assert not CREATE_CONNECTION.body_due
