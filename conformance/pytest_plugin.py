"""`pytest --risp-target URL`: one test item per requirement, beside a project's own tests.

The target is judged once, when the first item runs; the items then tell what was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from risp.protocol.requirement import Requirement

    from .events import RequirementJudged, RunFinished
    from .transcript import Transcript

GROUP = "risp"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; nothing of the kit is imported before one is used."""
    group = parser.getgroup(GROUP, "conformance to the Realtime Inference Session Protocol")
    group.addoption("--risp-target", metavar="URL", help="judge the server at this URL")
    group.addoption("--risp-key", metavar="KEY", help="key for `Authorization: Bearer`")
    group.addoption("--risp-slow", action="store_true", help="also wait for long clocks")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add an item per requirement, before `-k` and `-m` choose among them."""
    url = config.getoption("--risp-target")
    if url:
        trial = Trial(url, config.getoption("--risp-key"), bool(config.getoption("--risp-slow")))
        items.extend(trial.items(session))


class Trial:
    """One run, made when it is first needed."""

    def __init__(self, url: str, key: str | None, slow: bool) -> None:
        self._url = url
        self._key = key
        self._slow = slow
        self._finished: RunFinished | None = None
        self._is_told = False
        """Whether an item has failed for there being nothing to judge: one is enough."""
        self._transcripts: dict[str, Transcript] = {}

    def items(self, session: pytest.Session) -> Iterator[RequirementItem]:
        """An item for each requirement that a wire can show."""
        from risp.protocol.requirement import Seen

        from .selection import Selection

        for rule in Selection(slow=self._slow).rules():
            if rule.seen is not Seen.OFF_WIRE:
                item: RequirementItem = RequirementItem.from_parent(  # pyright: ignore[reportUnknownMemberType]  # pytest leaves **kw untyped
                    session, name=rule.id, rule=rule, trial=self
                )
                yield item

    def judged(self, rule: Requirement, session: pytest.Session) -> RequirementJudged:
        """What the run says of a requirement; Diagnosis if there was nothing to judge."""
        chosen = [item.rule.id for item in session.items if isinstance(item, RequirementItem)]
        finished = self._finished or self._run(tuple(chosen))
        if finished.diagnosis is not None:
            if self._is_told:
                pytest.skip("nothing was judged")
            self._is_told = True
            raise finished.diagnosis
        return next(one for one in finished.requirements if one.requirement.id == rule.id)

    def _run(self, only: tuple[str, ...]) -> RunFinished:
        from .events import CheckFinished, RunEvent
        from .runner import Options, Run
        from .selection import Selection

        def keep(event: RunEvent) -> None:
            if isinstance(event, CheckFinished) and event.findings:
                self._transcripts[event.name] = event.transcript

        selection = Selection(only=only, slow=self._slow)
        options = Options(key=self._key, selection=selection)
        self._finished = Run(self._url, options, [keep]).execute()
        return self._finished

    def counts(self, rule: Requirement) -> bool:
        """Whether a run without a verdict on this requirement is incomplete."""
        from .selection import counts

        return counts(rule, self._slow)

    def story(self, judged: RequirementJudged) -> str:
        """A broken requirement for a reader: sentence, expected, seen, conversation."""
        from .report.words import excerpt, page

        lines = [str(judged.requirement)]
        for finding in judged.findings[:1]:
            place = f"  at {finding.pointer}" if finding.pointer else ""
            lines += [f"  expected  {finding.expected}", f"  seen      {finding.seen}{place}"]
            lines += [f"  hint      {finding.hint}"] if finding.hint else []
            lines += [f"  in        {finding.check}"]
            transcript = self._transcripts.get(finding.check)
            if transcript is not None:
                rows = excerpt(transcript, finding.at)
                lines += [f"{'>' if is_it else ' '}   {text}" for is_it, text in rows]
        return "\n".join([*lines, f"  spec      {page(judged.requirement)}"])


class RequirementItem(pytest.Item):
    """One requirement as a test."""

    def __init__(self, *, rule: Requirement, trial: Trial, **rest: Any) -> None:
        super().__init__(**rest)  # pyright: ignore[reportUnknownMemberType]  # pytest leaves **kw untyped
        self.rule = rule
        self._trial = trial
        self._nodeid = f"{GROUP}::{rule.id}"

    def runtest(self) -> None:
        """Pass, fail or skip as the court has judged."""
        from .verdict import Verdict

        judged = self._trial.judged(self.rule, self.session)
        match judged.verdict:
            case Verdict.PASS:
                return
            case Verdict.NOT_APPLICABLE:
                pytest.skip(judged.reason)
            case Verdict.NOT_TESTED | Verdict.INCONCLUSIVE if not self._trial.counts(self.rule):
                pytest.skip(judged.reason)
            case Verdict.WARN:
                pytest.xfail(self._trial.story(judged))
            case Verdict.FAIL | Verdict.FLAKY:
                raise Broken(self._trial.story(judged))
            case _:
                raise Broken(f"{self.rule}\n  {judged.verdict}: {judged.reason}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The story and no stack: what is broken is elsewhere."""
        from .diagnosis import Diagnosis

        if isinstance(excinfo.value, Broken):
            return str(excinfo.value)
        if isinstance(excinfo.value, Diagnosis):
            hint = f"\n  hint: {excinfo.value.hint}" if excinfo.value.hint else ""
            return f"{excinfo.value.message}{hint}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """How the item is called in reports."""
        return self.path, None, f"{self.rule.id} {self.rule.sentence}"


class Broken(Exception):
    """A requirement that the target does not keep."""
