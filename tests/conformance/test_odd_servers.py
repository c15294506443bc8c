"""Law 5, the other half: a server that is only unusual is not accused of anything.

And each is unusual before the court's eyes: a judge that forbids what is odd about it sees that in
the same run, and sees nothing in a run of the plain reference.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pytest

from risp.conformance.events import RunFinished
from risp.conformance.verdict import Verdict
from risp.reference_impl.action.server import ServerSession
from tests.broken.asking import ASKED
from tests.broken.catalogue import Served
from tests.broken.court import Trial, words
from tests.broken.forbid import Talks, sees
from tests.broken.odd import ODD, Odd
from tests.broken.oddity import explore, hold

ACCUSED = (Verdict.FAIL, Verdict.WARN, Verdict.FLAKY, Verdict.KIT_ERROR)
CASES = [
    pytest.param(one, id=one.name, marks=[pytest.mark.slow] if one.slow else []) for one in ODD
]


@dataclass
class Held:
    """An odd server and its one run."""

    server: Odd
    trial: Trial

    @cached_property
    def talks(self) -> Talks:
        return said(self.trial)


def said(trial: Trial) -> Talks:
    """All that was said in a run."""
    return Talks([check.transcript for check in trial.checks])


def accused(finished: RunFinished, server: Odd) -> dict[str, object]:
    """What a run says against a server beyond what it may be told of."""
    return {
        one.requirement.id: (one.verdict, [words(finding) for finding in one.findings], one.reason)
        for one in finished.requirements
        if one.verdict in ACCUSED and one.requirement.id not in server.warns
    }


@pytest.fixture(scope="module", params=CASES)
def held(request: pytest.FixtureRequest) -> Held:
    """One run for all tests of an odd server, and let go after them: transcripts are large."""
    one: Odd = request.param
    return Held(one, hold(one.server, one.served, one.asks))


@pytest.fixture(scope="session")
def plain() -> Callable[[Served], Talks]:
    """Conversations of the plain reference, one run for each way to be served."""
    known: dict[Served, Talks] = {}

    def talks(how: Served) -> Talks:
        if how not in known:
            known[how] = said(hold(ServerSession, how, ASKED))
        return known[how]

    return talks


def test_an_odd_but_legal_server_is_accused_of_nothing(held: Held):
    finished, server = held.trial.finished, held.server
    assert finished.diagnosis is None
    assert accused(finished, server) == {}
    assert finished.exit_code == server.exit_code, server.reason


def test_a_server_is_seen_to_be_odd_by_who_forbids_it_and_by_nobody_else(held: Held):
    own = [sees(judge, held.talks) for judge in held.server.forbidden]
    assert own == [True] * len(own)
    others = {
        one.name
        for one in ODD
        if one is not held.server and any(sees(judge, held.talks) for judge in one.forbidden)
    }
    assert others == held.server.also


@pytest.mark.parametrize("server", CASES)
def test_who_forbids_what_is_odd_sees_nothing_in_the_plain_reference(
    server: Odd, plain: Callable[[Served], Talks]
):
    seen = [sees(judge, plain(server.beside)) for judge in server.forbidden]
    assert seen == [False] * len(seen)


@pytest.mark.slow
@pytest.mark.parametrize("server", ODD, ids=[one.name for one in ODD])
def test_an_odd_but_legal_server_is_accused_of_nothing_in_generated_conversations(server: Odd):
    finished = explore(server.server, server.served).finished
    assert finished.diagnosis is None
    assert accused(finished, server) == {}


def test_every_odd_server_has_who_forbids_it():
    assert [one.name for one in ODD if not one.forbidden] == []


def test_another_exit_code_than_0_is_expected_only_with_a_reason():
    assert [one.name for one in ODD if bool(one.exit_code) != bool(one.reason)] == []


def test_every_odd_server_has_its_own_name_and_says_what_is_odd():
    names = [one.name for one in ODD]
    assert len(set(names)) == len(names)
    assert [one.name for one in ODD if not one.server.__doc__] == []
    assert [(one.name, one.also - set(names)) for one in ODD if one.also - set(names)] == []
