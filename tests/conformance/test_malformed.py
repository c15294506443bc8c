"""Almost-frames: one fault each, and what it earns is what the codec says, and a server too."""

import json
from typing import Any

import pytest

from risp.conformance.generate.flaws import TYPES, Flaw, flaws, places
from risp.conformance.generate.malformed import (
    UNREADABLE,
    AlmostFrame,
    almost,
    by_key,
    by_rule,
    earned,
)
from risp.conformance.generate.sentences import LEFT_OUT, SENTENCES, spread
from risp.conformance.generate.strategies import accepted_observations, trees
from risp.conformance.generate.wrong import SEQ as PLACEHOLDER
from risp.conformance.generate.wrong import wrong
from risp.conformance.peers.address import Address
from risp.conformance.subject import Subject
from risp.conformance.transcript import Kind
from risp.protocol.action.codec import REFUSALS, decode_client
from risp.protocol.action.codes import find
from risp.protocol.action.frames import CLIENT_FRAMES, Observation, SessionClose, SessionOpen
from risp.protocol.action.requirements import limits, observation
from risp.protocol.errors import DecodeError

from .test_strategies import Live, drawn, each

MOST = 50_000
SUBJECT = Subject(
    Address.parse("ws://localhost"),
    ready={"cameras": ["wrist", "a/b~c"], "limits": {"max_frame_bytes": MOST}},
)
GROUPS = by_rule(SUBJECT)
KEYS = by_key(SUBJECT)
SEQ = 12_345


def outcome(text: str) -> DecodeError | None:
    try:
        decode_client(text)
    except DecodeError as error:
        return error
    return None


def first_member(pointer: str) -> str:
    return pointer[1:].partition("/")[0].replace("~1", "/").replace("~0", "~")


# The table


def test_every_flaw_of_every_place_has_one_sentence_or_a_reason():
    possible = [(tag, *one) for tag, frame in CLIENT_FRAMES.items() for one in flaws(frame)]
    assert len(set(possible)) == len(possible)
    assert set(SENTENCES) | set(LEFT_OUT) == set(possible)
    assert set(SENTENCES) & set(LEFT_OUT) == set()


def test_a_member_without_a_sentence_would_be_noticed():
    class Louder(Observation):
        volume: int | None = None

    new = {(Louder.tag(), *one) for one in flaws(Louder)} - set(SENTENCES) - set(LEFT_OUT)
    assert {pointer for _, pointer, _ in new} == {"/volume"}


def test_two_sentences_for_one_flaw_are_refused():
    row = ("observation", "/seq", (Flaw.BELOW,), observation.SEQ_BOUNDS)
    with pytest.raises(ValueError, match="two sentences"):
        spread([row, row])


@pytest.mark.parametrize("key", SENTENCES, ids=str)
def test_a_sentence_speaks_of_the_code_that_is_declared(key):
    tag, pointer, flaw = key
    code = earned(CLIENT_FRAMES[tag], pointer, flaw)
    sentence = SENTENCES[key].sentence
    others = {"bad_frame", "unknown_type", *REFUSALS.values()} - {code}
    assert [other for other in others if f"`{other}`" in sentence] == []


# What is drawn


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_an_almost_frame_earns_what_it_says_and_where_it_says(key):
    def check(one: AlmostFrame) -> None:
        assert (one.frame.tag(), one.flaw, one.rule) == (key[0], key[2], SENTENCES[key])
        error = outcome(one.at(SEQ))
        assert (error and error.code) == one.earns
        if error is not None and error.pointer:
            assert _is_near(error.pointer, one.pointer)
        assert one.earns is None or find(one.earns) is not None
        assert PLACEHOLDER not in one.at(SEQ) or one.flaw is Flaw.NOT_JSON

    each(KEYS[key], 4, check)


