"""Annotations and the summary for GitHub Actions, read as its runner reads them."""

import re

import pytest

from risp.conformance.diagnosis import Exit
from risp.conformance.events import RunFinished
from risp.conformance.report.github import GitHub, as_text, fenced, without_commands
from risp.conformance.verdict import Verdict
from risp.protocol.action.profile import ACTION
from risp.protocol.requirement import Level, Role

from .made_up import DEAD, FINISHED, KEPT, NASTY, finding, judged, tell

AGAIN = "risp test ws://h:1/v1/actions"
COMMAND = re.compile(r"^\s*::(?P<kind>[^ :]+)(?: (?P<properties>.*?))?::(?P<data>.*)$")


def read(out):
    """The workflow commands in some output: (kind, title, message)."""
    found = []
    for line in re.split(r"\r\n|\r|\n", out):
        if match := COMMAND.match(line):
            title = (match["properties"] or "").removeprefix("title=")
            data = match["data"].replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
            found.append((match["kind"], title, data))
    return found


@pytest.fixture
def annotations(capsys):
    def annotate(finished):
        reporter = GitHub(AGAIN, None)
        tell(reporter, finished)
        reporter.annotate()
        return read(capsys.readouterr().out)

    return annotate


def test_what_is_broken_is_annotated_by_how_much_it_binds(annotations):
    found = annotations(FINISHED)
    assert [(kind, title) for kind, title, _ in found] == [
        ("error", "A-ACT-1"),
        ("error", "A-OPEN-28"),
        ("error", "A-OPEN-15"),
        ("warning", "A-HAND-4"),
        ("warning", "A-HAND-1"),
        ("notice", "not tested"),
    ]
    assert found[-1][2] == "2 MUSTs: A-CLOSE-1, A-ERR-10"
    assert found[1][2].startswith("A server MUST answer `already_open`")
    assert f"{AGAIN} --only opening.second_open" in found[1][2]


def test_a_conformant_run_annotates_nothing_and_a_diagnosis_is_an_error(annotations):
    assert annotations(KEPT) == []
    ((kind, title, message),) = annotations(DEAD)
    assert (kind, title) == ("error", "diagnosis")
    assert message.startswith("dead a")
    assert message.endswith("hint: try")


def test_no_message_breaks_out_of_its_command(annotations):
    for finished in (FINISHED, DEAD):
        for _, _, message in annotations(finished):
            assert all(not line.startswith("::") for line in message.split("\n"))
            assert "\r" not in message


def test_of_many_the_worst_are_shown_and_the_rest_is_named(annotations):
    rules = [
        rule
        for rule in ACTION.requirements.values()
        if rule.role is Role.SERVER and rule.level is Level.MUST
    ][:30]
    many = tuple(judged(rule, Verdict.FAIL, "", finding(rule)) for rule in rules)
    found = annotations(RunFinished(Exit.VIOLATION, True, many, 1.0))
    assert len(found) == 10
    assert found[-1][1] == "and 21 more"
    assert found[-1][2] == ", ".join(rule.id for rule in rules[9:])


@pytest.mark.parametrize("text", ["100%, 50: %0A", NASTY], ids=["percent", "nasty"])
def test_a_title_survives_its_escaping(text, capsys):
    from risp.conformance.report.github import _command

    line = _command("error", text, "m")
    assert line.count("\n") == 0
    properties = line.removeprefix("::error title=").removesuffix("::m")
    assert not {":", ",", "\r"} & set(properties)


def test_commands_are_off_while_a_target_may_speak(capsys):
    with without_commands(is_needed=True):
        print("##[error]from the target")
    first, said, last = capsys.readouterr().out.splitlines()
    token = first.removeprefix("::stop-commands::")
    assert (said, last) == ("##[error]from the target", f"::{token}::")
    assert len(token) >= 32
    with without_commands(is_needed=False):
        pass
    assert capsys.readouterr().out == ""


def test_the_summary_is_added_and_holds_the_table_and_the_conversations(tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    tell(GitHub(AGAIN, path), FINISHED)
    text = path.read_text()
    assert text.startswith("before\n### RISP: 1 of 6 MUSTs")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [re.findall(r"\*\*(\S+)\*\*", row) for row in rows[1:]] == [
        [id_] for id_ in ("A-ACT-1", "A-OPEN-28", "A-OPEN-15", "A-HAND-4", "A-HAND-1")
    ]
    assert all(row.count("|") == rows[0].count("|") for row in rows)
    assert "Not tested: A-CLOSE-1, A-ERR-10" in text


def test_a_target_has_no_say_in_how_the_summary_looks(tmp_path):
    path = tmp_path / "summary.md"
    tell(GitHub(AGAIN, path), FINISHED)
    text = path.read_text()
    fences = re.findall(r"^(`{3,})text$", text, re.MULTILINE)
    assert fences
    assert all(len(fence) == 5 for fence in fences)
    outside = re.sub(r"^(`{5})text$.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert "</details> <b>" not in outside
    assert "<b>" not in outside
    assert outside.count("</details>") == outside.count("<details>") == 5


def test_a_dead_target_has_a_summary_too(tmp_path):
    path = tmp_path / "summary.md"
    tell(GitHub(AGAIN, path), DEAD)
    assert "### RISP: nothing was judged" in path.read_text()


def test_text_and_fences():
    assert as_text("a b*|<") == "a b&#42;&#124;&#60;"
    assert fenced(["```` x"]) == "`````text\n```` x\n`````"
