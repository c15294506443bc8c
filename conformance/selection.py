"""Which checks a run holds, and which requirements it answers for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from risp.protocol.action.profile import ACTION
from risp.protocol.requirement import Level, Requirement, Role, Seen

from .check import CHECKS, MONITORS, Check

SERVER_RULES = {rule.id: rule for rule in ACTION.requirements.values() if rule.role is Role.SERVER}
"""What a server under test answers for."""


def matches(patterns: Sequence[str], names: Iterable[str]) -> bool:
    """Whether a pattern (as in `A-OPEN-*`) fits one of the names, whatever their case."""
    lower = [name.lower() for name in names]
    return any(fnmatchcase(name, pattern.lower()) for pattern in patterns for name in lower)


def names_of(rule: Requirement) -> tuple[str, ...]:
    """By what a rule can be chosen: its id and its section's word."""
    return (rule.id, ACTION.section(rule))


@dataclass(frozen=True, slots=True)
class Selection:
    """The user's choice out of everything there is."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    slow: bool = False

    def unknown(self) -> list[str]:
        """Patterns that fit nothing at all."""
        return [p for p in (*self.only, *self.skip) if not self._fits_anything(p)]

    def _fits_anything(self, pattern: str) -> bool:
        names = [*CHECKS, *(n for rule in SERVER_RULES.values() for n in names_of(rule))]
        return matches((pattern,), names)

    def rules(self) -> list[Requirement]:
        """The requirements that the run answers for."""
        chosen = {
            rule.id
            for check in CHECKS.values()
            if matches(self.only, (check.name,)) and not matches(self.skip, (check.name,))
            for rule in check.requirements
        }
        return [
            rule
            for rule in SERVER_RULES.values()
            if (not self.only or rule.id in chosen or matches(self.only, names_of(rule)))
            and not self.leaves_out(rule)
        ]

    def leaves_out(self, rule: Requirement) -> bool:
        """Whether the user does not want to hear of a requirement."""
        return matches(self.skip, names_of(rule))

    def checks(self, declares: frozenset[str]) -> list[Check]:
        """The checks to hold on a target that declares these facts."""
        rules = {rule.id for rule in self.rules() if applies(rule, declares)}
        if not self.slow:
            rules = {id_ for id_ in rules if SERVER_RULES[id_].seen is not Seen.SLOW}
        watched = rules & {monitor.requirement.id for monitor in MONITORS}
        scripted = {rule.id for check in CHECKS.values() for rule in check.requirements}
        # What only monitors judge shows in whatever conversation is held: hold them all.
        everything = bool(watched - scripted)
        order = {id_: place for place, id_ in enumerate(SERVER_RULES)}
        return [
            check
            for check in sorted(
                CHECKS.values(), key=lambda c: (order[c.requirements[0].id], c.explores)
            )
            if not matches(self.skip, (check.name,))
            and (
                (self.only and matches(self.only, (check.name,)))
                or any(rule.id in rules for rule in check.requirements)
                or (everything and self._holds(check, declares))
            )
        ]

    def _holds(self, check: Check, declares: frozenset[str]) -> bool:
        return any(
            applies(rule, declares) and (self.slow or rule.seen is not Seen.SLOW)
            for rule in check.requirements
        )


def applies(rule: Requirement, declares: frozenset[str]) -> bool:
    """Whether a rule binds a target that declares these facts, and a wire can show it."""
    return rule.seen is not Seen.OFF_WIRE and (not rule.needs or rule.needs in declares)


def counts(rule: Requirement, slow: bool) -> bool:
    """Whether a run has to judge a rule to be complete."""
    due = (Seen.PROVOKED, Seen.DECLARED, *((Seen.SLOW,) if slow else ()))
    return rule.level is Level.MUST and rule.seen in due
