"""Plans: drawn alike for the same seed, whatever a target answers; shortened; held; judged."""

import itertools
import json

import pytest

from risp.conformance.check import CHECKS
from risp.conformance.exploring.cover import pairs
from risp.conformance.exploring.drawing import Found, hold_each
from risp.conformance.exploring.plan import (
    End,
    Observe,
    Open,
    Spoilt,
    Step,
    after,
    is_sound,
    joined,
    renumbered,
    states,
)
from risp.conformance.exploring.search import Search
from risp.conformance.exploring.shrink import shrink
from risp.conformance.exploring.walk import walk
from risp.conformance.peers.websocket import KitError, OutOfTime
from risp.conformance.runner import Options
from risp.conformance.selection import Selection
from risp.conformance.transcript import Kind, Way
from risp.conformance.verdict import NotSeen
from risp.protocol.action.session import State
from risp.reference_impl.action.server import ServerSession
from tests.broken.catalogue import PLAIN, served
from tests.broken.policies import Noisy, Seeing, Slow
from tests.broken.serve import serving
from tests.broken.walks import case_at

from .conftest import KEY, run


def drawn(count, number):
    plans = []
    walk(plans.append, count, number)
    return plans


def test_the_same_number_draws_the_same_plans_and_another_draws_others():
    assert drawn(20, 7) == drawn(20, 7)
    assert drawn(20, 7) != drawn(20, 8)


def test_what_a_target_answers_does_not_change_what_is_drawn():
    seen = []

    def hold(plan):
        seen.append(plan)
        if len(seen) >= 10:
            raise ValueError("it failed")

    with pytest.raises(ValueError, match="it failed"):
        walk(hold, 20, 7)
    assert seen[:10] == drawn(20, 7)[:10]


def test_every_plan_drawn_says_nothing_on_a_connection_that_is_over():
    plans = drawn(50, 3)
    assert all(is_sound(plan) for plan in plans)
    # And the walks go everywhere: every kind of act, several sessions, answers not waited for.
    acts = {type(step.act) for plan in plans for step in plan}
    assert acts == {Open, Observe, Spoilt, End}
    assert any(len({step.channel for step in plan}) > 2 for plan in plans)
    assert any(not step.waits for plan in plans for step in plan)


def test_the_cover_has_every_pair_of_acts_in_a_session():
    found = {
        (type(a.act), type(b.act))
        for plan in pairs()
        for a, b in itertools.pairwise(plan)
        if a.channel == b.channel == 1
    }
    kinds = (Open, Observe, Spoilt, End)
    # After an end nothing is said.
    assert {(a, b) for a in kinds[:-1] for b in kinds} <= found


@pytest.mark.parametrize(
    ("state", "act", "then"),
    [
        (State.NEW, Open(), State.OPEN),
        (State.NEW, Observe(), State.CLOSED),
        (State.NEW, Spoilt("bad_frame"), State.NEW),
        (State.NEW, Spoilt("unknown_type"), State.CLOSED),
        (State.NEW, End("session.close"), State.CLOSED),
        (State.OPEN, Open(), State.OPEN),
        (State.OPEN, Observe(seq="lower"), State.OPEN),
        (State.OPEN, Spoilt("invalid_image"), State.OPEN),
        (State.OPEN, End("reset"), State.CLOSED),
    ],
)
def test_an_act_leads_where_the_table_says(state, act, then):
    assert after(state, act) is then


def test_joined_plans_have_connections_of_their_own_and_end_as_the_player_ends_them():
    one = (Step(1, Open()), Step(1, Observe()))
    whole = joined([one, one])
    assert [step.channel for step in whole] == [1, 1, 1, 1, 2, 2]
    assert [type(step.act) for step in whole[2:4]] == [Observe, End]
    assert is_sound(whole)
    assert renumbered(whole[4:]) == one


def test_a_plan_is_shortened_to_what_it_takes():
    long = next(plan for plan in drawn(200, 1) if len(plan) > 12 and _fails(plan))
    short = shrink(long, _fails, 500)
    assert short == (Step(1, Open()), Step(1, Spoilt()), Step(2, Open()), Step(2, Observe()))


def _fails(plan):
    """An error on one session, and an observation on another after it."""
    erred = set()
    for step, state in states(plan):
        if state is State.OPEN and isinstance(step.act, Spoilt):
            erred.add(step.channel)
        if state is State.OPEN and isinstance(step.act, Observe) and erred - {step.channel}:
            return True
    return False


def test_no_more_attempts_are_made_than_allowed_and_the_shortest_is_kept():
    made = []

    def fails(plan):
        made.append(plan)
        return len(made) == 1

    plan = joined([(Step(1, Open()), Step(1, Observe()))] * 4)
    assert shrink(plan, fails, 7) == made[0]
    assert len(made) == 7


@pytest.mark.parametrize("trouble", [NotSeen("it went away"), KitError("ours"), OutOfTime()])
def test_what_goes_wrong_once_is_told_though_hypothesis_cannot_make_it_happen_again(trouble):
    met = []

    def hold(plan):
        met.append(plan)
        if len(met) == 5:
            raise trouble

    with pytest.raises(type(trouble)) as caught:
        hold_each(lambda take: walk(take, 20, 7), hold)
    assert caught.value is trouble


def test_a_search_that_found_something_ends_without_a_word():
    def hold(plan):
        raise Found

    hold_each(lambda take: walk(take, 20, 7), hold)


@pytest.mark.parametrize("how", [PLAIN, served(Noisy), served(Seeing)], ids=["toy", "noisy", "14"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_reference_is_accused_of_nothing_by_any_seed(how, seed):
    with serving(ServerSession, how) as url:
        search = Search(case_at(url, seed), cover=False)
        assert search.run() is None
    # A policy that samples is not held to equal actions, and one that does not is.
    assert search.repeats is (how.policy is not Noisy)


def test_a_slow_target_is_asked_less_and_a_fast_one_everything():
    with serving(ServerSession, served(Slow)) as url:
        search = Search(case_at(url, 0), walks=0)
        search._calibrate()
    assert search.share > 1


def test_the_same_seed_sends_the_same_frames(reference):
    """Law 8: session ids aside, which the server chooses."""

    def sent():
        kept = run(reference, Options(key=KEY, selection=Selection(only=("frames.*",))))
        return {
            name: [_placeheld(e.text) for e in t.events if e.way is Way.OUT and e.kind is Kind.TEXT]
            for name, t in kept.transcripts.items()
            if CHECKS[name].explores
        }

    first = sent()
    assert first == sent()
    assert sum(len(texts) for texts in first.values()) > 300


def _placeheld(text):
    try:
        tree = json.loads(text)
    except ValueError:
        return text
    if isinstance(tree, dict) and tree.get("type") == "session.close":
        tree.pop("session_id", None)
    return json.dumps(tree)
