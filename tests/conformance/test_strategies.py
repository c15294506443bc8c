"""Sound frames as Hypothesis makes them: taken by the codec, by a target, and to their bounds."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from risp.conformance.generate.flaws import ANY, Place, places
from risp.conformance.generate.strategies import (
    LONG_MS,
    accepted_observations,
    accepted_opens,
    integer_bounds,
    trees,
    values,
)
from risp.conformance.peers.address import Address
from risp.conformance.peers.link import Request
from risp.conformance.peers.live import LiveLink
from risp.conformance.peers.websocket import Peer
from risp.conformance.pictures import JPEG
from risp.conformance.subject import Subject
from risp.conformance.transcript import Transcript
from risp.protocol.action.codec import decode_client, decode_server
from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import (
    CLIENT_FRAMES,
    SERVER_FRAMES,
    ActionChunk,
    Observation,
    SessionOpen,
    Tensor,
)

from .conftest import KEY

FRAMES = {**CLIENT_FRAMES, **SERVER_FRAMES}
ADDRESS = Address.parse("ws://localhost")
PLAIN = Subject(ADDRESS)
SEEING = Subject(ADDRESS, ready={"cameras": ["wrist", "a/b~c"]}, state_width=14)
CHOOSY = Subject(
    ADDRESS,
    open_members={"model": "m", "queue": "latest", "cameras": None, "hz": 5},
    observation_members={"state": [1, 2], "prompt": None, "max_gpu_seconds": 1, "seq": 4},
)
SUBJECTS = pytest.mark.parametrize("subject", [PLAIN, SEEING, CHOOSY])


def each(strategy: st.SearchStrategy[Any], count: int, use: Callable[[Any], None]) -> None:
    """Use so many examples, the same ones in every run."""

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def run(example: Any) -> None:
        use(example)

    run()


def drawn(strategy: st.SearchStrategy[Any], count: int = 100) -> list[Any]:
    """Examples of a strategy."""
    found: list[Any] = []
    each(strategy, count, found.append)
    return found


class Live:
    """Connections to a server that wants the tests' key."""

    def __init__(self, url: str) -> None:
        self.subject = Subject(Address.parse(url), KEY)
        peer = self.opened()
        self.subject = replace(
            self.subject, ready=peer.ready, state_width=peer.ready.get("state_dim", 6)
        )
        peer.release()

    def connect(self) -> Peer:
        address, epoch = self.subject.address, time.monotonic()
        link = LiveLink(address, Transcript("live", 0, address.url), 1, epoch)
        event = link.connect(Request(address.target, (("Authorization", f"Bearer {KEY}"),)), 5.0)
        return Peer(link, self.subject, Random(0), 60.0, event)

    def opened(self) -> Peer:
        peer = self.connect()
        peer.send(self.subject.open_frame())
        peer.ready = peer.expect("session.ready")
        return peer


def decode(tree: dict[str, Any]) -> Any:
    read = decode_client if tree["type"] in CLIENT_FRAMES else decode_server
    return read(json.dumps(tree))


def found_at(place: Place, tree: Any) -> Iterator[Any]:
    """Every value that a tree has at a place; of a member that is left out, none."""
    holders = [tree] if place.parent is None else found_at(place.parent, tree)
    for holder in holders:
        if place.in_array and isinstance(holder, list):
            yield from holder
        elif isinstance(holder, dict) and place.name == ANY:
            yield from holder.values()
        elif isinstance(holder, dict) and place.name in holder:
            yield holder[place.name]


@pytest.mark.parametrize("tag", FRAMES)
def test_whatever_is_drawn_of_a_frame_is_one(tag):
    def check(tree):
        assert isinstance(decode(tree), FRAMES[tag])

    each(trees(FRAMES[tag], integral_floats=True), 150, check)


def bounds_of(schema: Mapping[str, Any]) -> Iterator[Any]:
    """What a schema has at its edges, or as one of few."""
    if schema.get("type") == "integer":
        yield from integer_bounds(schema)
    elif schema.get("type") == "number" and "minimum" in schema:
        yield schema["minimum"]
    yield from schema.get("enum", [])


@pytest.mark.parametrize("tag", FRAMES)
def test_every_bound_and_every_name_of_a_frame_is_drawn(tag):
    for place in places(FRAMES[tag]):
        for schema in place.choices:
            due = set(bounds_of(schema))
            lengths = {schema[name] for name in ("minLength", "maxLength") if name in schema}
            if due or lengths:
                here = drawn(values(schema, place.definitions), 80)
                assert due <= set(here), place.pointer
                assert not lengths or lengths <= set(map(len, here)), place.pointer


@pytest.mark.parametrize("tag", FRAMES)
def test_every_member_is_drawn_and_left_out_and_null_where_it_may_be(tag):
    seen = drawn(trees(FRAMES[tag]), 300)
    for place in places(FRAMES[tag]):
        here = [value for tree in seen for value in found_at(place, tree)]
        assert here, place.pointer
        if place.parent is None:
            assert not place.nullable or None in here, place.pointer
            assert place.required == all(place.name in tree for tree in seen), place.pointer


