"""Servers that are wrong about what waits."""

from typing import Any

from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import ActionChunk, ClientFrame, SessionOpen
from risp.protocol.action.requirements import queue as rule
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.jobs import Slot
from risp.reference_impl.action.serving.speaking import Refused

from .catalogue import fault, served
from .policies import Slow
from .tamper import Tree, read_as

SLOW = served(Slow)
ONLY_FIFO = served(capabilities=frozenset(Capability) - {Capability.QUEUE_LATEST})


@fault(
    rule.ORDER,
    ("queue.order", "queue.in_order"),
    "in the order .*saw|before that to.*the other way round",
    served=SLOW,
)
class AnswersWhatIsDone(ServerSession):
    """Sends answers as they come, refusals first."""

    def leaving(self) -> list[Slot]:
        return [slot for slot in self.slots if slot.answer is not None]


@fault(rule.ORDER, "queue.order_of_repeats", "in the order .*saw", served=SLOW)
class AnswersRepeatsAtOnce(ServerSession):
    """Sends the chunk of a repeat before the answers that are owed from before it."""

    def leaving(self) -> list[Slot]:
        leaving = super().leaving()
        known = [s for s in self.slots if s not in leaving and s.answer and s.started is None]
        return leaving + [s for s in known if isinstance(s.answer, ActionChunk)]


@fault(rule.FIFO_IF_ABSENT, "queue.fifo_if_absent", 'queue `fifo`.*"latest"')
class PrefersTheLatest(ServerSession):
    """Serves `latest` to who has not asked for it."""

    def choose_queue(self, frame: SessionOpen) -> str:
        return frame.queue or "latest"


@fault(
    rule.NOTHING_SUPERSEDED,
    "queue.nothing_superseded",
    "nothing superseded in fifo",
    during="queue.within_room",
    served=SLOW,
)
class SupersedesInFifo(ServerSession):
    """Drops what waits when something newer comes, in `fifo` too."""

    def accept(self, slot: Slot, now: float) -> None:
        self.supersede(now)
        super().accept(slot, now)


@fault(rule.ROOM, "queue.room", "at least 8.*saw 4.*/limits/max_in_flight", during="action.chunk")
class HasRoomForFour(ServerSession):
    """Declares room for four."""

    def describe(self, frame: SessionOpen, now: float) -> dict[str, Any]:
        described = super().describe(frame, now)
        limits = described["limits"].model_copy(update={"max_in_flight": 4})
        return described | {"limits": limits}


@fault(
    rule.WITHIN_ROOM,
    ("queue.within_room", "queue.room_kept"),
    "room for 8.*(too_many_in_flight|refused at 8)",
    served=served(Slow, max_in_flight=8),
)
class CountsOneTooMany(ServerSession):
    """Takes one observation less than it declares."""

    def admit(self, unanswered: int) -> None:
        super().admit(unanswered + 1)


@fault(rule.UNKNOWN_QUEUE, "queue.unknown_queue", "invalid_open.*session.ready")
class TakesAnyQueue(ServerSession):
    """Takes an unknown queue mode for `fifo`."""

    def decode(self, text: str) -> ClientFrame:
        def change(tree: Tree) -> None:
            if isinstance(tree.get("queue"), str) and tree["queue"] != "latest":
                tree["queue"] = "fifo"

        return super().decode(read_as(text, "session.open", change))


@fault(
    rule.LATEST_UNSUPPORTED, "queue.latest_unsupported", 'queue `fifo`.*"latest"', served=ONLY_FIFO
)
class ServesLatestSecretly(ServerSession):
    """Serves `latest` without declaring that it can."""

    def choose_queue(self, frame: SessionOpen) -> str:
        return frame.queue or "fifo"


@fault(
    rule.LATEST_UNSUPPORTED,
    "queue.latest_unsupported",
    "session.ready.*invalid_open",
    served=ONLY_FIFO,
)
class RefusesLatest(ServerSession):
    """Refuses who asks for `latest`, which it does not serve."""

    def check_names(self, frame: SessionOpen) -> None:
        if frame.queue == "latest":
            raise Refused("invalid_open", "no such mode here", pointer="/queue")
        super().check_names(frame)


@fault(rule.SUPERSEDE, "queue.supersede", "superseded.*answered one by one", served=SLOW)
class UsesThemAll(ServerSession):
    """Infers for every observation in `latest` too."""

    def supersede(self, now: float) -> None:
        pass


@fault(rule.NEWEST_WINS, "queue.newest_wins", "the newest.*observation.dropped", served=SLOW)
class PrefersTheOldest(ServerSession):
    """Drops the observation that comes, not the one that waits."""

    def accept(self, slot: Slot, now: float) -> None:
        if self.latest and self.waiting:
            self.drop(slot, "superseded")
            self.flush(now)
        else:
            super().accept(slot, now)
