"""Law 1: nothing passes on nothing."""

import pytest

from risp.conformance.verdict import Verdict
from tests.null_servers import NAMES, null_server

from .conftest import run

SAYS = {
    "dead": "nothing accepts a connection",
    "silent": "no complete HTTP response",
    "silent-websocket": "says nothing to `session.open`",
    "closes": "connection ended",
    "closes-websocket": "end of the connection without a Close",
    "garbage": "not HTTP",
    "http-only": "status 200",
    "http-404": "status 404",
    "slow-drip": "no complete HTTP response",
    "echo": "answers `session.open` with",
    "constant-error": "answers `session.open` with error",
    "constant-fatal-error": "answers `session.open` with error",
    "not-risp": "jsonrpc",
    "not-json": "no JSON object",
}
BOUND_S = {"dead": 2.0}
"""Within which a run ends; 15 s where nothing else is said."""


@pytest.mark.parametrize("name", NAMES)
def test_a_null_server_passes_nothing_and_gets_one_diagnosis(name):
    with null_server(name) as url:
        kept = run(url)
    finished = kept.finished
    assert finished.diagnosis is not None
    assert SAYS[name] in finished.diagnosis.message
    assert finished.exit_code == 4
    assert not finished.complete
    assert [one for one in finished.requirements if one.verdict is Verdict.PASS] == []
    assert kept.checks == {}
    # Not a claim about speed: these are the kit's own deadlines, and they have to hold.
    assert finished.seconds <= BOUND_S.get(name, 15.0)


def test_every_null_server_has_its_own_words():
    assert set(SAYS) == set(NAMES)
