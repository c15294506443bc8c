"""The rules of the action profile as a whole: numbered, named and placed without a hole."""

import re

import pytest

from risp.protocol.action.codes import CODES
from risp.protocol.action.declares import Declares
from risp.protocol.action.frames import CLIENT_FRAMES, SERVER_FRAMES
from risp.protocol.action.profile import ACTION
from risp.protocol.action.requirements import REQUIREMENTS, SECTIONS, section
from risp.protocol.action.session import TABLE
from risp.protocol.requirement import Requirement, Role, Seen

RULES = list(REQUIREMENTS.values())


def in_module(word: str) -> dict[str, Requirement]:
    named = vars(SECTIONS[word]).items()
    return {name: rule for name, rule in named if isinstance(rule, Requirement)}


def test_no_rule_is_lost_under_another_s_id_or_name():
    written = sum(
        len(re.findall(r"^[A-Z_0-9]+ = Requirement\(", source, re.MULTILINE))
        for source in (_source(word) for word in SECTIONS)
    )
    assert written == len(RULES) == sum(len(in_module(word)) for word in SECTIONS)


def _source(word: str) -> str:
    path = SECTIONS[word].__file__
    assert path is not None
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("word", SECTIONS)
def test_a_section_has_one_prefix_and_is_numbered_from_one_without_a_hole(word):
    ids = [rule.id for rule in in_module(word).values()]
    prefix = ids[0].rpartition("-")[0]
    assert sorted(ids, key=_number) == [f"{prefix}-{n}" for n in range(1, len(ids) + 1)]


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def test_every_section_has_a_prefix_of_its_own():
    prefixes = [next(iter(in_module(word).values())).section for word in SECTIONS]
    assert len(set(prefixes)) == len(SECTIONS)


def test_a_rule_knows_its_section_and_its_page():
    rule = REQUIREMENTS["A-OPEN-2"]
    assert section(rule) == ACTION.section(rule) == "opening"
    assert ACTION.page(rule) == "spec/action/opening.md#a-open-2"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_sentence_is_a_sentence_of_the_right_subject(rule):
    article = {Role.SERVER: "A server", Role.CLIENT: "A client"}[rule.role]
    assert rule.sentence.startswith(article)
    assert rule.sentence.endswith(".")
    assert "  " not in rule.sentence
    assert rule.sentence.count("`") % 2 == 0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_a_rule_needs_is_something_that_can_be_declared(rule):
    assert not rule.needs or rule.needs in set(Declares)


def test_no_two_rules_say_the_same():
    assert len({rule.sentence for rule in RULES}) == len(RULES)


def test_at_most_eight_rules_are_off_the_wire():
    assert len([rule for rule in RULES if rule.seen is Seen.OFF_WIRE]) <= 8


def test_every_quoted_word_with_an_underscore_is_known():
    """A sentence that names a code, a frame or a member names one that exists."""
    frames = [*CLIENT_FRAMES.values(), *SERVER_FRAMES.values()]
    known = {
        *CODES,
        *Declares,
        *CLIENT_FRAMES,
        *SERVER_FRAMES,
        "x_",
        "latest",
        "expired",
        "superseded",
        "jpeg_base64",
    }
    known |= {name for frame in frames for name in frame.model_fields}
    known |= {"max_frame_bytes", "idle_timeout_ms", "answer_timeout_ms", "inference_ms", "queue_ms"}
    quoted = {word for rule in RULES for word in re.findall(r"`([a-z_]+)`", rule.sentence)}
    assert sorted(word for word in quoted if "_" in word and word not in known) == []


def test_every_move_of_a_session_has_a_rule_of_this_profile_behind_it():
    assert [row for row in TABLE.rows if REQUIREMENTS.get(row.why.id) is not row.why] == []
