"""What `risp test` and the pytest plugin have in common: files of members, and the line again."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Merged = Literal["session.open", "observation"]
"""Frames into which a user's members are merged."""
OWN: dict[Merged, tuple[str, ...]] = {
    "session.open": ("type",),
    "observation": ("type", "seq"),
}
"""Members that the kit sets itself, by frame."""
_USER = re.compile(r"(?<=//)[^/?#]*@")
_VALUE = re.compile(r"(?<==)[^&]+|(?<![^&])[^&=]+(?![^&])")


def members(path: str | None, option: str, frame: Merged) -> dict[str, Any]:
    """Members of a frame out of a file, none if there is no path.

    Raises ValueError, in one sentence that names the option: what is wrong in it would otherwise
    show as a defect of the kit's, or of the target's.
    """
    if path is None:
        return {}
    from risp.protocol.codec import parse
    from risp.protocol.errors import DecodeError

    try:
        tree = parse(Path(path).read_bytes())
    except OSError as error:
        raise ValueError(f"{option} {path} cannot be read: {error.strerror}") from None
    except DecodeError as error:
        raise ValueError(f"{option} {path} holds no members of a frame: {error.message}") from None
    own = [name for name in OWN[frame] if name in tree]
    if own:
        names = " and ".join(f"`{name}`" for name in own)
        raise ValueError(f"{option} {path} holds {names}, which the kit sets itself")
    _refuse_unsound(tree, f"{option} {path}", frame)
    return tree


def _refuse_unsound(tree: dict[str, Any], file: str, frame: Merged) -> None:
    """Merge members into a frame that is sound without them; raises ValueError if they spoil it."""
    from random import Random

    from risp.protocol.action.codec import build_client
    from risp.protocol.errors import DecodeError

    from .peers.address import Address
    from .subject import Subject

    nowhere = Subject(Address("ws", "", 0, ""), open_members=tree, observation_members=tree)
    whole = nowhere.open_frame() if frame == "session.open" else nowhere.observation(1, Random(1))
    try:
        build_client(whole)
    except DecodeError as error:
        place = f" at {error.pointer}" if error.pointer else ""
        raise ValueError(f"{file} makes no sound `{frame}`{place}: {error.message}") from None
    for name, value in tree.items():
        try:
            json.dumps(value, allow_nan=False)
        except ValueError:
            # It was read as infinite, and JSON cannot say that.
            raise ValueError(f"{file} holds a number at /{name} that is too large") from None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user typed to have a target judged, as far as it changes what is sent."""

    url: str | None
    command: tuple[str, ...] = ()
    key: str | None = None
    open_file: str | None = None
    observation_file: str | None = None
    model: str | None = None
    slow: bool = False
    seed: int = 0

    def open_members(self, option: str = "--open") -> dict[str, Any]:
        """Members to merge into `session.open`; raises ValueError that names the option."""
        named = {"model": self.model} if self.model else {}
        return members(self.open_file, option, "session.open") | named

    def observation_members(self, option: str = "--observation") -> dict[str, Any]:
        """Members to merge into every observation; raises ValueError that names the option."""
        return members(self.observation_file, option, "observation")

    def target(self) -> str:
        """The target without secrets, told before anything is imported that could parse a URL."""
        if self.url is None:
            return shlex.join(map(self._without_key, self.command))
        address, mark, query = _USER.sub("", self.url).partition("?")
        return f"{address}{mark}{_VALUE.sub('...', query)}"

    def again(self) -> str:
        """The command line that judges the same target again, with the key left to be filled in."""
        words = ["risp", "test", *([self._shown_url()] if self.url else [])]
        words += ["--key", "KEY"] if self.key else []
        for option, value in (
            ("--open", self.open_file),
            ("--observation", self.observation_file),
            ("--model", self.model),
        ):
            words += [option, value] if value else []
        words += ["--slow"] if self.slow else []
        words += ["--seed", str(self.seed)] if self.seed else []
        words += ["--", *map(self._without_key, self.command)] if self.command else []
        return shlex.join(words)

    def _shown_url(self) -> str:
        from .transcript import redact_url

        try:
            return redact_url(self.url or "")
        except ValueError:
            return "URL"  # It is none; the run says so.

    def _without_key(self, word: str) -> str:
        # A server that is started for the run is told the key too: `serve --key s3cret`.
        name, equals, value = word.partition("=")
        if self.key and self.key in (word, value):
            return f"{name}=KEY" if equals else "KEY"
        return word
