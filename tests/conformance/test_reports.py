"""What people and programs read."""

import io
import json
import queue
import re

import jsonschema
import pytest
from rich.console import Console

from risp.conformance.diagnosis import Exit
from risp.conformance.events import (
    CheckFinished,
    CheckStarted,
    RunFinished,
    RunStarted,
    TargetFound,
)
from risp.conformance.peers.address import Address
from risp.conformance.report import __main__ as schema_command
from risp.conformance.report import pulse
from risp.conformance.report.document import schema
from risp.conformance.report.jsonfile import JsonFile, write_atomically
from risp.conformance.report.story import Teller
from risp.conformance.report.terminal import Terminal
from risp.conformance.report.words import chosen_first
from risp.conformance.runner import Options, Run
from risp.conformance.selection import SERVER_RULES, Selection
from risp.conformance.subject import Subject
from risp.conformance.verdict import Verdict
from risp.protocol.action.requirements import handshake, opening
from risp.protocol.requirement import Level, Seen
from tests.null_servers import answering, null_server
from tests.scripted_server import READY

from .conftest import KEY
from .made_up import DEAD, FINISHED, KEPT, SPENT, STARTED, finding, held, judged, tell
from .test_runner import serving


def sloppy(payload: bytes) -> bytes:
    """A server that opens, acts, and calls every fault by one wrong name."""
    try:
        frame = json.loads(payload)
        kind = frame.get("type")
    except (ValueError, AttributeError):
        kind, frame = None, {}
    if kind == "session.open":
        return json.dumps(READY).encode()
    if kind == "observation" and isinstance(frame.get("state"), list):
        chunk = {"type": "action_chunk", "seq": frame.get("seq"), "actions": [[0.5]]}
        metadata = {"model": "m", "inference_ms": 1, "queue_ms": 0}
        return json.dumps(chunk | {"metadata": metadata}).encode()
    return b'{"type":"error","code":"oops","message":"Traceback (most recent call last)"}'


def judge(url, reporters, *only, key=None):
    options = Options(key=key, selection=Selection(only=only))
    return Run(url, options, reporters).execute()


def told(url, *only, width=80, key=None):
    """What the terminal says, without colour."""
    file = io.StringIO()
    console = Console(file=file, width=width, no_color=True, highlight=False)
    judge(url, [Terminal(console, f"risp test {url}")], *only, key=key)
    return file.getvalue()


def test_a_failure_says_all_that_a_stranger_needs():
    with serving(answering(sloppy)) as url:
        text = told(url, "A-ERR-9")
    for part in (
        "FAIL A-ERR-9",
        "A server MUST answer `unknown_type`",
        'expected  error with code "unknown_type"',
        'seen      error "oops"',
        "hint      sent type",
        '-> {"type":"risp-no-such-type"}',
        "spec      risp explain A-ERR-9  (spec/action/error.md)",
        f"again     risp test {url} --only error.unknown_type",
    ):
        assert part in text, text


def test_the_event_that_shows_it_is_marked():
    with serving(answering(sloppy)) as url:
        text = told(url, "error.unknown_type")
    story = text[text.index("FAIL A-ERR-5") :].split("\n\n")[0]
    marked = [line for line in story.splitlines() if line.startswith("  >")]
    assert len(marked) == 1
    assert "Traceback" in marked[0]


def test_the_headline_counts_and_names_what_was_not_tested(reference):
    text = told(reference, key=KEY)
    assert "complete: true   exit 0 (conformant)" in text
    with null_server("dead") as url:
        text = told(url)
    assert "nothing was judged" in text
    assert "complete: false   exit 4 (unreachable)" in text


def test_nothing_but_conversations_is_wider_than_the_terminal(reference):
    text = told(reference, key=KEY)
    assert [line for line in text.splitlines() if len(line) > 80] == []


@pytest.fixture
def documents(tmp_path, reference):
    """Reports of a conformant, a broken and an unreachable target."""
    found = {}
    with serving(answering(sloppy)) as broken, null_server("dead") as dead:
        for name, url, key in (
            ("good", reference, KEY),
            ("bad", broken, None),
            ("dead", dead, None),
        ):
            path = tmp_path / f"{name}.json"
            only = () if name != "bad" else ("error.unknown_type", "opening.second_open")
            finished = judge(url, [JsonFile(path)], *only, key=key)
            found[name] = (json.loads(path.read_text()), finished)
    return found


def test_reports_validate_against_the_published_schema(documents):
    validator = jsonschema.Draft202012Validator(schema())
    for document, _ in documents.values():
        validator.validate(document)
    spoilt = documents["good"][0] | {"complete": "yes"}
    assert not validator.is_valid(spoilt)


