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
        own = {k: v for k, v in vars(self.server).items() if k in dir(self.sound)}
        return {
            name: len(inspect.getsource(_function(value)).splitlines())
            if _function(value)
            else 1
            for name, value in own.items()
            if name not in ("__doc__", "__module__", "__slotnames__", "__parameters__")
        }


def _function(value: Any) -> Any:
    found = getattr(value, "fget", value)
    return found if inspect.isfunction(found) else None


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
"""Requirements that no single fault can break before the kit's eyes, with the reason."""


def equivalent(rule: Requirement, reason: str) -> None:
    """State that no fault can be made for a requirement, and why."""
    EQUIVALENTS[rule.id] = reason
