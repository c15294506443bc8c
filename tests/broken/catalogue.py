"""The catalogue's form: a fault is a class with one override, and what has to be said of it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from risp.protocol.action.requirements import section
from risp.protocol.requirement import Requirement
from risp.reference_impl.action.toy import ToyPolicy

OVERRIDE_LINES = 15
"""Lines that an override may have, its signature among them."""

Class = TypeVar("Class", bound=type)


@dataclass(frozen=True)
class Served:
    """How a server is set up, broken or not: its policy, and what its operator decides."""

    policy: Callable[[], Any] = ToyPolicy
    settings: tuple[tuple[str, Any], ...] = ()

    @property
    def key(self) -> str | None:
        """The key that opens, if one is asked for."""
        keys = dict(self.settings).get("keys")
        return keys[0] if keys else None


def served(policy: Callable[[], Any] = ToyPolicy, **settings: Any) -> Served:
    """A way to be set up."""
    return Served(policy, tuple(sorted(settings.items())))


PLAIN = Served()


@dataclass(frozen=True)
class Fault:
    """One way to break one requirement, and who has to notice it by what."""

    server: type
    """The reference's class with one override."""
    breaks: Requirement
    by: tuple[str, ...]
    """The checks and monitors that have to notice it, each by its name."""
    during: tuple[str, ...]
    """The checks in whose conversations monitors notice it, beyond those in `by`."""
    says: str
    """Matches what was expected and seen, and where: the intended reason."""
    served: Served
    slow: bool
    """Whether to see it takes more than five seconds."""

    @property
    def name(self) -> str:
        """The class's name in words, and the requirement."""
        words = re.sub(r"(?<!^)(?=[A-Z])", "-", self.server.__name__).lower()
        return f"{self.breaks.id}-{words}"

    @property
    def what(self) -> str:
        """What the server does, in one sentence."""
        return (self.server.__doc__ or "").strip().splitlines()[0]

    @property
    def sound(self) -> type:
        """The class without the override."""
        return self.server.__mro__[1]

    @property
    def section(self) -> str:
        """The word of the section of the requirement."""
        return section(self.breaks)

    @property
    def overrides(self) -> dict[str, int]:
        """What the class overrides, and in how many lines."""
        own = {name: value for name, value in vars(self.server).items() if name[:2] != "__"}
        known = {name: value for name, value in own.items() if hasattr(self.sound, name)}
        return {name: _lines(value) for name, value in known.items()}


def _lines(value: Any) -> int:
    """Lines of a method or a property; a value takes one."""
    function = getattr(value, "fget", value)
    return len(inspect.getsource(function).splitlines()) if inspect.isfunction(function) else 1


FAULTS: list[Fault] = []
"""Every fault, in the order of the specification within a section."""


def fault(
    breaks: Requirement,
    by: str | tuple[str, ...],
    says: str,
    *,
    during: str | tuple[str, ...] = (),
    served: Served = PLAIN,
    slow: bool = False,
) -> Callable[[Class], Class]:
    """Enter a class into the catalogue; once for each requirement that it is to be caught by."""
    judges = (by,) if isinstance(by, str) else by
    held = (during,) if isinstance(during, str) else during

    def enter(server: Class) -> Class:
        FAULTS.append(Fault(server, breaks, judges, held, says, served, slow))
        return server

    return enter


EQUIVALENTS: dict[str, str] = {}
"""Requirements, by id, that no fault can break before the kit's eyes, with the reason: none."""
