"""`pytest --risp-target URL`: one test item per requirement, beside a project's own tests.

The target is judged once, when the first item runs; the items then tell what was found. With
pytest-xdist the first worker judges, and the others take its word.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from risp.protocol.requirement import Requirement

    from .command_line import Asked
    from .trial import Judged, Told

GROUP = "risp"
_FOLDER = "risp_folder"
"""Under which a worker is told where the verdicts are shared."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; nothing of the kit is imported before one is used."""
    group = parser.getgroup(GROUP, "conformance to the Realtime Inference Session Protocol")
    group.addoption("--risp-target", metavar="URL", help="judge the server at this URL")
    group.addoption(
        "--risp-key", metavar="KEY", help="key for `Authorization: Bearer`, else RISP_API_KEY"
    )
    group.addoption("--risp-open", metavar="FILE", help="JSON object to merge into session.open")
    group.addoption(
        "--risp-observation", metavar="FILE", help="JSON object to merge into every observation"
    )
    group.addoption("--risp-model", help="the model to ask for, where a server has several")
    group.addoption("--risp-seed", type=int, default=0, help="another seed makes other frames")
    group.addoption("--risp-slow", action="store_true", help="also wait for long clocks")
    group.addoption(
        "--risp-only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="judge only these ids, sections or checks, as `risp test --only` (repeatable)",
    )


def _asked(config: pytest.Config) -> Asked:
    from .command_line import Asked

    return Asked(
        url=config.getoption("--risp-target"),
        key=config.getoption("--risp-key") or os.environ.get("RISP_API_KEY") or None,
        open_file=config.getoption("--risp-open"),
        observation_file=config.getoption("--risp-observation"),
        model=config.getoption("--risp-model"),
        slow=bool(config.getoption("--risp-slow")),
        seed=config.getoption("--risp-seed") or 0,
    )


def _only(config: pytest.Config) -> tuple[str, ...]:
    return tuple(config.getoption("--risp-only") or ())


def pytest_configure(config: pytest.Config) -> None:
    """Read the files of members and the choice, so that a wrong one is told before anything."""
    if not config.getoption("--risp-target"):
        return
    asked = _asked(config)
    try:
        asked.open_members("--risp-open")
        asked.observation_members("--risp-observation")
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    if only := _only(config):
        from .trial import unknown

        if names := unknown(only):
            raise pytest.UsageError(
                f"--risp-only: nothing is called {', '.join(names)}; see `risp list`"
            )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the verdicts are shared; only called if that is used."""
    config = node.config
    folder = getattr(config, _FOLDER, None) or tempfile.mkdtemp(prefix="risp-")
    setattr(config, _FOLDER, folder)
    node.workerinput[_FOLDER] = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the shared folder away."""
    folder = getattr(config, _FOLDER, None)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Add the requirements to what a session finds, so that they count among what is collected."""
    report = yield
    config = collector.config
    if isinstance(collector, pytest.Session) and config.getoption("--risp-target"):
        report.result = [*(report.result or ()), Requirements.of(collector)]
    return report


class Requirements(pytest.Collector):
    """Holds an item for each requirement that was asked for, and one run, made when needed."""

    def __init__(self, *, trial: Trial, **rest: Any) -> None:
        super().__init__(**rest)  # pyright: ignore[reportUnknownMemberType]  # pytest leaves **kw untyped
        self._trial = trial

    @classmethod
    def of(cls, session: pytest.Session) -> Requirements:
        """The requirements, as a node beside those that hold the project's own tests."""
        config = session.config
        shared = getattr(config, "workerinput", {}).get(_FOLDER)
        trial = Trial(_asked(config), _only(config), Path(shared) if shared else None)
        node: Requirements = cls.from_parent(  # pyright: ignore[reportUnknownMemberType]  # pytest leaves **kw untyped
            session, name=GROUP, nodeid=GROUP, trial=trial
        )
        return node

    def collect(self) -> Iterator[RequirementItem]:
        """An item for each requirement that was asked for, and that a wire can show."""
        for rule in self._trial.rules():
            item: RequirementItem = RequirementItem.from_parent(  # pyright: ignore[reportUnknownMemberType]  # pytest leaves **kw untyped
                self, name=rule.id, rule=rule, trial=self._trial
            )
            yield item


class Trial:
    """One run, made when it is first needed."""

    def __init__(self, asked: Asked, only: tuple[str, ...], shared: Path | None) -> None:
        self._asked = asked
        self._only = only
        self._shared = shared
        self._judged: Judged | None = None

    def rules(self) -> list[Requirement]:
        """The requirements that were asked for, before pytest chooses among them."""
        from .trial import rules

        return rules(self._only, self._asked.slow)

    def told(self, rule: Requirement, session: pytest.Session) -> Told:
        """What the run says of a requirement; NothingJudged if there was nothing to judge."""
        chosen = [item.rule.id for item in session.items if isinstance(item, RequirementItem)]
        judged = self._judged = self._judged or self._judge(tuple(chosen))
        if judged.interrupted:
            raise KeyboardInterrupt
        if judged.diagnosis:
            # One item tells it, and with several workers it is the same one.
            if rule.id != chosen[0]:
                pytest.skip("nothing was judged")
            raise NothingJudged(judged.diagnosis)
        return judged.told[rule.id]

    def _judge(self, only: tuple[str, ...]) -> Judged:
        from .diagnosis import Diagnosis
        from .runner import Options
        from .selection import Selection
        from .trial import Judged, judge, judge_once

        asked = self._asked
        if self._only and set(only) == {rule.id for rule in self.rules()}:
            only = self._only  # As it was typed: who names a check wants it held, however slow.
        options = Options(
            asked.key,
            asked.open_members(),
            asked.observation_members(),
            Selection(only=only, slow=asked.slow),
            asked.seed,
            1800.0 if asked.slow else 300.0,
        )
        url, again = asked.url or "", asked.again()
        try:
            if self._shared is not None and self._shared.is_dir():
                return judge_once(self._shared, url, options, again)
            return judge(url, options, again)
        except Diagnosis as diagnosis:
            return Judged({}, diagnosis.message)


class RequirementItem(pytest.Item):
    """One requirement as a test."""

    def __init__(self, *, rule: Requirement, trial: Trial, **rest: Any) -> None:
        super().__init__(**rest)  # pyright: ignore[reportUnknownMemberType]  # pytest leaves **kw untyped
        self.rule = rule
        self._trial = trial

    def runtest(self) -> None:
        """Pass, fail or skip as the court has judged."""
        from .report.words import Outcome

        told = self._trial.told(self.rule, self.session)
        match told.outcome:
            case Outcome.PASSED:
                return
            case Outcome.SKIPPED:
                pytest.skip(told.reason)
            case Outcome.WARNED:
                pytest.xfail(told.story)
            case Outcome.FAILED:
                raise Broken(told.story)
            case Outcome.UNDECIDED:
                raise Broken(f"{self.rule}\n    {told.reason}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The story and no stack: what is broken is elsewhere."""
        if isinstance(excinfo.value, Broken | NothingJudged):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """How the item is called in reports."""
        return self.path, None, f"{self.rule.id} {self.rule.sentence}"


class Broken(Exception):
    """A requirement that the target does not keep, or of which nobody can say."""


class NothingJudged(Exception):
    """There was nothing to judge, or not all of it."""
