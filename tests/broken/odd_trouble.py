"""Odd but legal servers: what may befall an observation at any time, and what they say of it."""

from typing import Any

from risp.conformance.json_values import listing
from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import Error
from risp.protocol.action.session import State
from risp.reference_impl.action.policy import Step
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.jobs import Slot
from risp.reference_impl.action.serving.speaking import Refused
from risp.reference_impl.action.toy import ToyPolicy

from . import asking
from .catalogue import served
from .forbid import answers, errors
from .oddity import ODD, Odd, odd
from .policies import Slow

WILD = 1e6
WAITING = served(Slow)


@odd(errors("every rate borne", lambda tree: tree["code"] != "rate_limited"))
class SendsSomeAway(ServerSession):
    """Has no time for every tenth observation."""

    came = 0

    def admit(self, unanswered: int) -> None:
        type(self).came += 1
        if self.came % 10 == 0:
            raise Refused("rate_limited", "not so fast")
        super().admit(unanswered)


class Fickle(ToyPolicy):
    """Fails at every tenth observation."""

    came = 0

    def infer(self, step: Step) -> list[list[float]]:
        self.came += 1
        if self.came % 10 == 0:
            raise RuntimeError("not now")
        return super().infer(step)


class Timid(ToyPolicy):
    """Fails at what no joint can be."""

    def infer(self, step: Step) -> list[list[float]]:
        if is_wild(step.state):
            raise RuntimeError("nowhere near a joint")
        return super().infer(step)


def is_wild(state: Any) -> bool:
    """Whether a `state` holds a number that is no joint's."""
    numbers = [number for number in listing(state) if isinstance(number, int | float)]
    return any(abs(number) > WILD for number in numbers)


def _is_inferred(one: Any, tree: dict[str, Any], ready: dict[str, Any]) -> bool:
    return tree.get("code") != "inference_failed" or is_wild(one.tree.get("state"))


def _is_inferred_if_wild(one: Any, tree: dict[str, Any], ready: dict[str, Any]) -> bool:
    return tree.get("code") != "inference_failed" or not is_wild(one.tree.get("state"))


ODD += [
    Odd("fickle", ServerSession, (answers("no failure at joints", _is_inferred),), served(Fickle)),
    Odd(
        "timid", ServerSession, (answers("none at all else", _is_inferred_if_wild),), served(Timid)
    ),
]


@odd(
    errors("nothing of its troubles", lambda tree: tree["code"] != "x_low_battery"),
    also=frozenset({"SaysWhyBefore1009"}),
)
class TellsItsTroubles(ServerSession):
    """Sends an error of its own, which answers nothing, after each frame of an open session."""

    def put(self, message: str | bytes) -> None:
        super().put(message)
        if self.books.state in (State.OPEN, State.CLOSING):
            super().put(
                '{"type":"error","code":"x_low_battery","message":"20 % left",'
                '"fatal":false,"retryable":true}'
            )


@odd(errors("a message that leads nowhere", lambda tree: "/app/help" not in tree["message"]))
class PointsToItsHelp(ServerSession):
    """Says in errors where to read on: addresses that are no paths of a file system."""

    def make_error(self, code: str, message: str, **members: Any) -> Error:
        more = "see /app/help/me, /var/api/x or https://vendor.example/tmp/1/usr/lib/e.js"
        return super().make_error(code, f"{message} ({more})", **members)


def _was_not_too_old(one: Any, tree: dict[str, Any], ready: dict[str, Any]) -> bool:
    return ready.get("queue") != "latest" or tree.get("reason") != "expired"


@odd(
    answers("superseded in `latest`", _was_not_too_old),
    served=WAITING,
    beside=WAITING,
    asks=(asking.overtakes_what_is_old,),
)
class CallsTheOvertakenOld(ServerSession):
    """Says `expired` of what is too old and overtaken as well."""

    def drop(self, slot: Slot, reason: Any) -> None:
        is_old = slot.observation is not None and slot.observation.max_age_ms == 0
        super().drop(
            slot, "expired" if is_old and Capability.MAX_AGE in self.capabilities else reason
        )
