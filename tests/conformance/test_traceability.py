"""Sentence, check, and back."""

from risp.conformance.check import CHECKS, MONITORS
from risp.conformance.checks import action as _registered  # noqa: F401
from risp.conformance.selection import SERVER_RULES
from risp.protocol.action.profile import ACTION
from risp.protocol.requirement import Level, Role, Seen
from tests.support import ROOT


def judged():
    by_scripts = {rule.id for check in CHECKS.values() for rule in check.requirements}
    return by_scripts | {monitor.requirement.id for monitor in MONITORS}


def test_every_must_that_a_wire_shows_has_a_check_or_a_monitor():
    due = {
        rule.id
        for rule in SERVER_RULES.values()
        if rule.level is not Level.MAY and rule.seen is not Seen.OFF_WIRE
    }
    assert due - judged() == set()


def test_every_check_and_monitor_is_about_a_requirement_of_the_server_that_a_wire_shows():
    assert judged() - set(SERVER_RULES) == set()
    assert {id_ for id_ in judged() if SERVER_RULES[id_].seen is Seen.OFF_WIRE} == set()


def test_every_check_says_what_it_does():
    assert [name for name, check in CHECKS.items() if not check.script.__doc__] == []


def test_off_wire_requirements_are_few_and_each_has_its_reason():
    off_wire = [rule for rule in ACTION.requirements.values() if rule.seen is Seen.OFF_WIRE]
    assert len(off_wire) <= 8
    assert all(rule.reason for rule in off_wire)


def test_every_off_wire_and_every_client_requirement_has_a_test_of_the_reference():
    marked = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    due = {
        rule.id
        for rule in ACTION.requirements.values()
        if rule.seen is Seen.OFF_WIRE or rule.role is Role.CLIENT
    }
    assert {id_ for id_ in due if f'requirement("{id_}")' not in marked} == set()
