"""A requirement: one sentence with one RFC 2119 keyword, and how it comes to be seen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How binding a requirement is (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Role(StrEnum):
    """Who has to keep a requirement."""

    SERVER = "server"
    CLIENT = "client"


class Seen(StrEnum):
    """How a judge comes to see whether a requirement is kept."""

    PROVOKED = "provoked"
    """The judge makes it happen, on any target."""
    DECLARED = "declared"
    """The judge makes it happen, if the target declares what it is about."""
    OBSERVED = "observed"
    """Judged whenever it occurs; nothing in the protocol lets a judge force it."""
    SLOW = "slow"
    """Provoked, but its clock runs longer than five seconds."""
    OFF_WIRE = "off-wire"
    """No wire shows it; a test of the reference stands in its place."""


_KEYWORD = re.compile(r"\b(MUST NOT|MUST|SHOULD NOT|SHOULD|MAY)\b")
_ID = re.compile(r"^(?P<profile>[A-Z])-(?P<section>[A-Z]+)-(?P<number>[1-9][0-9]*)$")


@dataclass(frozen=True, slots=True, kw_only=False)
class Requirement:
    """One rule of the protocol. Raises ValueError for a sentence without exactly one keyword."""

    id: str
    """Profile letter, section and number, as in `A-OPEN-2`; never reused."""
    sentence: str
    """The rule itself, with exactly one RFC 2119 keyword in capitals."""
    seen: Seen = Seen.PROVOKED
    """How a judge comes to see it."""
    role: Role = Role.SERVER
    """Who has to keep it."""
    needs: str = ""
    """For `declared`, and some `slow`: what the target has to declare, from `declares`."""
    reason: str = ""
    """For `off-wire`: why no wire shows it. For `slow`: which clock is waited for."""

    def __post_init__(self) -> None:
        if not _ID.match(self.id):
            raise ValueError(f"{self.id}: an id reads like A-OPEN-2")
        found = _KEYWORD.findall(self.sentence)
        if len(found) != 1:
            raise ValueError(f"{self.id}: one keyword per sentence, not {found}")
        if self.seen is Seen.DECLARED and not self.needs:
            raise ValueError(f"{self.id}: the class declared goes with `needs`")
        if self.needs and self.seen not in (Seen.DECLARED, Seen.SLOW):
            raise ValueError(f"{self.id}: `needs` goes with the classes declared and slow")
        if (self.seen in (Seen.OFF_WIRE, Seen.SLOW)) != bool(self.reason):
            raise ValueError(f"{self.id}: `reason` goes with off-wire and slow, and only with them")

    @property
    def keyword(self) -> str:
        """The keyword as written: `MUST`, `MUST NOT`, `SHOULD`, `SHOULD NOT` or `MAY`."""
        return str(_KEYWORD.findall(self.sentence)[0])

    @property
    def level(self) -> Level:
        """How binding it is; `MUST NOT` is as binding as `MUST`."""
        return Level(self.keyword.removesuffix(" NOT"))

    @property
    def section(self) -> str:
        """The middle part of the id, as in `OPEN`."""
        match = _ID.match(self.id)
        assert match is not None, "checked when it was made"
        return match["section"]

    def __str__(self) -> str:
        return f"{self.id} {self.sentence}"
