"""A requirement: one sentence, one keyword, and a class that fits what else it says."""

import pytest

from risp.protocol.requirement import Level, Requirement, Role, Seen


@pytest.mark.parametrize(
    ("keyword", "level"),
    [
        ("MUST", Level.MUST),
        ("MUST NOT", Level.MUST),
        ("SHOULD", Level.SHOULD),
        ("SHOULD NOT", Level.SHOULD),
        ("MAY", Level.MAY),
    ],
)
def test_the_level_is_read_from_the_sentence(keyword, level):
    rule = Requirement("A-OPEN-12", f"A server {keyword} answer.")
    assert (rule.keyword, rule.level, rule.section) == (keyword, level, "OPEN")
    assert (rule.seen, rule.role) == (Seen.PROVOKED, Role.SERVER)
    assert str(rule) == f"A-OPEN-12 A server {keyword} answer."


@pytest.mark.parametrize(
    "sentence",
    [
        "A server answers.",
        "A server must answer.",
        "A server MUST answer and SHOULD log.",
        "A server MUST answer and MUST NOT wait.",
        "A server MUSTARD answer.",
    ],
)
def test_a_sentence_without_exactly_one_keyword_is_refused(sentence):
    with pytest.raises(ValueError, match="one keyword per sentence"):
        Requirement("A-OPEN-1", sentence)


@pytest.mark.parametrize(
    "name", ["A-OPEN-0", "A-OPEN-01", "OPEN-1", "A-open-1", "A-OPEN-", "AOPEN1"]
)
def test_an_id_of_another_form_is_refused(name):
    with pytest.raises(ValueError, match="an id reads like"):
        Requirement(name, "A server MUST answer.")


@pytest.mark.parametrize(
    ("seen", "needs", "reason"),
    [
        (Seen.DECLARED, "", ""),
        (Seen.PROVOKED, "auth", ""),
        (Seen.OBSERVED, "auth", ""),
        (Seen.OFF_WIRE, "auth", "why"),
        (Seen.OFF_WIRE, "", ""),
        (Seen.SLOW, "", ""),
        (Seen.PROVOKED, "", "why"),
        (Seen.DECLARED, "auth", "why"),
    ],
)
def test_a_class_that_does_not_fit_what_is_said_is_refused(seen, needs, reason):
    with pytest.raises(ValueError, match="A-OPEN-1: "):
        Requirement("A-OPEN-1", "A server MUST answer.", seen, needs=needs, reason=reason)