def test_a_report_says_what_the_run_said(documents):
    for document, finished in documents.values():
        assert document["exit_code"] == finished.exit_code
        assert document["complete"] is finished.complete
        assert len(document["requirements"]) == len(finished.requirements)
    bad = documents["bad"][0]
    failed = [r for r in bad["requirements"] if r["verdict"] == "fail"]
    assert failed
    for requirement in failed:
        for one in requirement["findings"]:
            assert one["expected"]
            assert one["seen"]
            assert one["conversation"]
    assert KEY not in json.dumps(documents["good"][0])


def test_until_the_run_ends_the_file_says_that_it_is_not_complete(tmp_path):
    path = tmp_path / "report.json"
    path.write_text('{"complete": true}')
    JsonFile(path)(RunStarted("ws://h:1/v1/actions", 0, False))
    document = json.loads(path.read_text())
    assert (document["complete"], document["exit_code"]) == (False, -1)


def test_a_file_that_cannot_be_written_whole_is_left_as_it_was(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_the_committed_schema_is_what_the_classes_say(monkeypatch, tmp_path, capsys):
    assert schema_command.main(["--check"]) == 0
    copy = tmp_path / "report.schema.json"
    monkeypatch.setattr(schema_command, "FILE", copy)
    assert schema_command.main(["--check"]) == 1
    assert "make schema" in capsys.readouterr().err
    assert schema_command.main([]) == 0
    assert schema_command.main(["--check"]) == 0


def test_every_reporter_sees_the_same_stream(reference):
    seen: list[list[str]] = [[], []]
    options = Options(key=KEY, selection=Selection(only=("A-CLOSE-1",)))
    reporters = [lambda event, one=one: one.append(type(event).__name__) for one in seen]
    Run(reference, options, reporters).execute()
    assert seen[0] == seen[1]
    assert seen[0][0] == "RunStarted"
    assert seen[0][-1] == RunFinished.__name__
    assert CheckFinished.__name__ in seen[0]


def printed(finished, width=80, verbose=False, terminal=False):
    """What the terminal says of a made-up run."""
    file = io.StringIO()
    console = Console(
        file=file, width=width, no_color=True, highlight=False, force_terminal=terminal
    )
    tell(Terminal(console, "risp test ws://h:1/v1/actions", verbose), finished)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue())


def broken(count):
    rules = [r for r in SERVER_RULES.values() if r.level is Level.MUST][:count]
    warned = judged(handshake.SELECT_JSON, Verdict.WARN, "", finding(handshake.SELECT_JSON))
    failed = tuple(judged(rule, Verdict.FAIL, "", finding(rule)) for rule in rules)
    return RunFinished(Exit.VIOLATION, True, (warned, *failed), 1.0), rules


def test_of_many_broken_ones_the_worst_are_told_in_full_and_the_rest_in_a_line():
    finished, rules = broken(9)
    text = printed(finished)
    full = re.findall(r"^(\w+) (\S+)  A.*\n(?:.+\n)*?    expected", text, re.MULTILINE)
    assert full == [("FAIL", rule.id) for rule in rules[:5]]
    short = text[text.index(f"risp explain {rules[4].id}") :]
    assert re.findall(r"^(?:FAIL|WARN) (\S+)", short, re.MULTILINE) == [
        *(rule.id for rule in rules[5:]),
        "A-HAND-4",
    ]
    assert (
        "    5 more, which --verbose tells in full; one of them is told by\n"
        f"    risp test ws://h:1/v1/actions --only {rules[5].id}\n" in text
    )


@pytest.mark.parametrize(("count", "verbose"), [(5, False), (9, True)])
def test_few_are_told_in_full_and_with_verbose_all(count, verbose):
    text = printed(broken(count)[0], verbose=verbose)
    assert text.count("    expected  ") == count + 1
    assert "more, which" not in text


def test_what_was_not_seen_is_named_in_a_line_and_with_verbose_by_its_reason():
    text = printed(FINISHED)
    assert "not-tested: no session a" in text
    assert "1 not seen (1 need --slow):\n    A-OPEN-7\n" in text
    assert "needs --slow" not in text
    text = printed(FINISHED, verbose=True)
    assert "not-tested: needs --slow\n    A-OPEN-7\n" in text
    assert "not-applicable: not declared\n    A-ACT-3\n" in text


