"""Whole sessions: what is wrong only after something else is found, and shown by few messages."""

import pytest

from risp.conformance.exploring.cover import pairs
from risp.conformance.exploring.oracle import judge
from risp.conformance.exploring.plan import is_sound, renumbered
from risp.conformance.peers.address import Address
from risp.conformance.replay import hold_again
from risp.conformance.transcript import Transcript
from risp.conformance.verdict import Violation
from tests.broken.sessions import PLANTED, Planted
from tests.broken.walks import found, fresh, held_once

CASES = [pytest.param(one, id=one.name) for one in PLANTED]


@pytest.mark.parametrize("one", CASES)
def test_the_shortest_conversation_shows_the_fault(one: Planted):
    violation = held_once(one.server, one.served, one.shortest)
    assert violation is not None
    assert violation.requirement in one.breaks


@pytest.mark.parametrize("one", CASES)
def test_no_shorter_conversation_of_the_same_steps_does(one: Planted):
    for place in range(len(one.shortest)):
        shorter = renumbered(one.shortest[:place] + one.shortest[place + 1 :])
        if is_sound(shorter):
            assert held_once(one.server, one.served, shorter) is None


@pytest.mark.parametrize("one", CASES)
def test_it_is_found_in_the_default_budget_shortened_and_replayed(one: Planted, tmp_path):
    result, failure = found(one, seed=0)
    assert result.rule in {rule.id for rule in one.breaks}
    assert result.length <= len(one.shortest) + 1
    # The recording alone shows it again, on a server that has seen nothing else.
    file = tmp_path / "one.jsonl"
    failure.transcript.write(file)
    with fresh(one.server, one.served) as url:
        again = hold_again(Transcript.read(file), Address.parse(url), None)
    with pytest.raises(Violation) as caught:
        judge(again, repeats=True)
    assert caught.value.requirement in one.breaks


def test_the_cover_holds_only_conversations_that_say_nothing_on_a_dead_connection():
    plans = list(pairs())
    assert all(is_sound(plan) for plan in plans)
    assert len(set(plans)) == len(plans)
