"""Every rule of a server and of a client has a test that shows that the reference keeps it."""

import re

import pytest

from risp.protocol.live.profile import LIVE
from risp.protocol.requirement import Role
from tests.support import ROOT

MARK = re.compile(r'(?:requirement|rule)\(\s*"(L-[A-Z]+-[0-9]+)"')


def marked():
    files = (ROOT / "tests").rglob("*.py")
    return {found for file in files for found in MARK.findall(file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("role", Role)
def test_every_rule_of_the_role_is_shown(role):
    due = {rule.id for rule in LIVE.requirements.values() if rule.role is role}
    assert due
    assert sorted(due - marked()) == []


def test_what_is_marked_is_a_rule():
    assert sorted(marked() - set(LIVE.requirements)) == []


@pytest.mark.parametrize("text", ['@rule("L-HTTP-1")', '@pytest.mark.requirement(\n    "L-UP-9")'])
def test_a_mark_is_found(text):
    assert MARK.findall(text)
