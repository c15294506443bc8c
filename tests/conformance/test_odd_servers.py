"""Law 5, the other half: a server that is only unusual is not accused of anything."""

import pytest

from risp.conformance.verdict import Verdict
from tests.broken.court import trial, words
from tests.broken.odd import ODD, Odd

ACCUSED = (Verdict.FAIL, Verdict.WARN, Verdict.FLAKY, Verdict.KIT_ERROR)


CASES = [
    pytest.param(one, id=one.name, marks=[pytest.mark.slow] if one.slow else []) for one in ODD
]


@pytest.mark.parametrize("server", CASES)
def test_an_odd_but_legal_server_is_accused_of_nothing(server: Odd):
    finished = trial(server.server, server.served).finished
    assert finished.diagnosis is None
    said = {
        one.requirement.id: (one.verdict, [words(finding) for finding in one.findings], one.reason)
        for one in finished.requirements
        if one.verdict in ACCUSED and one.requirement.id not in server.warns
    }
    assert said == {}
    assert finished.exit_code == server.exit_code, server.reason


def test_another_exit_code_than_0_is_expected_only_with_a_reason():
    assert [one.name for one in ODD if bool(one.exit_code) != bool(one.reason)] == []


def test_every_odd_server_has_its_own_name_and_says_what_is_odd():
    names = [one.name for one in ODD]
    assert len(set(names)) == len(names)
    assert [one.name for one in ODD if not one.server.__doc__] == []
