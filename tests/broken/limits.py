"""Servers that keep no limits and no clocks."""

from typing import Any

from risp.protocol.action.codes import GOING_AWAY
from risp.protocol.action.requirements import limits as rule
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.engine import Engine
from risp.reference_impl.action.serving.gate import Gate
from risp.reference_impl.action.serving.jobs import Job, run
from risp.reference_impl.transport import WebSocketProtocol

from .catalogue import fault, served
from .policies import VerySlow

SMALL = served(max_frame_bytes=20_000)
BUSY = served(VerySlow, max_in_flight=20)
IDLE = served(idle_timeout_ms=1200)


@fault(rule.TOO_BIG_CLOSES, "limits.one_byte_too_many", "code 1009.*action_chunk", served=SMALL)
class TakesMoreThanItDeclares(Gate):
    """Takes messages over the declared limit."""

    def max_message(self) -> int:
        return 2 * super().max_message()


@fault(rule.LARGE_ACCEPTED, "limits.as_large_as_allowed", "action_chunk.*code 1009", served=SMALL)
class TakesLessThanItDeclares(Gate):
    """Takes one byte less than declared."""

    def max_message(self) -> int:
        return super().max_message() - 1


@fault(rule.PING, "limits.ping", "a pong.*within 1.5 s.*nothing", served=BUSY, slow=True)
@fault(
    rule.OTHERS_SERVED,
    "limits.others_served",
    "another session opened while.*after 2",
    served=BUSY,
    slow=True,
)
class InfersOnTheLoop(Engine):
    """Infers where it should listen."""

    def _start(self, session: Any, job: Job) -> None:
        self._finish(session, job, run(self.policy, job))


@fault(rule.IDLE_CLOSES, "limits.idle", "idle_timeout.*Close with code 1001", served=IDLE)
class LeavesWithoutAWord(ServerSession):
    """Closes an idle session without the error."""

    def check_idle(self, now: float) -> None:
        if not self.owes() and now >= self.idle_due():
            self.close(GOING_AWAY)


@fault(rule.IDLE_CLOSES, "limits.idle", "the end after 1.2 s.*after 0", served=IDLE)
class HasNoPatience(ServerSession):
    """Ends an idle session sooner than it declares."""

    def idle_due(self) -> float:
        return self.last_sign + 0.2


@fault(rule.IDLE_CLOSES, "limits.idle", "idle_timeout.*nothing", served=IDLE, slow=True)
class NeverTires(ServerSession):
    """Keeps an idle session for ever."""

    def idle_due(self) -> float:
        return self.last_sign + 3600


@fault(rule.PONGS_OPTIONAL, "limits.pongs_optional", "action_chunk.*(code 1011|the end)", slow=True)
class WantsPongs(Gate):
    """Drops who answers no pings."""

    pings_every_s = 2.0


@fault(rule.PONG_CONTENT, "limits.pong_content", "a pong with the payload.*nothing")
class PongsEmptily(WebSocketProtocol):
    """Answers pings without their payload."""

    def handle_ping(self) -> None:
        self.conn.data_to_send()
        self.conn.send_pong(b"")
        super().handle_ping()
