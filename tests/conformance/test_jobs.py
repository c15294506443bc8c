"""Several checks at a time: whatever their number, the same cases, order and verdicts."""

import json
import threading
import time

import pytest

from risp.conformance import check as registry
from risp.conformance.check import Check
from risp.conformance.events import CheckFinished, CheckStarted
from risp.conformance.jobs import InOrder, side_by_side, together
from risp.conformance.runner import Options, Run
from risp.conformance.selection import Selection
from risp.conformance.transcript import Kind, Way
from risp.conformance.verdict import NotSeen, Violation
from risp.protocol.action.requirements import closing, opening
from tests.broken import FAULTS
from tests.broken.serve import serving

from .conftest import KEY, run

ONLY = Selection(only=("opening", "error", "closing"), skip=("sessions.*",))
WITHIN_S = 10.0


def chosen_by_the_server(frame):
    """A frame of ours without what stands in it because a server chose it."""
    return {name: "*" if name == "session_id" and value else value for name, value in frame.items()}


def sent(check):
    """The application frames of a check, connection by connection; the rest as it went out."""
    lines = []
    for event in check.transcript.events:
        if event.way is Way.OUT and event.kind in (Kind.TEXT, Kind.BINARY, Kind.CLOSE):
            tree = chosen_by_the_server(event.tree) if event.tree else event.text or str(event.data)
            lines.append((event.channel, event.kind, json.dumps(tree), event.code))
    return sorted(lines, key=lambda line: line[0])


def told(url, jobs, key=None):
    kept = run(url, Options(key=key, selection=ONLY, jobs=jobs))
    return (
        [(name, check.verdict, check.reason) for name, check in kept.checks.items()],
        kept.verdicts(),
        {name: sent(check) for name, check in kept.checks.items()},
    )


def test_the_reference_is_judged_alike_by_one_and_by_four(reference):
    one, four = told(reference, 1, KEY), told(reference, 4, KEY)
    assert len(one[0]) > 40
    assert four == one


@pytest.mark.parametrize("rule", [opening.ALREADY_OPEN, closing.CLOSE], ids=lambda rule: rule.id)
def test_a_broken_server_is_judged_alike_by_one_and_by_four(rule):
    fault = next(fault for fault in FAULTS if fault.breaks is rule)
    with serving(fault.server, fault.served) as url:
        one, four = told(url, 1, fault.served.key), told(url, 4, fault.served.key)
    assert "fail" in one[1].values()
    assert four == one


@pytest.fixture
def checks():
    """Register checks for a while, as (name, script, how)."""
    made = []

    def register(name, script, **how):
        check = Check(f"made_up.{name}", (opening.ALREADY_OPEN,), script, **how)
        registry.CHECKS[check.name] = check
        made.append(check.name)
        return check

    yield register
    for name in made:
        del registry.CHECKS[name]


def judge(reference, jobs, **options):
    events = []
    selection = Selection(only=("made_up.*",), skip=("opening.second_open",))
    finished = Run(
        reference, Options(KEY, selection=selection, jobs=jobs, **options), [events.append]
    ).execute()
    return finished, events


def test_so_many_are_held_at_a_time(reference, checks):
    meeting = threading.Barrier(3)
    for number in range(3):
        checks(f"meets_{number}", lambda case: meeting.wait(WITHIN_S) and None)
    finished, events = judge(reference, 3)
    assert finished.exit_code == 0
    held = [event.name for event in events if isinstance(event, CheckFinished)]
    assert held == [f"made_up.meets_{number}" for number in range(3)]


def test_a_clock_that_decides_is_read_alone_and_waiting_is_done_together(reference, checks):
    running, most = [], {}

    def script(name):
        def hold(case):
            running.append(name)
            time.sleep(0.05)
            for one in running:
                most[one] = max(most.get(one, 0), len(running))
            running.remove(name)

        return hold

    meeting = threading.Barrier(2)
    for number in range(4):
        checks(f"timed_{number}", script("timed"), timing=True)
        checks(f"quick_{number}", script("quick"))
    for number in range(2):
        checks(f"waits_{number}", lambda case: meeting.wait(WITHIN_S) and None, waits_s=40)
    checks("explores", script("explores"), explores=True)
    finished, _ = judge(reference, 4)
    assert finished.exit_code == 0
    assert (most["timed"], most["explores"]) == (1, 1)
    assert most["quick"] > 1


