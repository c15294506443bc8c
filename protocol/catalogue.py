"""Every profile, and finding a thing in it by its name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from .action.profile import ACTION
from .frame import Frame
from .live.codes import HttpCode
from .live.endpoint import Endpoint
from .live.profile import LIVE
from .profile import ErrorCode, Profile
from .requirement import Requirement

PROFILES: tuple[Profile, ...] = (ACTION, LIVE)
"""The profiles, in the order in which they are listed."""

Thing = Requirement | ErrorCode | Endpoint | type[Frame]

_QUOTED = re.compile(r"`([^`]+)`")


def profile_named(name: str) -> Profile:
    """The profile of a name; raises KeyError for one that there is not."""
    return {profile.name: profile for profile in PROFILES}[name]


def find(name: str) -> list[tuple[Profile, Thing]]:
    """Find whatever is called so, whatever its case: each once, none if nothing is.

    A name is a requirement's id, an error code, a frame's tag or class, or of an endpoint its name,
    its path, or its method and path.
    """
    found: list[tuple[Profile, Thing]] = []
    for known, profile, thing in _things():
        if known.lower() == name.lower() and not any(thing is one for _, one in found):
            found.append((profile, thing))
    return found


def nearest(name: str) -> list[str]:
    """Up to three known names that look like this one."""
    known = {known.lower(): known for known, _, _ in _things()}
    return [known[match] for match in difflib.get_close_matches(name.lower(), known, n=3)]


def codes_in(profile: Profile, rule: Requirement) -> list[ErrorCode]:
    """The error codes that a rule's sentence names."""
    words = _QUOTED.findall(rule.sentence)
    return [code for name, code in profile.codes.items() if name in words]


def rules_that_name(profile: Profile, *words: str) -> list[Requirement]:
    """The rules whose sentence holds one of the words in backquotes."""
    return [
        rule
        for rule in profile.requirements.values()
        if not set(words).isdisjoint(_QUOTED.findall(rule.sentence))
    ]


def rules_of_endpoint(profile: Profile, endpoint: Endpoint) -> list[Requirement]:
    """The rules that name an endpoint, in full or with `...` for the beginning of its path."""

    def named(word: str) -> bool:
        method, _, path = word.partition(" ")
        if method != endpoint.method or not path:
            return False
        short = path.startswith("...") and endpoint.path.endswith(path[3:])
        return path == endpoint.path or short

    rules = profile.requirements.values()
    return [rule for rule in rules if any(map(named, _QUOTED.findall(rule.sentence)))]


def page_of_code(profile: Profile, code: ErrorCode) -> str:
    """The page within the documentation where a code stands in its table."""
    words = ("http",) if isinstance(code, HttpCode) else ("error", "channels")
    word = next(word for word in words if word in profile.sections)
    return f"spec/{profile.name}/{word}.md"


def _things() -> Iterator[tuple[str, Profile, Thing]]:
    for profile in PROFILES:
        for tag, frame in profile.frames.items():
            yield tag, profile, frame
            yield tag.removeprefix("runtime."), profile, frame
            yield frame.__name__, profile, frame
        for code in profile.codes.values():
            yield code.code, profile, code
        for rule in profile.requirements.values():
            yield rule.id, profile, rule
        for endpoint in profile.endpoints:
            yield endpoint.name, profile, endpoint
            yield f"{endpoint.method} {endpoint.path}", profile, endpoint
            yield endpoint.path, profile, endpoint
