"""What `risp test` and the pytest plugin have in common: files of members, and the line again."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .json_values import mapping


def members(path: str | None, option: str) -> dict[str, Any]:
    """A JSON object out of a file, none if there is no path; raises ValueError with the option."""
    if path is None:
        return {}
    try:
        tree: Any = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{option} {path}: {error}") from None
    if not isinstance(tree, dict):
        raise ValueError(f"{option} {path}: holds no JSON object, but {type(tree).__name__}")
    return mapping(tree)


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

    def open_members(self) -> dict[str, Any]:
        """Members to merge into `session.open`; raises ValueError."""
        return members(self.open_file, "--open") | ({"model": self.model} if self.model else {})

    def observation_members(self) -> dict[str, Any]:
        """Members to merge into every observation; raises ValueError."""
        return members(self.observation_file, "--observation")

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