def test_what_was_not_seen_says_how_it_could_be():
    unseen = [
        judged(rule, Verdict.NOT_TESTED, "x")
        for rule in SERVER_RULES.values()
        if rule.seen in (Seen.SLOW, Seen.OBSERVED)
    ]
    slow = sum(one.requirement.seen is Seen.SLOW for one in unseen)
    should = judged(handshake.SELECT_JSON, Verdict.NOT_TESTED, "the check stopped at A-HAND-1")
    text = printed(RunFinished(Exit.CONFORMANT, True, tuple(unseen), 1.0), width=200)
    why = f"{slow} need --slow; the others are judged when they occur"
    assert f"{len(unseen)} not seen ({why}):\n" in text
    text = printed(RunFinished(Exit.CONFORMANT, True, (*unseen, should), 1.0), width=200)
    why = f"{slow} need --slow; {len(unseen) - slow} are judged when they occur; 1 could not be"
    assert f"{len(unseen) + 1} not seen ({why} judged, --verbose says why):\n" in text


def test_a_run_that_is_not_complete_says_why_beside_its_exit_code():
    for finished, why in (
        (FINISHED, "not every MUST could be judged: 2 not tested, 1 for a defect of the kit"),
        (SPENT, "not every check was held"),
    ):
        assert f"{why}\ncomplete: false   exit" in printed(finished)
    assert "not every" not in printed(KEPT)
    assert "not every" not in printed(DEAD)


def test_other_conversations_are_named_once():
    rule = opening.ALREADY_OPEN
    checks = ["a.one", "a.one", "b.two", "a.one", "b.two"]
    story = Teller({}).text(
        judged(rule, Verdict.FAIL, "", *(finding(rule, check) for check in checks))
    )
    assert "also in   b.two" in story.splitlines()[-1]
    alone = judged(rule, Verdict.FAIL, "", finding(rule, "a.one"), finding(rule, "a.one"))
    assert "also in" not in Teller({}).text(alone)


def test_a_check_that_was_named_tells_what_it_found_first():
    rule = opening.ALREADY_OPEN
    found = [finding(rule, check) for check in ("a.one", "b.two", "frames.a_open_28")]
    run = RunFinished(Exit.VIOLATION, True, (judged(rule, Verdict.FAIL, "", *found),), 1.0)
    assert chosen_first(run, ("FRAMES.*",)).requirements[0].findings == (found[2], *found[:2])
    assert chosen_first(run, ()) == run


def test_a_log_shows_now_and_then_that_a_run_goes_on(monkeypatch):
    said = queue.Queue()
    monkeypatch.setattr(pulse, "EVERY_S", 0.01)
    monkeypatch.setattr(pulse.click, "echo", lambda text, err: said.put((text, err)))
    with pulse.Pulse(is_needed=True) as one:
        assert said.get(timeout=10) == ("risp: looking for the target, 0 s", True)
        one(TargetFound(Subject(Address("ws", "h", 1, "/")), 152))
        one(CheckStarted("a.one", "t"))
        while (told := said.get(timeout=10)[0]).startswith("risp: looking"):
            pass
        while told.startswith("risp: 0 of"):
            told = said.get(timeout=10)[0]
        assert re.fullmatch(r"risp: 1 of 152 checks, \d+ s", told)


def test_a_short_run_and_a_bar_need_no_sign_of_life(monkeypatch):
    threads = []
    monkeypatch.setattr(pulse.threading, "Thread", lambda **how: threads.append(how))
    with pulse.Pulse(is_needed=False):
        pass
    assert threads == []
    assert pulse.EVERY_S >= 10


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_conversation_is_cut_to_the_terminal_and_whole_elsewhere(width):
    check = held(opening.ALREADY_OPEN)
    long = json.dumps({"type": "x", "text": "y" * 5_000})
    check.transcript.events[1].text = long
    check.transcript.events[0].text = "z" * 150
    for terminal in (True, False):
        file = io.StringIO()
        console = Console(file=file, width=width, no_color=True, force_terminal=terminal)
        reporter = Terminal(console, "risp test")
        for event in (STARTED, check, FINISHED):
            reporter(event)
        said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue())
        lines = [line for line in said.splitlines() if re.match(r"  [> ]    0\.000 #1", line)]
        assert lines
        assert any(f"({len(long):,} characters)" in line for line in lines)
        if terminal:
            assert max(map(len, lines)) == max(width, 60)
        else:
            assert any("z" * 150 in line for line in lines)


def test_a_target_cannot_steer_the_terminal():
    for finished in (FINISHED, DEAD):
        text = printed(finished, verbose=True)
        assert not {"\x00", "\x1b", "\x9b", "\r", "\u202e"} & set(text)
        assert "\\x1b[31m" in text
