"""What a profile of the protocol is made of, for all that lists, explains or draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .frame import Frame
from .machine import Machine, Row
from .requirement import Requirement

if TYPE_CHECKING:
    from .live.endpoint import Endpoint


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One row of an error table."""

    code: str
    meaning: str
    """When a server sends it, in one sentence."""
    remedy: str
    """What a client does about it."""
    fatal: bool = False
    """Whether the session ends with it."""
    retryable: bool = False
    """Whether the same request may succeed later."""
    close: tuple[int, ...] = ()
    """The close codes that may follow; the first is the one to send. Empty: none follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One profile: its rules by section, its frames, its error codes, its session table."""

    name: str
    """The word in file names, as in `action`."""
    title: str
    """The line under which it is published."""
    sections: Mapping[str, ModuleType]
    """Requirement modules by the word of their section, in the order of the specification."""
    requirements: Mapping[str, Requirement]
    """Every rule by id, in the same order."""
    frames: Mapping[str, type[Frame]]
    """Every frame by its tag, the client's first."""
    codes: Mapping[str, ErrorCode]
    """Every error code, in the order of the specification."""
    machines: Mapping[str, Machine[Any]]
    """The tables of its states, that of a session first, by what they are the states of."""
    endpoints: tuple[Endpoint, ...] = ()
    """Its HTTP endpoints."""

    @property
    def rows(self) -> list[Row[Any]]:
        """The moves of all tables."""
        return [row for machine in self.machines.values() for row in machine.rows]

    def section(self, rule: Requirement) -> str:
        """The word of the section that a rule stands in."""
        return next(word for word, module in self.sections.items() if rule in vars(module).values())

    def page(self, rule: Requirement) -> str:
        """Where the specification says it: the page within the documentation, and the anchor."""
        return f"spec/{self.name}/{self.section(rule)}.md#{rule.id.lower()}"
