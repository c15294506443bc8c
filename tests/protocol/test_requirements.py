"""The rules of each profile as a whole: numbered, named and placed without a hole."""

import re
from importlib import import_module
from typing import Any

import pytest

from risp.protocol.action.requirements import section
from risp.protocol.catalogue import PROFILES
from risp.protocol.frame import Part
from risp.protocol.live.http import ENDPOINTS
from risp.protocol.live.limits import FLAT_CONNECTION, GREATEST_CONNECTION, LEAST_CONNECTION
from risp.protocol.live.profile import LIVE
from risp.protocol.profile import Profile
from risp.protocol.requirement import Requirement, Role, Seen

ACTION = PROFILES[0]
RULES = [rule for profile in PROFILES for rule in profile.requirements.values()]
WORDS = [(profile, word) for profile in PROFILES for word in profile.sections]


def in_module(profile: Profile, word: str) -> dict[str, Requirement]:
    named = vars(profile.sections[word]).items()
    return {name: rule for name, rule in named if isinstance(rule, Requirement)}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_no_rule_is_lost_under_another_s_id_or_name(profile: Profile):
    written = sum(
        len(re.findall(r"^[A-Z_0-9]+ = Requirement\(", source, re.MULTILINE))
        for source in (_source(profile, word) for word in profile.sections)
    )
    placed = sum(len(in_module(profile, word)) for word in profile.sections)
    assert written == len(profile.requirements) == placed


def _source(profile: Profile, word: str) -> str:
    path = profile.sections[word].__file__
    assert path is not None
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize(
    ("profile", "word"), WORDS, ids=[f"{profile.name}-{word}" for profile, word in WORDS]
)
def test_a_section_has_one_prefix_and_is_numbered_from_one_without_a_hole(profile, word):
    ids = [rule.id for rule in in_module(profile, word).values()]
    prefix = ids[0].rpartition("-")[0]
    assert prefix[0] == profile.name[0].upper()
    assert sorted(ids, key=_number) == [f"{prefix}-{n}" for n in range(1, len(ids) + 1)]


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def test_every_section_has_a_prefix_of_its_own():
    prefixes = [
        next(iter(in_module(profile, word).values())).id.rpartition("-")[0]
        for profile, word in WORDS
    ]
    assert len(set(prefixes)) == len(WORDS)


def test_a_rule_knows_its_section_and_its_page():
    rule = ACTION.requirements["A-OPEN-2"]
    assert section(rule) == ACTION.section(rule) == "opening"
    assert ACTION.page(rule) == "spec/action/opening.md#a-open-2"
    assert LIVE.page(LIVE.requirements["L-UP-3"]) == "spec/live/uploads.md#l-up-3"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_sentence_is_a_sentence_of_the_right_subject(rule):
    article = {Role.SERVER: "A server", Role.CLIENT: "A client"}[rule.role]
    assert rule.sentence.startswith(article)
    assert rule.sentence.endswith(".")
    assert "  " not in rule.sentence
    assert rule.sentence.count("`") % 2 == 0


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_what_a_rule_needs_is_something_that_can_be_declared(profile: Profile):
    declares = _module(profile, "declares").Declares
    needed = {rule.needs for rule in profile.requirements.values() if rule.needs}
    assert needed - set(declares) == set()


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_rule_of_the_page_on_clients_is_a_client_s(profile: Profile):
    roles = {rule.role for rule in in_module(profile, "client").values()}
    assert roles == {Role.CLIENT}


def _module(profile: Profile, word: str) -> Any:
    return import_module(f"risp.protocol.{profile.name}.{word}")


def test_no_two_rules_say_the_same():
    assert len({rule.sentence for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_at_most_eight_rules_are_off_the_wire(profile: Profile):
    rules = profile.requirements.values()
    assert len([rule for rule in rules if rule.seen is Seen.OFF_WIRE]) <= 8


OTHER_WORDS = {
    "action": {"x_", "latest", "expired", "superseded", "jpeg_base64"}
    | {"max_frame_bytes", "idle_timeout_ms", "answer_timeout_ms", "inference_ms", "queue_ms"},
    "live": {"set_...", "a=max-message-size"},
}


def _members(profile: Profile) -> set[str]:
    """The members of every frame and body, and of every object in their modules."""
    names = ("frames",) if profile is ACTION else ("bodies", "signaling", "channel", "control")
    parts = [
        part
        for name in names
        for part in vars(_module(profile, name)).values()
        if isinstance(part, type) and issubclass(part, Part)
    ]
    return {name for part in parts for name in part.model_fields}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_quoted_word_with_an_underscore_is_known(profile: Profile):
    """A sentence that names a code, a frame or a member names one that exists."""
    known = {*profile.codes, *_module(profile, "declares").Declares, *profile.frames}
    known |= _members(profile) | OTHER_WORDS[profile.name]
    known |= {"resume_track", "pause_track", "unpublish_track", "publish_track"}
    known |= {"key_required"} if profile is LIVE else set()
    quoted = {
        word
        for rule in profile.requirements.values()
        for word in re.findall(r"`([a-z_]+)`", rule.sentence)
    }
    assert sorted(word for word in quoted if "_" in word and word not in known) == []


def test_every_message_that_a_live_rule_names_is_one():
    quoted = {
        word
        for rule in LIVE.requirements.values()
        for word in re.findall(r"`([a-z]+[A-Z]\w+)`", rule.sentence)
    }
    assert quoted
    assert {word for word in quoted if f"runtime.{word}" not in LIVE.frames} == set()


def test_every_request_that_a_live_rule_names_is_an_endpoint():
    known = {f"{one.method} {one.path}" for one in ENDPOINTS}
    for rule in LIVE.requirements.values():
        for method, path in re.findall(r"`([A-Z]{3,}) (\S+)`", rule.sentence):
            if path.startswith("..."):
                assert any(
                    one.startswith(f"{method} ") and one.endswith(path[3:]) for one in known
                ), rule
            else:
                assert f"{method} {path}" in known, rule


def test_a_rule_that_names_a_status_and_a_code_has_the_status_of_the_code():
    found = 0
    for rule in LIVE.requirements.values():
        for status, word in re.findall(r"\b([1-5]\d\d) `(\w+)`", rule.sentence):
            if word in LIVE.codes:
                found += 1
                assert getattr(LIVE.codes[word], "status", None) == int(status), rule
    assert found > 15


def test_the_ids_that_a_rule_names_are_rules():
    for rule in RULES:
        for named in re.findall(r"\b[AL]-[A-Z]+-\d+\b", rule.sentence):
            assert named in {other.id for other in RULES}, rule


def test_the_numbers_of_connections_in_sentences_are_those_of_the_table():
    path = LIVE.requirements["L-HTTP-5"].sentence
    assert f"from {LEAST_CONNECTION} to {GREATEST_CONNECTION}" in path
    minted = LIVE.requirements["L-SIGNAL-2"].sentence
    assert f"from {FLAT_CONNECTION + 1} to {GREATEST_CONNECTION}" in minted


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_move_of_a_table_has_a_rule_of_this_profile_behind_it(profile: Profile):
    rules = profile.requirements
    assert [row for row in profile.rows if rules.get(row.why.id) is not row.why] == []
