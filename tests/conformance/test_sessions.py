"""Whole sessions: what is wrong only after something else is found, and shown by few messages."""

import pytest

from risp.conformance.exploring.cover import pairs
from risp.conformance.exploring.plan import is_sound, renumbered
from tests.broken.sessions import PLANTED, Planted
from tests.broken.walks import found, held_once

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
def test_it_is_found_in_the_default_budget_and_shortened(one: Planted):
    result = found(one, seed=0)
    assert result.rule in {rule.id for rule in one.breaks}
    assert result.length <= len(one.shortest) + 1


def test_the_cover_holds_only_conversations_that_say_nothing_on_a_dead_connection():
    plans = list(pairs())
    assert all(is_sound(plan) for plan in plans)
    assert len(set(plans)) == len(plans)