def _is_near(one: str, other: str) -> bool:
    """Whether one place is the other, or one is in the other."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_an_almost_frame_has_one_fault_and_is_sound_without_it(key):
    def check(one: AlmostFrame) -> None:
        assert isinstance(decode_client(one.mended_at(SEQ)), one.frame)
        if one.flaw in UNREADABLE - {Flaw.TOO_DEEP, Flaw.SURROGATE, Flaw.NAN_TOKEN}:
            return  # Of what is spoilt as a text there is no tree to compare.
        spoilt: dict[str, Any] = json.loads(one.at(SEQ))
        sound: dict[str, Any] = json.loads(one.mended_at(SEQ))
        member = first_member(one.pointer)
        assert _differing(spoilt, sound) <= {member}
        if one.flaw is not Flaw.INTEGRAL_FLOAT:
            assert one.at(SEQ) != one.mended_at(SEQ) or one.flaw in (Flaw.ANYTHING, Flaw.NULL)
        _check_depth(one, spoilt.get(member), sound.get(member))

    each(KEYS[key], 4, check)


def _differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    names = {*one, *other}
    return {name for name in names if json.dumps(one.get(name)) != json.dumps(other.get(name))}


def _check_depth(one: AlmostFrame, spoilt: Any, sound: Any) -> None:
    """Within a member, too, only the item or the image that the pointer names differs."""
    inner = one.pointer[1:].split("/")[1:]
    if not inner or not sound:
        return
    if isinstance(sound, list):
        differing = {str(i) for i, (a, b) in enumerate(zip(spoilt, sound, strict=True)) if a != b}
    else:
        differing = _differing(spoilt, sound)
    assert differing <= {first_member(f"/{inner[0]}")}


def test_every_flaw_is_drawn():
    assert {flaw for _, _, flaw in KEYS} == set(Flaw)
    # What a target with cameras cannot do without is not taken from it.
    assert set(SENTENCES) - set(KEYS) == {("observation", "/images", Flaw.NULL)}
    assert set(GROUPS) == {SENTENCES[key].id for key in KEYS}


JSON_TYPES = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


@pytest.mark.parametrize("tag", CLIENT_FRAMES)
def test_every_other_json_type_stands_where_it_must_not(tag):
    for place in places(CLIENT_FRAMES[tag]):
        if Flaw.WRONG_TYPE in place.flaws():
            apart = {"boolean"} if "number" in place.types else set()
            some = drawn(wrong(place, Flaw.WRONG_TYPE), 40)
            assert {JSON_TYPES[type(value)] for value in some} == TYPES - place.types - apart, (
                place.pointer
            )


# Size, numbers, and what a target gives


def test_too_big_is_one_byte_too_big_whatever_the_seq():
    for one in drawn(GROUPS[limits.TOO_BIG_CLOSES.id], 5):
        for seq in (0, 2**53 - 1):
            assert len(one.at(seq).encode()) == MOST + 1
            assert outcome(one.at(seq)) is None
        assert (one.earns, one.closes) == (None, 1009)


def test_too_big_is_tried_only_where_the_limit_is_declared():
    undeclared = by_rule(Subject(Address.parse("ws://localhost")))
    assert set(GROUPS) - set(undeclared) == {limits.TOO_BIG_CLOSES.id}


def test_a_close_that_is_taken_closes():
    (one, *_) = drawn(GROUPS["A-CLOSE-2"], 5)
    assert (one.frame, one.earns, one.closes) == (SessionClose, None, 1000)


def test_a_seq_with_a_flaw_keeps_it_and_an_integral_one_is_the_senders():
    for one in drawn(GROUPS[observation.SEQ_BOUNDS.id], 40):
        assert one.at(1) == one.at(2)
    integral = drawn(GROUPS[observation.INTEGRAL_FLOAT.id], 60)
    numbers = [one.at(7) for one in integral if one.pointer == "/seq"]
    assert numbers
    assert all('"seq":7.0' in text for text in numbers)
    assert {one.pointer for one in integral} == {"/seq", "/capture_time_ns", "/chunk_size"}


def test_what_a_target_needs_is_neither_nulled_nor_rewritten():
    choosy = Subject(
        SUBJECT.address,
        ready=SUBJECT.ready,
        open_members={"model": "m", "chunk_size": 3},
        observation_members={"prompt": "p"},
    )
    taken = [
        one
        for rule in (observation.NULL_IS_ABSENT, observation.INTEGRAL_FLOAT)
        for one in drawn(by_rule(choosy)[rule.id], 60)
    ]
    taken += drawn(by_rule(choosy)["A-OPEN-32"], 60)
    touched = {(one.frame, one.pointer) for one in taken}
    kept = {(SessionOpen, "/model"), (SessionOpen, "/chunk_size"), (Observation, "/prompt")}
    assert touched & (kept | {(Observation, "/images")}) == set()
    assert (SessionOpen, "/robot") in touched


def test_an_oddity_that_must_be_taken_is_the_only_one():
    for one in drawn(GROUPS[observation.UNKNOWN_MEMBERS.id], 20):
        (extra,) = set(json.loads(one.at(0))) - set(Observation.model_fields)
        assert f"/{extra.replace('~', '~0').replace('/', '~1')}" == one.pointer


def test_sound_trees_of_any_strategy_are_spoilt():
    for sound in (accepted_observations(SUBJECT), trees(Observation)):
        for one in drawn(almost(Observation, sound), 40):
            assert (getattr(outcome(one.at(SEQ)), "code", None)) == one.earns


# On a real wire


def test_the_reference_answers_every_almost_frame_as_it_must(reference):
    live = Live(reference)
    seen: list[str] = []
    shared: list[Any] = []

    def speak(one: AlmostFrame) -> None:
        seen.append(one.rule.id)
        if one.frame is SessionOpen:
            peer = live.connect()
        else:
            if not shared or shared[-1].is_gone:
                shared.append(live.opened())
            peer = shared[-1]
        seq = peer.seq + 1
        peer.seq = seq
        peer.send_bytes(Kind.TEXT, one.at(seq))
        if one.closes is not None:
            peer.expect_close(one.closes)
        elif one.earns is not None:
            peer.expect_error(one.earns)
        elif one.frame is SessionOpen:
            peer.expect("session.ready")
        else:
            peer.expect("action_chunk", seq=seq)
        if peer not in shared:
            peer.release()

    for strategy in by_key(live.subject).values():
        each(strategy, 2, speak)
    for peer in shared:
        peer.release()
    assert len(seen) >= 150
    assert set(seen) == {rule.id for rule in SENTENCES.values()}
