"""Transcripts: what is written can be read, holds no secret, and judges like the wire."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risp.conformance.check import CHECKS
from risp.conformance.offline import play_recorded
from risp.conformance.peers.address import Address
from risp.conformance.report.words import line
from risp.conformance.subject import Subject
from risp.conformance.transcript import Event, Kind, Transcript, Way, redact_url

from .conftest import KEY

infos = st.dictionaries(
    st.text(max_size=3), st.integers(-(2**63), 2**63) | st.text(max_size=5), max_size=2
)
anything = st.builds(
    Event,
    at=st.integers(0, 2**62),
    channel=st.integers(1, 99),
    way=st.sampled_from(Way),
    kind=st.sampled_from(Kind),
    text=st.none() | st.text(st.characters(exclude_categories=())),
    data=st.none() | st.binary(),
    code=st.none() | st.integers(1000, 4999),
    info=infos,
)
responses = st.builds(
    Event,
    at=st.integers(0, 2**62),
    channel=st.integers(1, 99),
    way=st.just(Way.IN),
    kind=st.just(Kind.HANDSHAKE),
    info=st.fixed_dictionaries(
        {
            "status": st.integers(100, 599),
            "headers": st.lists(st.lists(st.text(), min_size=2, max_size=2)),
        }
    ),
)
events = anything.filter(lambda e: (e.way, e.kind) != (Way.IN, Kind.HANDSHAKE)) | responses


@given(st.lists(events, max_size=4), st.integers(), st.text(max_size=9), infos)
def test_what_is_written_is_read_again(tmp_path_factory, some, seed, target, facts):
    path = tmp_path_factory.mktemp("t") / "one.jsonl"
    transcript = Transcript("opening.second_open", seed, target, some, facts)
    transcript.write(path)
    assert Transcript.read(path) == transcript


@given(anything)
def test_every_event_can_be_shown_in_one_line_that_cannot_steer_a_terminal(event):
    shown = line(event)
    assert all(character.isprintable() or character in "\u2028\u2029" or ord(character) > 159
               for character in shown)  # fmt: skip


HEAD = '{"risp_transcript":1,"check":"c","seed":0,"target":""}'
EVENT = '{"at":1,"channel":1,"way":"in","kind":"text"'
RESPONSE = '{"at":1,"channel":1,"way":"in","kind":"handshake"'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("{", "line 1"),
        ("[]", "line 1"),
        ('{"risp_transcript":2,"check":"c","seed":0,"target":""}', "format 2"),
        ('{"risp_transcript":1,"check":"c","seed":0,"target":""}\n{"at":1}', "line 2"),
        ('{"risp_transcript":1,"check":"c","seed":0,"target":""}\n7', "line 2"),
        ('{"risp_transcript":1,"check":"c","seed":0,"target":"","facts":7}', "line 1"),
        (f'{HEAD}\n{EVENT},"text":7}}', "line 2.*`text`"),
        (f'{HEAD}\n{EVENT},"code":"7"}}', "line 2.*`code`"),
        (f'{HEAD}\n{EVENT},"info":[7]}}', "line 2.*`info`"),
        (f"{HEAD}\n{RESPONSE}}}", "line 2.*`status`"),
        (f'{HEAD}\n{RESPONSE},"info":{{"status":101,"headers":[["a"]]}}}}', "`headers`"),
        ("\xe9", "line 1"),
        (
            '{"risp_transcript":1,"check":"c","seed":0,"target":""}\n{"at":1,"channel":1,"way":"up","kind":"text"}',
            "line 2",
        ),
    ],
)
def test_a_file_that_is_no_transcript_is_refused_with_its_line(tmp_path, text, says):
    path = tmp_path / "broken.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=says):
        Transcript.read(path)


def test_no_transcript_holds_the_key(full_run):
    written = "\n".join(line for t in full_run.transcripts.values() for line in t.lines())
    assert "Authorization" in written
    assert KEY not in written


def test_a_token_and_user_information_are_taken_out_of_urls():
    shown = redact_url("ws://user:pass@h:1/p?token=secret&x=1")
    assert "secret" not in shown
    assert "pass" not in shown
    assert shown == "ws://h:1/p?token=[redacted]&x=1"


def test_a_transcript_of_something_else_is_not_judged_by_a_script_that_did_not_hold_it(full_run):
    other = full_run.transcripts["opening.answer_open"]
    subject = Subject(Address.parse("ws://127.0.0.1:9"))
    verdict, reason, _ = play_recorded(CHECKS["closing.close"], other, subject)
    assert verdict in ("not-tested", "kit-error")
    assert reason


def test_lines_are_json_of_ascii_characters(full_run):
    for transcript in full_run.transcripts.values():
        for text in transcript.lines():
            assert text.isascii()
            json.loads(text)
