"""Odd but legal servers: other policies, other settings, and fewer capabilities."""

import re
from typing import Any

from risp.conformance.json_values import listing, mapping
from risp.protocol.action.declares import ON_REQUEST, Capability
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.toy import ToyPolicy

from . import asking, forbid
from .catalogue import Served, served
from .forbid import Forbids, Talks, Tree, chunks, endings, readies
from .odd_ends import KEY, KEYED
from .oddity import ODD, Odd
from .policies import Noisy, Seeing

USUAL_JOINTS = 7
USUAL_BYTES = 32 << 20


def without(*names: Capability) -> Served:
    """A server that leaves capabilities out."""
    return served(capabilities=frozenset(Capability) - set(names))


class TakesItsTime(ToyPolicy):
    """Takes 150 ms."""

    def __init__(self) -> None:
        super().__init__(0.15)


class OneRow(ToyPolicy):
    """Makes chunks of one row, and gives it without its brackets."""

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"chunk_size": 1}

    def infer(self, step: Any) -> Any:
        return list(step.state)


class Uneven(ToyPolicy):
    """Makes chunks of one row up to ten."""

    def infer(self, step: Any) -> list[list[float]]:
        return super().infer(step)[: 1 + step.seq % 10]


class SeesByStrangeNames(ToyPolicy):
    """Needs cameras whose names are no words."""

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"cameras": ["left/wrist", "a~b", "カメラ 1", ""]}


class ManyJoints(ToyPolicy):
    """Reads other joints than it moves, and many of them."""

    def describe(self) -> dict[str, Any]:
        about = {"state_dim": 64, "action_dim": 3, "action_names": None}
        return super().describe() | about

    def infer(self, step: Any) -> list[list[float]]:
        return [row[:3] for row in super().infer(step)]


class FeelsNothing(ToyPolicy):
    """Reads no joint at all."""

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"state_dim": 0}

    def infer(self, step: Any) -> list[list[float]]:
        return [[0.0] * 6]


def _rows(tree: Tree) -> int:
    return len(listing(tree.get("actions")))


def _limit(tree: Tree, name: str, default: int) -> int:
    found: int = mapping(tree.get("limits")).get(name, default)
    return found


def only_known_paths(talks: Talks) -> None:
    """There is one path in the world."""
    for talk in talks:
        target = str(talk.events[0][1].info.get("target")).partition("?")[0]
        is_let_in = talk.response is not None and talk.response[1].info["status"] == 101
        if is_let_in and target != "/v1/actions":
            raise forbid.Violation("/v1/actions", target)


def keyed_ones_describe_themselves(talks: Talks) -> None:
    """Who asks for a key has something to say."""
    for talk in talks:
        names = [name for name, _ in talk.events[0][1].info.get("headers", ())]
        if "Authorization" in names and talk.ready and "model" not in talk.ready:
            raise forbid.Violation("a description behind the key", str(talk.ready))


def holds(name: Capability) -> Forbids:
    """A capability is there for who may expect it."""
    return (forbid.holds_for_who_asks if name in ON_REQUEST else forbid.holds_for_all)(name)


FULL = "it has no room for the second session that A-OPEN-20 asks for"
TERSE = frozenset({"A-OPEN-21"})


def _big_is_taken(talk: Any, event: Any) -> bool:
    sent = [len(e.text or "") for _, e in talk.events if e.way == "out"]
    return event.code != 1009 or max(sent) > 1 << 20


ODD += [
    Odd("terse", ServerSession, (readies("a description", lambda t: "model" in t),),
        served(terse=True), warns=TERSE),
    Odd("keyed-and-terse", ServerSession, (keyed_ones_describe_themselves,),
        served(terse=True, keys=(KEY,)), KEYED, also=frozenset({"terse"}), warns=TERSE),
    Odd("in-no-hurry", ServerSession,
        (forbid.within("answers, as a rule,", 0.075, forbid.usual_answer_times),),
        served(TakesItsTime, max_in_flight=8), served(max_in_flight=8),
        also=frozenset({"narrow"}), slow=True),
    Odd("two-at-a-time", ServerSession, (forbid.room_for(2),), served(max_sessions=2),
        asks=(asking.opens_three,)),
    Odd("one-at-a-time", ServerSession, (forbid.room_for(1),), served(max_sessions=1),
        also=frozenset({"two-at-a-time"}), exit_code=3, reason=FULL),
    Odd("noisy", ServerSession, (forbid.equal_states_have_equal_actions,), served(Noisy),
        asks=(asking.says_it_twice,)),
    Odd("three-cameras", ServerSession, (
        readies("no camera needed", lambda t: not t.get("cameras")),
        readies("a usual arm", lambda t: t.get("state_dim", 6) <= USUAL_JOINTS)), served(Seeing)),
    Odd("strange-cameras", ServerSession, (readies("names of cameras that are words",
        lambda t: all(re.fullmatch(r"[a-z_]+", name) for name in t.get("cameras") or ())),),
        served(SeesByStrangeNames),
        also=frozenset({"three-cameras", "SpeaksAnotherLanguage"})),
    Odd("many-joints", ServerSession, (readies("as many joints moved as read",
        lambda t: t.get("state_dim") == t.get("action_dim")),),
        served(ManyJoints), also=frozenset({"three-cameras"})),
    Odd("feels-nothing", ServerSession,
        (readies("a state to read", lambda t: t.get("state_dim") != 0),), served(FeelsNothing),
        also=frozenset({"many-joints", "uneven"}), exit_code=3,
        reason="no number of its empty `state` can be too great for a double"),
    Odd("one-row", ServerSession, (
        forbid.openings("chunks of several rows",
        lambda o, r: "chunk_size" in o or r.get("chunk_size") != 1),), served(OneRow)),
    Odd("uneven", ServerSession, (chunks("as many rows as declared",
        lambda one, t, ready: _rows(t) in (0, ready.get("chunk_size", _rows(t)))),),
        served(Uneven)),
    Odd("narrow", ServerSession, (
        readies("a megabyte", lambda t: _limit(t, "max_frame_bytes", 1 << 20) >= 1 << 20),
        readies("room for more than 8", lambda t: _limit(t, "max_in_flight", 9) > 8),
        endings("messages of a megabyte taken", _big_is_taken)),
        served(max_frame_bytes=16_384, max_in_flight=8)),
    Odd("roomy", ServerSession, (
        readies("at most 32 MiB", lambda t: _limit(t, "max_frame_bytes", 1) <= USUAL_BYTES),
        readies("room for at most 100", lambda t: _limit(t, "max_in_flight", 1) <= 100)),
        served(max_frame_bytes=64 << 20, max_in_flight=1000), exit_code=3,
        reason="the kit builds no message as large as it takes"),
    Odd("impatient", ServerSession, (
        readies("a minute", lambda t: _limit(t, "idle_timeout_ms", 60_000) >= 60_000),
        readies("ten seconds", lambda t: _limit(t, "answer_timeout_ms", 10_000) >= 10_000)),
        served(idle_timeout_ms=1500, answer_timeout_ms=1000)),
    Odd("elsewhere", ServerSession, (only_known_paths,), served(path="/robots/7/actions")),
    Odd("all-left-out", ServerSession,
        (readies("some capability", lambda t: t.get("capabilities") != []),),
        without(*Capability), asks=(asking.lists_everything,),
        also=frozenset(f"without-{one}" for one in Capability)),
    *(Odd(f"without-{one}", ServerSession, (holds(one),), without(one),
        asks=(asking.lists_everything,)) for one in Capability),
]  # fmt: skip
