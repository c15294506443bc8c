"""Servers that do not know how to end."""

from typing import Any

from risp.protocol.action.frames import SessionClose
from risp.protocol.action.requirements import closing as rule
from risp.protocol.action.session import State
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.engine import Engine
from risp.reference_impl.action.serving.jobs import Job, Slot
from risp.reference_impl.transport import WebSocketProtocol

from .catalogue import fault, served
from .policies import Leisurely, VerySlow

BUSY = served(VerySlow)


@fault(rule.CLOSE, "closing.close", "Close with code 1000.*1001")
class GoesAway(ServerSession):
    """Closes with 1001 after `session.close`."""

    def on_session_close(self, frame: SessionClose) -> None:
        self.abort()


@fault(rule.CLOSE, "closing.close", "Close with code 1000.*nothing")
class StaysOn(ServerSession):
    """Ends the session after `session.close`, and not the connection."""

    def on_session_close(self, frame: SessionClose) -> None:
        self.disconnected()


@fault(rule.CLOSE_ID_IGNORED, "closing.close_by_another_name", "Close with code 1000.*1008")
class WantsAName(ServerSession):
    """Closes with 1008 if the `session_id` is no string."""

    def on_session_close(self, frame: SessionClose) -> None:
        super().on_session_close(frame)
        if not isinstance(frame.session_id, str):
            self.close(1008)


@fault(rule.CLOSE_WITH_PENDING, "closing.close_with_pending", "code 1000.*nothing", served=BUSY)
class FinishesFirst(ServerSession):
    """Answers all that waits before it closes."""

    def on_session_close(self, frame: SessionClose) -> None:
        if self.slots:
            self.ends = self.last_sign + 3600
        else:
            super().on_session_close(frame)


@fault(rule.CLOSE_HANDSHAKE, "closing.close_frame", "a Close within 1 s.*(the end|nothing)")
class HangsUp(WebSocketProtocol):
    """Ends the connection without a Close of its own."""

    def handle_close(self, event: Any) -> None:
        self.conn.data_to_send()
        super().handle_close(event)


@fault(
    rule.ABRUPT_END,
    "closing.abrupt_end",
    "action_chunk.*inference_failed",
    served=served(VerySlow, answer_timeout_ms=500),
)
class LosesAWorker(Engine):
    """Waits for ever for a client that is gone, with the policy in its hand."""

    def forget(self, session: Any) -> None:
        super().forget(session)
        if session.session.running:
            self.free -= 1


class Retires(ServerSession):
    """Announces its end with the second inference, for in 0.5 s: legal at any time."""

    def start(self, slot: Slot, now: float) -> Job:
        if self.books.state is State.OPEN and slot.seq:
            self.shutdown("maintenance", 0.5, now)
        return super().start(slot, now)


ENDS = "observation.step_prompt"


@fault(rule.ANNOUNCE, "closing.announced", "session.closing before it.*1001", during=ENDS)
class LeavesUnannounced(Retires):
    """Shuts down without a word."""

    def shutdown(self, reason: Any, time_left_s: float, now: float) -> None:
        self.abort()


@fault(
    rule.ANSWER_BEFORE_END,
    "closing.answered_before_end",
    "an answer to observation 1.*none before the end",
    during="queue.within_room",
    served=served(Leisurely, max_in_flight=8),
)
class ForgetsWhatItOwes(Retires):
    """Announces its end and ends, with answers owed."""

    def check_end(self, now: float) -> None:
        if self.ends is not None:
            self.abort()


@fault(
    rule.REFUSE_NEW,
    "closing.new_ones_refused",
    "error shutting_down.*action_chunk",
    during=ENDS,
    served=served(VerySlow),
)
class CannotStop(Retires):
    """Takes new observations after it has announced its end."""

    def check_closing(self) -> None:
        pass


@fault(rule.END_CODE, "closing.end_code", "a Close with 1001.*code 1000", during=ENDS)
class EndsAsIfAsked(Retires):
    """Closes with 1000 after it has announced its end."""

    def check_end(self, now: float) -> None:
        if self.ends is not None and not self.owes():
            self.close(1000)


@fault(rule.NEW_CONNECTION_NEW_SESSION, "closing.new_connection", "action_chunk.*out_of_order")
class CountsOn(ServerSession):
    """Counts `seq` on from one connection to the next."""

    last: Any = None

    def connected(self, now: float) -> None:
        before, type(self).last = type(self).last, self
        self.books.last_seq = before.books.last_seq if before else -1
