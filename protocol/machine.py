"""State machines as tables.

1. A table is data: rows of source, move, target, and the requirement that says so.
2. There is no role in it. A frame knows its sender, so one table serves both sides.
3. There are no side effects in it, and no clock: who needs time passes it in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from .requirement import Requirement


class Sender(StrEnum):
    """Which side of a session puts a frame on the wire."""

    CLIENT = "client"
    SERVER = "server"


class Move(NamedTuple):
    """What moves a machine: a kind of frame, and the case of it where a kind has several."""

    frame: str
    """The wire name of the frame's type, as in `session.open`."""
    sender: Sender
    """Who sends it."""
    case: str = ""
    """For a frame whose effect depends on a member: which case, as in `fatal`."""

    def __str__(self) -> str:
        return f"{self.frame} ({self.case})" if self.case else self.frame


StateT = TypeVar("StateT", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Row(Generic[StateT]):
    """One legal move."""

    source: StateT
    move: Move
    target: StateT
    why: Requirement
    """The requirement that makes the move legal."""


class Machine(Generic[StateT]):
    """A table of rows, asked by state and move. Raises ValueError for two rows of one key."""

    def __init__(self, initial: StateT, rows: Iterable[Row[StateT]]) -> None:
        self.initial = initial
        self.rows = tuple(rows)
        self._by_key = {(row.source, row.move): row for row in self.rows}
        if len(self._by_key) != len(self.rows):
            raise ValueError("two rows share a source and a move")
        self.moves = tuple(dict.fromkeys(row.move for row in self.rows))
        """Every move that is legal somewhere, in the table's order."""

    def find(self, state: StateT, move: Move) -> Row[StateT] | None:
        """The row for a move, or None where the move is illegal."""
        return self._by_key.get((state, move))

    def legal(self, state: StateT, sender: Sender) -> tuple[Move, ...]:
        """The moves a side may make in a state."""
        return tuple(
            row.move for row in self.rows if row.source == state and row.move.sender == sender
        )

    def illegal(self, state: StateT, sender: Sender) -> tuple[Move, ...]:
        """The moves a side can make elsewhere, but not in this state."""
        legal = self.legal(state, sender)
        return tuple(m for m in self.moves if m.sender == sender and m not in legal)

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram; client moves carry `C:`, server moves `S:`."""
        # One arrow per pair of states: of several arrows from a state to itself, one is drawn.
        arrows: dict[tuple[StateT, StateT], list[str]] = {}
        for row in self.rows:
            move = f"{row.move.sender[0].upper()}: {row.move}"
            arrows.setdefault((row.source, row.target), []).append(move)
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        lines += [f"    {a} --> {b}: {'<br>'.join(moves)}" for (a, b), moves in arrows.items()]
        sources = {row.source for row in self.rows}
        ends = dict.fromkeys(row.target for row in self.rows if row.target not in sources)
        lines += [f"    {state} --> [*]" for state in ends]
        return "\n".join(lines) + "\n"