def test_the_greatest_time_is_drawn_as_digits_too():
    times = {tree.get("capture_time_ns") for tree in drawn(trees(Observation), 400)}
    assert {0, 2**63 - 1, str(2**63 - 1)} <= times


def test_unknown_members_stand_among_the_others_in_any_order():
    seen = [list(tree) for tree in drawn(trees(SessionOpen))]
    assert any(name.startswith("x_") for names in seen for name in names)
    assert {names[0] == "type" for names in seen} == {True, False}


def test_integers_are_written_as_floats_only_on_demand():
    def kinds(**how: bool) -> set[type]:
        return {type(tree["seq"]) for tree in drawn(trees(Observation, **how))}

    assert kinds() == {int}
    assert kinds(integral_floats=True) == {int, float}


def test_what_no_schema_can_say_is_kept_by_rows_and_tensors():
    actions = [tree["actions"] for tree in drawn(trees(ActionChunk), 200)]
    tensors = [Tensor(**one) for one in actions if isinstance(one, dict)]
    assert {one.dtype for one in tensors} > {"bool", "float64"}
    widths = [{len(row) for row in one} for one in actions if isinstance(one, list)]
    assert widths
    assert all(len(width) == 1 for width in widths)


def test_a_keyword_that_is_not_known_is_not_passed_over():
    with pytest.raises(ValueError, match="multipleOf"):
        values({"type": "integer", "multipleOf": 2}, {})


# What a target accepts


@SUBJECTS
def test_an_accepted_open_is_sound_and_asks_for_nothing_special(subject):
    known = {str(one) for one in Capability}

    def check(tree):
        assert tree.get("queue") in ((None, "fifo") if subject is not CHOOSY else ("latest",))
        assert not known & set(tree.get("capabilities") or ())
        named = {name: tree.get(name) for name in ("model", "lora", "action_adapter")}
        assert named == {"model": "m" if subject is CHOOSY else None} | dict.fromkeys(
            ("lora", "action_adapter")
        )
        assert tree.get("max_gpu_seconds") is None
        assert isinstance(decode(tree), SessionOpen)

    each(accepted_opens(subject), 100, check)


@SUBJECTS
def test_an_accepted_observation_is_sound_once_it_is_numbered(subject):
    def check(tree):
        assert "seq" not in tree
        assert len(tree["state"]) == (2 if subject is CHOOSY else subject.state_width)
        assert all(abs(number) <= 1000 for number in tree["state"])
        assert (tree.get("max_age_ms") or LONG_MS) >= LONG_MS
        for name in subject.cameras:
            image = tree["images"][name]
            assert image in (JPEG, {"encoding": "jpeg_base64", "data": JPEG})
        assert isinstance(decode(tree | {"seq": 7}), Observation)

    each(accepted_observations(subject), 100, check)


def test_what_the_user_gives_wins():
    for tree in drawn(accepted_opens(CHOOSY), 50):
        assert (tree["model"], tree["hz"], "cameras" in tree) == ("m", 5, False)
    for tree in drawn(accepted_observations(CHOOSY), 50):
        assert (tree["state"], tree["max_gpu_seconds"], "prompt" in tree) == ([1, 2], 1, False)


def test_cameras_that_nobody_declared_are_seen_too():
    pictures = [tree.get("images") for tree in drawn(accepted_observations(PLAIN))]
    assert None in pictures
    assert any(pictures)


def test_request_ids_differ_within_an_example():
    def check(some):
        ids = [tree["request_id"] for tree in some if tree.get("request_id")]
        assert len(set(ids)) == len(ids)

    each(st.lists(accepted_observations(PLAIN), min_size=4, max_size=4), 30, check)


def test_a_target_that_takes_little_is_sent_little():
    small = Subject(ADDRESS, ready={"limits": {"max_frame_bytes": 200}})
    assert all(len(json.dumps(tree)) < 200 for tree in drawn(accepted_observations(small), 50))


def test_the_reference_takes_what_is_accepted(reference):
    live = Live(reference)

    def check(frames):
        opening, observations = frames
        peer = live.connect()
        peer.send(opening)
        peer.ready = peer.expect("session.ready")
        for seq, tree in enumerate(observations):
            peer.send(tree | {"seq": seq})
            peer.expect("action_chunk", seq=seq)
        peer.release()

    some = st.lists(accepted_observations(live.subject), min_size=2, max_size=2)
    each(st.tuples(accepted_opens(live.subject), some), 25, check)


def test_nothing_that_the_command_loads_imports_hypothesis():
    code = (
        "import sys, risp.conformance, risp.conformance.commands, risp.conformance.runner\n"
        "sys.exit('hypothesis' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
