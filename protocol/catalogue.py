"""Every profile, and finding a thing in it by its name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from .action.profile import ACTION
from .frame import Frame
from .live.profile import LIVE
from .profile import ErrorCode, Profile
from .requirement import Requirement

PROFILES: tuple[Profile, ...] = (ACTION, LIVE)
"""The profiles, in the order in which they are listed."""

Thing = Requirement | ErrorCode | type[Frame]

_QUOTED = re.compile(r"`([^`]+)`")


def find(name: str) -> tuple[Profile, Thing] | None:
    """Find a requirement id, an error code or a frame (by tag or class), whatever its case."""
    return {known.lower(): (profile, thing) for known, profile, thing in _things()}.get(
        name.lower()
    )


def nearest(name: str) -> list[str]:
    """Up to three known names that look like this one."""
    known = {known.lower(): known for known, _, _ in _things()}
    return [known[match] for match in difflib.get_close_matches(name.lower(), known, n=3)]


def codes_in(profile: Profile, rule: Requirement) -> list[ErrorCode]:
    """The error codes that a rule's sentence names."""
    words = _QUOTED.findall(rule.sentence)
    return [code for name, code in profile.codes.items() if name in words]


def rules_that_name(profile: Profile, word: str) -> list[Requirement]:
    """The rules whose sentence holds a word in backquotes."""
    return [
        rule for rule in profile.requirements.values() if word in _QUOTED.findall(rule.sentence)
    ]


def _things() -> Iterator[tuple[str, Profile, Thing]]:
    for profile in PROFILES:
        for tag, frame in profile.frames.items():
            yield tag, profile, frame
            yield frame.__name__, profile, frame
        for code in profile.codes.values():
            yield code.code, profile, code
        for rule in profile.requirements.values():
            yield rule.id, profile, rule
