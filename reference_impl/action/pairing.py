"""Which answer belongs to which observation, as the client sees it. No I/O, no clock."""

from __future__ import annotations

from risp.protocol.action.limits import DEFAULT_MAX_IN_FLIGHT, MAX_SEQ
from risp.protocol.errors import LocalProtocolError

_REMEMBERED = 1024
"""How many unanswered observations are kept in mind at most: a server may fail to answer some."""


class Pairing:
    """The observations of one session that have no answer yet."""

    def __init__(self) -> None:
        self.next_seq = 0
        """The `seq` of the next observation that does not bring its own."""
        self.fifo = True
        """Whether answers come in the order of the observations."""
        self.room: int | None = DEFAULT_MAX_IN_FLIGHT
        """How many observations may be unanswered; None for no bound."""
        # By seq, in order; false for what the caller has given up.
        self._unanswered: dict[int, bool] = {}
        self._passed = -1
        self._waited_in_vain = False
        self._by_position = False

    @property
    def is_full(self) -> bool:
        """Whether one more observation would be too many (A-CLIENT-9)."""
        return (
            self.room is not None and sum(s > self._passed for s in self._unanswered) >= self.room
        )

    @property
    def awaits(self) -> bool:
        """Whether the caller still wants the answer to any observation."""
        return any(wanted for s, wanted in self._unanswered.items() if s > self._passed)

    def choose(self, seq: int | None) -> int:
        """Give an observation its number; raises LocalProtocolError for a used one (A-CLIENT-2)."""
        if seq is None:
            seq = self.next_seq
        if type(seq) is not int:
            raise LocalProtocolError("invalid_observation", "seq is no integer", pointer="/seq")
        if seq < self.next_seq:
            raise LocalProtocolError(
                "out_of_order",
                f"seq {seq} after {self.next_seq - 1}",
                pointer="/seq",
                hint="leave it out, and the stream counts for you",
            )
        if seq > MAX_SEQ:
            raise LocalProtocolError(
                "invalid_observation", f"seq is greater than {MAX_SEQ}", pointer="/seq"
            )
        return seq

    def sent(self, seq: int) -> None:
        """Expect an answer.

        Whoever sends on after a wait that ended in vain has given up what was waited for: a robot
        must not take a late answer for the one to what it sees now (A-CLIENT-7). Who waits again
        without sending still gets it.
        """
        if self._waited_in_vain:
            self._unanswered = dict.fromkeys(self._unanswered, False)
            self._waited_in_vain = False
        self.next_seq = max(self.next_seq, seq + 1)
        self._unanswered[seq] = True
        if len(self._unanswered) > _REMEMBERED:
            del self._unanswered[next(iter(self._unanswered))]

    def waited_in_vain(self) -> None:
        """A wait for an answer ran into its deadline."""
        self._waited_in_vain = bool(self._unanswered)

    def answered(self, seq: int | None) -> bool:
        """Take an answer into the books; tells whether the caller awaits it (A-CLIENT-7).

        Without a `seq`, which deployed servers leave out, it answers the oldest.
        """
        if seq is None:
            self._by_position = True
            seq = next((one for one in self._unanswered if one > self._passed), None)
        if seq is None or seq not in self._unanswered:
            return False
        if self.fifo:
            # Answers come in order, so that older observations no longer count as unanswered; but
            # if a server mixes them up, each still finds its own.
            self._passed = max(self._passed, seq)
        return self._unanswered.pop(seq)

    def failed_without_seq(self) -> None:
        """An error came that does not say which observation it answers, if any.

        It answers the oldest where the server pairs by position, and none where it knows `seq`.
        """
        if self._by_position:
            self.answered(None)
