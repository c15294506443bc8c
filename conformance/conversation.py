"""One connection of a transcript, as a monitor reads it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from risp.protocol.action.codes import CODES, VENDOR_PREFIX
from risp.protocol.action.limits import MAX_SEQ

from .json_values import integer, mapping
from .transcript import Event, Kind, Transcript, Way

ANSWERS = ("action_chunk", "observation.dropped")
"""Frames that are always the answer to an observation."""
OBSERVATION_CODES = frozenset(
    {
        "invalid_observation",
        "invalid_image",
        "out_of_order",
        "duplicate_request",
        "too_many_in_flight",
        "rate_limited",
        "inference_failed",
        "budget_exceeded",
        "shutting_down",
    }
)
"""Error codes that always answer an observation, whether or not they carry a `seq`."""
PASSING_CODES = frozenset({"rate_limited", "inference_failed", "budget_exceeded"})
"""Error codes that a sound observation may meet at any time: next time it may meet with a chunk."""
assert set(CODES) >= OBSERVATION_CODES >= PASSING_CODES


@dataclass
class Asked:
    """An observation that the kit sent."""

    index: int
    event: Event
    tree: dict[str, Any]
    is_sloppy: bool = False
    """Whether only a lenient parser reads it: then it may be answered, or refused as no frame."""
    answers: list[tuple[int, Event]] = field(default_factory=list[tuple[int, Event]])

    @property
    def seq(self) -> int | None:
        """Its `seq`, if it is valid."""
        value = integer(self.tree.get("seq"))
        return value if value is not None and 0 <= value <= MAX_SEQ else None


@dataclass
class Conversation:
    """The events of one connection with their places in the transcript."""

    events: list[tuple[int, Event]]
    """Every event of the connection, with its index in the transcript."""

    @classmethod
    def all(cls, transcript: Transcript) -> list[Conversation]:
        """The connections of a transcript."""
        return [cls(events) for events in transcript.by_channel().values()]

    @cached_property
    def received(self) -> list[tuple[int, Event]]:
        """Messages of the server."""
        return [
            (index, event)
            for index, event in self.events
            if event.way is Way.IN and (event.kind is Kind.TEXT or event.kind is Kind.BINARY)
        ]

    @cached_property
    def _by_type(self) -> dict[str, list[tuple[int, dict[str, Any]]]]:
        found: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
        for index, event in self.received:
            if event.frame_type is not None and event.tree is not None:
                found[event.frame_type].append((index, event.tree))
        return dict(found)

    def frames(self, frame_type: str) -> Sequence[tuple[int, dict[str, Any]]]:
        """The server's frames of one type."""
        return self._by_type.get(frame_type, ())

    @cached_property
    def response(self) -> tuple[int, Event] | None:
        """The response to the opening handshake."""
        for index, event in self.events:
            if event.way is Way.IN and event.kind is Kind.HANDSHAKE:
                return index, event
        return None

    @cached_property
    def opening(self) -> dict[str, Any] | None:
        """The first `session.open` that the kit sent."""
        for _, event in self.events:
            if event.way is Way.OUT and event.frame_type == "session.open":
                return event.tree
        return None

    @cached_property
    def ready(self) -> dict[str, Any]:
        """`session.ready`; empty if there was none."""
        return next((tree for _, tree in self.frames("session.ready")), dict[str, Any]())

    @property
    def fifo(self) -> bool:
        """Whether answers come in the order of the observations."""
        return self.ready.get("queue") != "latest"

    def limit(self, name: str, default: int) -> int:
        """A declared limit."""
        value = integer(mapping(self.ready.get("limits")).get(name))
        return default if value is None else value

    @cached_property
    def closed_at(self) -> float:
        """When the duty to answer ended, in seconds: a close by either side, or the last event."""
        for _, event in self.events:
            if event.kind in (Kind.CLOSE, Kind.END) or event.frame_type == "session.close":
                return event.at / 1e9
        return self.events[-1][1].at / 1e9 if self.events else 0.0

    @cached_property
    def over_by_kit(self) -> bool:
        """Whether the kit ended the conversation, so that open answers were no longer owed."""
        for _, event in self.events:
            if event.kind in (Kind.CLOSE, Kind.END) or event.frame_type == "session.close":
                return event.way is Way.OUT
        return True

    @cached_property
    def paired(self) -> tuple[list[Asked], list[tuple[int, Event]]]:
        """Observations with their answers, and the answers that belong to none.

        The k-th answer that bears a `seq` belongs to the k-th observation that bore it; an answer
        without one belongs to the oldest observation that could not be named and is unanswered.
        """
        asked: list[Asked] = []
        queues: dict[int | None, list[Asked]] = defaultdict(list)
        stray: list[tuple[int, Event]] = []
        for index, event in self.events:
            tree = event.tree
            is_sloppy = tree is None and event.way is Way.OUT
            if is_sloppy:
                tree = _leniently(event)
            if tree is None:
                continue
            if event.way is Way.OUT and tree.get("type") == "observation" and self.ready:
                one = Asked(index, event, tree, is_sloppy)
                asked.append(one)
                queues[one.seq].append(one)
            elif event.way is Way.IN and is_answer(tree):
                seq = integer(tree.get("seq"))
                # Without a `seq`, position is all that pairs; that it is missing is told elsewhere.
                queue = queues.get(seq) or (asked if seq is None else list[Asked]())
                due = next((one for one in queue if not one.answers), None)
                if due is None and queue:
                    due = queue[-1]
                if due is None:
                    stray.append((index, event))
                else:
                    due.answers.append((index, event))
        return asked, stray


def _leniently(event: Event) -> dict[str, Any] | None:
    """What common parsers make of a text that a strict one refuses (A-ERR-15 to A-ERR-18)."""
    if event.text is None or event.kind is not Kind.TEXT:
        return None
    try:
        tree = json.loads(event.text.removeprefix("\ufeff"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return mapping(tree) or None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def is_aside(tree: dict[str, Any]) -> bool:
    """Whether a frame is a vendor's own error that answers nothing and ends nothing."""
    code = tree.get("code")
    return (
        tree.get("type") == "error"
        and isinstance(code, str)
        and code.startswith(VENDOR_PREFIX)
        and tree.get("fatal") is not True
        and tree.get("seq") is None
    )


def is_answer(tree: dict[str, Any]) -> bool:
    """Whether a frame answers an observation."""
    if tree.get("type") in ANSWERS:
        return True
    if tree.get("type") != "error":
        return False
    return integer(tree.get("seq")) is not None or tree.get("code") in OBSERVATION_CODES
