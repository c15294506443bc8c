"""The report for CI: JUnit XML, one test case per requirement.

A requirement that counts and could not be judged is an `error`: nobody's build may turn green by
what was not done. For the same reason the file is written when the run begins, as the file of a run
that was cut off, and a run that is not complete is an `error` of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from risp.protocol.version import PROTOCOL_VERSION

from ..diagnosis import Exit
from ..events import CheckFinished, RequirementJudged, RunEvent, RunFinished, RunStarted
from ..transcript import Transcript
from .jsonfile import write_atomically
from .story import Teller
from .words import Outcome, outcome, page, printable, section

RUN = "run"
"""The test case that stands for the run itself, where it did not come to its end."""
CUT_OFF = "the run was cut off"
_TAGS = {Outcome.FAILED: "failure", Outcome.UNDECIDED: "error", Outcome.SKIPPED: "skipped"}
_COUNTED = {"failure": "failures", "error": "errors", "skipped": "skipped"}


class JunitFile:
    """Writes the file at the start (cut off) and at the end of a run; raises OSError."""

    def __init__(self, path: Path, again: str) -> None:
        self._path = path
        self._started = RunStarted("", 0, False)
        self._transcripts: dict[str, Transcript] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._teller = Teller(self._transcripts, again)

    def __call__(self, event: RunEvent) -> None:
        """Take one event."""
        match event:
            case RunStarted():
                self._started = event
                self._write([_trouble("cut off", CUT_OFF)], None)
            case CheckFinished():
                # A check's time is told once, at the requirement that it is about.
                self._seconds[event.requirements[0].id] += event.seconds
                if event.findings:
                    self._transcripts[event.name] = event.transcript
            case RunFinished():
                self._write(self._cases(event), event)
            case _:
                pass

    def _cases(self, event: RunFinished) -> list[ElementTree.Element]:
        cases = [self._case(one) for one in event.requirements]
        if event.diagnosis is not None:
            hint = f"\nhint: {event.diagnosis.hint}" if event.diagnosis.hint else ""
            cases.append(_trouble("diagnosis", event.diagnosis.message, hint))
        elif event.exit_code is not Exit.CONFORMANT and not any(_is_red(case) for case in cases):
            cases.append(_trouble("incomplete", "the run is not complete"))
        return cases

    def _case(self, one: RequirementJudged) -> ElementTree.Element:
        rule = one.requirement
        seconds = self._seconds[rule.id]
        case = _element("testcase", classname=section(rule), name=rule.id, time=f"{seconds:.3f}")
        _properties(
            case,
            sentence=rule.sentence,
            level=rule.level.value,
            seen=rule.seen.value,
            verdict=one.verdict.value,
            page=page(rule),
            checks=" ".join(one.checks),
        )
        match outcome(one, self._started.slow):
            case Outcome.PASSED:
                pass
            case Outcome.WARNED:
                told = ElementTree.SubElement(case, "system-out")
                told.text = _text(f"{one.verdict.upper()} {self._teller.text(one)}")
            case found:
                first = next(iter(one.findings), None)
                why = f"expected {first.expected}, saw {first.seen}" if first else one.reason
                tag = _TAGS[found]
                inner = _element(tag, message=why or one.verdict.value, type=one.verdict.value)
                inner.text = None if tag == "skipped" else _text(self._teller.text(one))
                case.append(inner)
        return case

    def _write(self, cases: list[ElementTree.Element], finished: RunFinished | None) -> None:
        seconds = f"{finished.seconds if finished else 0.0:.3f}"
        totals = {"tests": str(len(cases)), **_counts(cases), "time": seconds}
        root = _element("testsuites", name="risp", **totals)
        suite = _element("testsuite", name="risp action profile", **totals)
        root.append(suite)
        _properties(
            suite,
            protocol=PROTOCOL_VERSION,
            target=self._started.target,
            seed=str(self._started.seed),
            slow=str(self._started.slow).lower(),
            complete=str(bool(finished and finished.complete)).lower(),
            exit_code=str(int(finished.exit_code) if finished else -1),
        )
        suite.extend(cases)
        ElementTree.indent(root)
        text = ElementTree.tostring(root, encoding="unicode")
        write_atomically(self._path, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')


def _trouble(name: str, message: str, more: str = "") -> ElementTree.Element:
    """The test case of a run that could not do all that it should."""
    case = _element("testcase", classname=RUN, name=name, time="0.000")
    error = _element("error", message=message, type=name)
    error.text = _text(message + more)
    case.append(error)
    return case


def _is_red(case: ElementTree.Element) -> bool:
    return case.find("failure") is not None or case.find("error") is not None


def _counts(cases: Iterable[ElementTree.Element]) -> dict[str, str]:
    tags = Counter(child.tag for case in cases for child in case)
    return {name: str(tags[tag]) for tag, name in _COUNTED.items()}


def _element(tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.Element(tag, {name: printable(v) for name, v in attributes.items()})


def _properties(parent: ElementTree.Element, **values: str) -> None:
    properties = ElementTree.SubElement(parent, "properties")
    for name, value in values.items():
        properties.append(_element("property", name=name, value=value))


def _text(text: str) -> str:
    """Lines that XML can hold: it has no escape for a control character or a lone surrogate."""
    return "\n".join(printable(line) for line in text.split("\n"))
