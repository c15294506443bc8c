"""Law 5: each check and monitor notices a broken server, and for the intended reason."""

from dataclasses import replace

import pytest

from risp.conformance.check import CHECKS, MONITORS
from risp.conformance.selection import SERVER_RULES
from risp.protocol.requirement import Level, Seen
from tests.broken import EQUIVALENTS, FAULTS, Fault
from tests.broken.catalogue import OVERRIDE_LINES
from tests.broken.court import convicts, narrow, trial, words
from tests.broken.sessions import PLANTED

CASES = [
    pytest.param(fault, id=fault.name, marks=[pytest.mark.slow] if fault.slow else [])
    for fault in FAULTS
]


@pytest.mark.parametrize("fault", CASES)
def test_a_broken_server_is_noticed_by_whom_and_for_what_it_should_be(fault: Fault):
    held = trial(fault.server, fault.served, narrow(fault))
    assert held.finished.diagnosis is None
    judged = held.of(fault.breaks)
    said = [f"{finding.check}: {words(finding)}" for finding in judged.findings]
    assert {judge: convicts(judge, fault, held) for judge in fault.by} == dict.fromkeys(
        fault.by, True
    ), (judged.verdict, judged.reason, said)


def test_to_be_noticed_for_another_reason_or_by_another_judge_does_not_count():
    fault = next(fault for fault in FAULTS if fault.by == ("opening.own_id",))
    held = trial(fault.server, fault.served, narrow(fault))
    assert convicts("opening.own_id", fault, held)
    assert not convicts("opening.own_id", replace(fault, says="another reason"), held)
    assert not convicts("opening.distinct_ids", fault, held)
    assert not convicts("opening.session_id", fault, held)


def test_every_check_and_every_monitor_notices_a_broken_server():
    # What explores has servers of its own: those that only generated conversations convict.
    scripted = (name for name, check in CHECKS.items() if not check.explores)
    everyone = {*scripted, *(monitor.name for monitor in MONITORS)}
    assert everyone - {judge for fault in FAULTS for judge in fault.by} == set()


def test_every_sentence_that_a_wire_shows_has_a_broken_server_or_a_reason_why_not():
    due = {
        rule.id
        for rule in SERVER_RULES.values()
        if rule.level is not Level.MAY and rule.seen is not Seen.OFF_WIRE
    }
    broken = {fault.breaks.id for fault in FAULTS}
    broken |= {rule.id for one in PLANTED for rule in one.breaks}
    assert due - broken - set(EQUIVALENTS) == set()
    assert broken & set(EQUIVALENTS) == set()
    assert broken | set(EQUIVALENTS) <= due


def test_the_intended_judges_exist_and_are_about_the_requirement():
    about = {name: check.requirements for name, check in CHECKS.items()}
    about |= {monitor.name: (monitor.requirement,) for monitor in MONITORS}
    assert [f.name for f in FAULTS if any(f.breaks not in about[j] for j in f.by)] == []
    assert [f.name for f in FAULTS if not set(f.during) <= set(CHECKS)] == []


def test_a_fault_is_one_override_of_few_lines_and_says_what_it_does():
    many = {f.name: f.overrides for f in FAULTS if len(f.overrides) != 1}
    long = {f.name: f.overrides for f in FAULTS if max(f.overrides.values()) > OVERRIDE_LINES}
    assert (many, long) == ({}, {})
    assert [f.name for f in FAULTS if not f.server.__doc__] == []


def test_no_two_faults_have_one_name():
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
