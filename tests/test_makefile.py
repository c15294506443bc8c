"""The verbs: ten at most, each said at the top of the Makefile, and nothing else is one."""

import re
from pathlib import Path

TEXT = (Path(__file__).parents[1] / "Makefile").read_text()
VERBS = re.findall(r"^([a-z][a-z-]*):", TEXT, re.MULTILINE)
MOST = 10


def test_there_are_ten_verbs_at_most():
    assert 0 < len(VERBS) <= MOST


def test_every_verb_is_said_at_the_top_in_the_same_order():
    said = re.findall(r"^#   make ([a-z-]+)  ", TEXT, re.MULTILINE)
    assert said == VERBS


def test_every_verb_is_phony():
    (phony,) = re.findall(r"^\.PHONY: (.+)$", TEXT, re.MULTILINE)
    assert phony.split() == VERBS
