"""The JUnit file, as its readers take it."""

from xml.etree import ElementTree

import junitparser
import pytest

from risp.conformance.events import RunStarted
from risp.conformance.report.junit import JunitFile
from risp.conformance.report.words import Outcome, outcome
from risp.conformance.runner import Options, Run
from risp.conformance.selection import Selection
from risp.protocol.action.profile import ACTION

from .conftest import KEY
from .made_up import DEAD, EVERY, FINISHED, KEPT, SPENT, STARTED, tell

AGAIN = "risp test ws://h:1/v1/actions --key KEY"
TAGS = {
    Outcome.PASSED: [],
    Outcome.WARNED: ["system-out"],
    Outcome.FAILED: ["failure"],
    Outcome.UNDECIDED: ["error"],
    Outcome.SKIPPED: ["skipped"],
}


@pytest.fixture
def written(tmp_path):
    """Write the file of a run; gives it as plain XML and as a consumer reads it."""

    def write(finished):
        path = tmp_path / "junit.xml"
        tell(JunitFile(path, AGAIN), finished)
        return ElementTree.parse(path).getroot(), junitparser.JUnitXml.fromfile(str(path))

    return write


def tags(case):
    return [child.tag for child in case if child.tag != "properties"]


def test_there_is_a_case_per_requirement_which_says_what_its_verdict_means(written):
    root, _ = written(FINISHED)
    found = {case.get("name"): tags(case) for case in root.iter("testcase")}
    assert found == {one.requirement.id: TAGS[outcome(one, slow=False)] for one in EVERY}
    assert list(found.values()) == [
        ["failure"],
        [],
        ["failure"],
        ["system-out"],
        ["system-out"],
        ["error"],
        ["error"],
        ["skipped"],
        ["skipped"],
        ["error"],
    ]


def test_a_consumer_counts_what_the_file_says_that_it_holds(written):
    _, xml = written(FINISHED)
    (suite,) = list(xml)
    kinds = [type(result).__name__ for case in suite for result in case.result]
    counted = {kind: kinds.count(kind) for kind in ("Failure", "Error", "Skipped")}
    assert counted == {"Failure": 2, "Error": 3, "Skipped": 2}
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (10, 2, 3, 2)
    assert (xml.tests, xml.failures, xml.errors, xml.skipped) == (10, 2, 3, 2)
    assert sum(case.time for case in suite) == pytest.approx(1.25)
    assert suite.time == pytest.approx(12.5)
    assert {one.name: one.value for one in suite.properties()}["exit_code"] == "5"
    for case in suite:
        assert case.classname == ACTION.section(ACTION.requirements[case.name])


def test_a_failure_tells_the_whole_story(written):
    _, xml = written(FINISHED)
    case = next(case for suite in xml for case in suite if case.name == "A-OPEN-28")
    (failure,) = case.result
    for part in (
        "A-OPEN-28 A server MUST answer `already_open`",
        "expected  this",
        "seen      a",
        "at /code",
        "hint      mend",
        '-> {"type":"session.open"}',
        "  >    0.000 #1 <- a",
        "risp explain A-OPEN-28",
        f"again     {AGAIN} --only opening.second_open",
    ):
        assert part in failure.text
    assert "expected this, saw a" in failure.message


def test_nothing_that_a_target_says_makes_it_anything_but_xml(written):
    for finished in (FINISHED, DEAD):
        root, _ = written(finished)
        said = "".join(root.itertext()) + "".join(v for e in root.iter() for v in e.attrib.values())
        assert "\\x00\\x1b[31m\\x9b]]>\\x0d" in said
        assert "\\ud800" in said
        assert "\x9b" not in said


@pytest.mark.parametrize(
    ("finished", "cases"),
    [
        (KEPT, {"A-OPEN-2": []}),
        (SPENT, {"A-OPEN-2": [], "incomplete": ["error"]}),
        (DEAD, {"diagnosis": ["error"]}),
    ],
    ids=["kept", "spent", "dead"],
)
def test_it_is_green_only_if_the_command_ends_with_0(written, finished, cases):
    root, _ = written(finished)
    assert {case.get("name"): tags(case) for case in root.iter("testcase")} == cases


def test_until_the_run_ends_the_file_is_not_green(tmp_path):
    path = tmp_path / "junit.xml"
    path.write_text("<testsuites/>")
    JunitFile(path, AGAIN)(STARTED)
    (suite,) = list(junitparser.JUnitXml.fromfile(str(path)))
    assert (suite.tests, suite.errors) == (1, 1)
    assert [p.value for p in suite.properties() if p.name in ("complete", "exit_code")] == [
        "false",
        "-1",
    ]


def test_a_real_run_is_as_the_run_says(tmp_path, reference):
    path = tmp_path / "junit.xml"
    options = Options(key=KEY, selection=Selection(only=("handshake",), skip=("sessions.*",)))
    finished = Run(reference, options, [JunitFile(path, AGAIN)]).execute()
    (suite,) = list(junitparser.JUnitXml.fromfile(str(path)))
    assert suite.tests == len(finished.requirements)
    assert (suite.failures, suite.errors) == (0, 0)
    assert KEY not in path.read_text()


def test_the_files_may_be_read_by_whoever_may_read_any(tmp_path):
    path, other = tmp_path / "junit.xml", tmp_path / "other"
    JunitFile(path, AGAIN)(RunStarted("t", 0, False))
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode
