"""What happens in a run, as a stream that feeds every reporter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from risp.protocol.requirement import Requirement

from .diagnosis import Diagnosis, Exit
from .subject import Subject
from .transcript import Transcript
from .verdict import Finding, Verdict


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins."""

    target: str
    """The target's URL, redacted."""
    seed: int
    slow: bool
    partial: bool = False
    """Whether the user chose some of the requirements."""


@dataclass(frozen=True, slots=True)
class DiscoveryFinished:
    """The first conversation is over, whatever it came to."""

    transcript: Transcript


@dataclass(frozen=True, slots=True)
class TargetFound:
    """The first conversation succeeded."""

    subject: Subject
    checks: int
    """How many checks will run."""


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """A check begins."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class CheckFinished:
    """A check is over."""

    name: str
    title: str
    requirements: tuple[Requirement, ...]
    verdict: Verdict
    reason: str
    """Why, where the verdict is neither pass nor a finding."""
    findings: tuple[Finding, ...]
    """What its conversation showed to be broken, by its script and by monitors."""
    transcript: Transcript
    seconds: float
    retried: bool = False
    """Whether it was held a second time because a clock had decided against the target."""
    seen: Mapping[str, int] = field(default_factory=dict[str, int])
    """By the monitor's name: how often it saw what it judges without finding fault."""
    did_not_infer: bool = False
    """Whether it ended at an observation that met with what may befall any."""


@dataclass(frozen=True, slots=True)
class RequirementJudged:
    """What the whole run says of one requirement."""

    requirement: Requirement
    verdict: Verdict
    reason: str
    checks: tuple[str, ...]
    """The checks and monitors that judged it."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run is over."""

    exit_code: Exit
    complete: bool
    """Whether every applicable MUST of the run was judged."""
    requirements: tuple[RequirementJudged, ...]
    seconds: float
    diagnosis: Diagnosis | None = None


RunEvent = RunStarted | DiscoveryFinished | TargetFound | CheckStarted | CheckFinished | RunFinished
Reporter = Callable[[RunEvent], None]
