"""What the tests of the court share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from risp.conformance.events import CheckFinished, RunEvent, RunFinished
from risp.conformance.runner import Options, Run
from risp.conformance.transcript import Transcript
from tests.support import spawn_server

KEY = "the-key-of-the-tests"


@dataclass
class Kept:
    """A run, and everything that its events told."""

    finished: RunFinished
    checks: dict[str, CheckFinished] = field(default_factory=dict)

    @property
    def transcripts(self) -> dict[str, Transcript]:
        return {name: check.transcript for name, check in self.checks.items()}

    def verdicts(self) -> dict[str, str]:
        return {one.requirement.id: str(one.verdict) for one in self.finished.requirements}


def run(url: str, options: Options | None = None) -> Kept:
    """Judge a URL, and keep what was told."""
    checks: dict[str, CheckFinished] = {}

    def keep(event: RunEvent) -> None:
        if isinstance(event, CheckFinished):
            checks[event.name] = event

    return Kept(Run(url, options or Options(), [keep]).execute(), checks)


@pytest.fixture(scope="session")
def judge() -> Callable[..., Kept]:
    return run


@pytest.fixture(scope="session")
def reference() -> Iterator[str]:
    """The URL of a reference server that wants a key."""
    with spawn_server("--key", KEY) as server:
        yield server.url


@pytest.fixture(scope="session")
def full_run(reference: str) -> Kept:
    """One default run against the reference."""
    return run(reference, Options(key=KEY))