def test_what_others_may_have_caused_is_held_again_alone(reference, checks):
    crowd = []

    def needs_room(case):
        crowd.append(1)
        time.sleep(0.1)
        is_alone = len(crowd) == 1
        crowd.pop()
        if not is_alone:
            raise NotSeen("no room")

    def cannot_bear_others(case):
        crowd.append(1)
        time.sleep(0.1)
        is_alone = len(crowd) == 1
        crowd.pop()
        if not is_alone:
            raise Violation("this", "that")

    for number in range(2):
        checks(f"a_{number}", needs_room)
        checks(f"b_{number}", cannot_bear_others)
    finished, events = judge(reference, 4)
    assert finished.exit_code == 0
    held = {e.name: (e.verdict, e.findings) for e in events if isinstance(e, CheckFinished)}
    assert set(held.values()) == {("pass", ())}
    started = [event.name for event in events if isinstance(event, CheckStarted)]
    assert sorted(started) == sorted(set(held))


def test_what_is_broken_is_accused_after_two_goes_of_which_one_was_alone(reference, checks):
    goes = []

    def broken(case):
        goes.append(threading.current_thread() is threading.main_thread())
        raise Violation("this", "that")

    checks("broken", broken)
    checks("sound", lambda case: None)
    finished, events = judge(reference, 2)
    assert finished.exit_code == 1
    assert goes == [False, True]
    assert [e.verdict for e in events if isinstance(e, CheckFinished)] == ["fail", "pass"]


def test_an_interrupt_ends_the_run_with_what_is_known(reference, checks):
    over = threading.Event()

    def interrupts(case):
        raise KeyboardInterrupt

    checks("a_sound", lambda case: None)
    checks("b_interrupts", interrupts)
    checks("c_hangs", lambda case: over.wait(WITHIN_S) and None)
    started = time.monotonic()
    finished, events = judge(reference, 2)
    over.set()
    assert time.monotonic() - started < WITHIN_S
    assert (finished.exit_code, finished.complete) == (3, False)
    assert finished.diagnosis is not None
    assert finished.diagnosis.message == "interrupted"
    assert finished.requirements[0].reason == "the run was interrupted"
    assert [e.name for e in events if isinstance(e, CheckFinished)] == ["made_up.a_sound"]


def test_a_spent_budget_is_said(reference, checks):
    def waits(case):
        case.connect().event(within=600)

    for number in range(6):
        checks(f"waits_{number}", waits)
    finished, _ = judge(reference, 2, budget_s=1.5)
    assert (finished.exit_code, finished.complete) == (3, False)
    assert finished.seconds < WITHIN_S
    assert "budget" in finished.requirements[0].reason


def test_one_job_makes_no_threads_and_no_groups():
    check = Check("one", (opening.ALREADY_OPEN,), lambda case: None)
    assert together([check], 1) == []
    assert together([check], 2) == [[check], []]


def test_what_goes_wrong_in_a_thread_goes_wrong_in_the_run():
    check = Check("one", (opening.ALREADY_OPEN,), lambda case: None)

    def crash(check):
        raise RuntimeError("oops")

    with pytest.raises(RuntimeError, match="oops"):
        list(side_by_side([check], 2, crash))


def test_outcomes_are_passed_on_in_the_order_of_the_checks():
    all_checks = [Check(name, (opening.ALREADY_OPEN,), lambda case: None) for name in "abc"]
    a, b, c = all_checks
    taken = []
    order = InOrder(all_checks, lambda check, outcome: taken.append((check.name, outcome)))
    order.put(c, None)
    assert taken == []
    order.put(a, None)
    assert (order.has(b), order.has(c)) == (False, True)
    order.end()
    assert [name for name, _ in taken] == ["a", "b", "c"]
