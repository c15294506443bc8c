"""Over-strict judges: each forbids something legal, and sees nothing wrong with the reference.

They are what a careless author of checks would write. An odd server whose oddity none of them sees
in a run proves nothing: it may not be odd before the court's eyes at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

from risp.conformance.conversation import Asked, Conversation
from risp.conformance.json_values import integer, listing, mapping, strings
from risp.conformance.peers.websocket import show
from risp.conformance.transcript import Event, Kind, Transcript, Way
from risp.conformance.verdict import Violation
from risp.protocol.action.frames import SERVER_FRAMES

Tree = dict[str, Any]

STRINGS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')


@dataclass
class Talks:
    """All that was said in a run."""

    transcripts: Sequence[Transcript]

    @cached_property
    def conversations(self) -> list[Conversation]:
        """Every connection of every transcript."""
        return [talk for transcript in self.transcripts for talk in Conversation.all(transcript)]

    def __iter__(self) -> Iterator[Conversation]:
        return iter(self.conversations)


Forbids = Callable[[Talks], None]


def sees(judge: Forbids, talks: Talks) -> bool:
    """Whether a judge sees what it forbids."""
    try:
        judge(talks)
    except Violation:
        return True
    return False


# Forms of judges: of all that is like this, each has to be like that


def texts(due: str, holds: Callable[[str], bool]) -> Forbids:
    """Each message as it stands on the wire."""

    def judge(talks: Talks) -> None:
        for talk in talks:
            for index, event in talk.received:
                if not holds(event.text or ""):
                    raise Violation(due, show(event), at=index)

    return judge


def numbers(due: str, holds: Callable[[str], bool]) -> Forbids:
    """Each message as it stands on the wire, without what stands in strings."""
    return texts(due, lambda text: holds(STRINGS.sub("", text)))


def frames(due: str, holds: Callable[[Tree], bool], *tags: str) -> Forbids:
    """Each frame of these types, or of any."""

    def judge(talks: Talks) -> None:
        for talk in talks:
            for index, event in talk.received:
                tree = event.tree
                if tree is not None and (not tags or event.frame_type in tags) and not holds(tree):
                    raise Violation(due, show(event), at=index)

    return judge


def errors(due: str, holds: Callable[[Tree], bool]) -> Forbids:
    """Each error."""
    return frames(due, holds, "error")


def openings(due: str, holds: Callable[[Tree, Tree], bool]) -> Forbids:
    """Each `session.open` that succeeded, with its `session.ready`."""

    def judge(talks: Talks) -> None:
        for talk in talks:
            if talk.opening is not None and talk.ready and not holds(talk.opening, talk.ready):
                raise Violation(due, str(talk.ready))

    return judge


def readies(due: str, holds: Callable[[Tree], bool]) -> Forbids:
    """Each `session.ready`."""
    return frames(due, holds, "session.ready")


def answers(due: str, holds: Callable[[Asked, Tree, Tree], bool]) -> Forbids:
    """Each observation with its answer, and the session's `session.ready`."""

    def judge(talks: Talks) -> None:
        for talk in talks:
            for one in talk.paired[0]:
                for index, event in one.answers[:1]:
                    if event.tree is not None and not holds(one, event.tree, talk.ready):
                        raise Violation(due, show(event), at=index)

    return judge


def chunks(due: str, holds: Callable[[Asked, Tree, Tree], bool]) -> Forbids:
    """Each observation with its `action_chunk`, and the session's `session.ready`."""

    def of_chunk(one: Asked, tree: Tree, ready: Tree) -> bool:
        return tree.get("type") != "action_chunk" or holds(one, tree, ready)

    return answers(due, of_chunk)


def responses(due: str, holds: Callable[[Event], bool], *statuses: int) -> Forbids:
    """Each response to a handshake with one of these statuses."""

    def judge(talks: Talks) -> None:
        for talk in talks:
            if talk.response is None:
                continue
            index, event = talk.response
            if event.info["status"] in statuses and not holds(event):
                raise Violation(due, str(event.info), at=index)

    return judge


def endings(due: str, holds: Callable[[Conversation, Event], bool]) -> Forbids:
    """Each Close of the server's, in its conversation."""

    def judge(talks: Talks) -> None:
        for talk in talks:
            for index, event in talk.events:
                is_close = event.kind is Kind.CLOSE and event.way is Way.IN
                if is_close and not holds(talk, event):
                    raise Violation(due, show(event), at=index)

    return judge


def within(due: str, seconds: float, pairs: Callable[[Talks], Iterator[float]]) -> Forbids:
    """Each of these times, in seconds."""

    def judge(talks: Talks) -> None:
        for took in pairs(talks):
            if took > seconds:
                raise Violation(f"{due} within {seconds:g} s", f"{took:.2f} s")

    return judge


# Pieces of judges


def last_error(talk: Conversation) -> str:
    """The code of the last error."""
    return next((str(t.get("code")) for _, t in reversed(list(talk.frames("error")))), "")


def headers(event: Event) -> list[tuple[str, str]]:
    """The headers of a response."""
    return [(str(name), str(value)) for name, value in event.info["headers"]]


def floats(tree: Tree) -> Iterator[Any]:
    """The numbers of a chunk that came as lists."""
    for row in listing(tree.get("actions")):
        yield from listing(row)


def unknown_members(tree: Tree) -> set[str]:
    """Members of a frame of a known type that this profile does not name."""
    known = SERVER_FRAMES.get(str(tree.get("type")))
    return set(tree) - set(known.model_fields) if known else set()


def _seconds(
    talk: Conversation, begins: Callable[[Event], bool], ends: Callable[[Event], bool]
) -> Iterator[float]:
    since: int | None = None
    for _, event in talk.events:
        if since is None and begins(event):
            since = event.at
        elif since is not None and ends(event):
            yield (event.at - since) / 1e9
            since = None


def opening_times(talks: Talks) -> Iterator[float]:
    """Between `session.open` and `session.ready`."""
    for talk in talks:
        yield from _seconds(
            talk,
            lambda e: e.way is Way.OUT and e.frame_type == "session.open",
            lambda e: e.way is Way.IN and e.frame_type == "session.ready",
        )


def closing_times(talks: Talks) -> Iterator[float]:
    """Between `session.close` and the Close."""
    for talk in talks:
        yield from _seconds(
            talk,
            lambda e: e.way is Way.OUT and e.frame_type == "session.close",
            lambda e: e.way is Way.IN and e.kind is Kind.CLOSE,
        )


def pong_times(talks: Talks) -> Iterator[float]:
    """Between a ping of the kit's and its pong."""
    for talk in talks:
        yield from _seconds(
            talk,
            lambda e: e.way is Way.OUT and e.kind is Kind.PING,
            lambda e: e.way is Way.IN and e.kind is Kind.PONG,
        )


def usual_answer_times(talks: Talks) -> Iterator[float]:
    """Between an observation and its chunk, as a rule: one that is late may be the machine's."""
    times = [
        (one.answers[0][1].at - one.event.at) / 1e9
        for talk in talks
        for one in talk.paired[0]
        if one.answers and one.answers[0][1].frame_type == "action_chunk"
    ]
    yield from [median(times)] if times else []


# Judges that are more than one sentence


def equal_states_have_equal_actions(talks: Talks) -> None:
    """A policy is no dice."""
    for talk in talks:
        known: dict[str, Any] = {}
        for one in talk.paired[0]:
            for index, event in one.answers:
                tree = event.tree or {}
                if event.frame_type == "action_chunk":
                    first = known.setdefault(str(one.tree.get("state")), tree.get("actions"))
                    if tree.get("actions") != first:
                        raise Violation("the actions of the equal state", "others", at=index)


def _out_of_order_after(talk: Conversation, is_meant: Callable[[Asked, Tree], bool]) -> set[bool]:
    """Whether a `seq` that rises above all accepted ones, and not above a refused one, is old."""
    accepted, refused, found = -1, -1, set[bool]()
    for one in talk.paired[0]:
        tree = (one.answers[0][1].tree or {}) if one.answers else {}
        seq = one.seq
        if seq is None:
            continue
        if accepted < seq <= refused:
            found.add(tree.get("code") == "out_of_order")
        if tree.get("code") == "invalid_observation" and is_meant(one, talk.ready):
            refused = max(refused, seq)
        elif tree.get("type") == "action_chunk":
            accepted = max(accepted, seq)
    return found


def is_malformed(one: Asked, ready: Tree) -> bool:
    """Whether an observation has no array for a `state`."""
    return not isinstance(one.tree.get("state"), list)


def is_too_wide(one: Asked, ready: Tree) -> bool:
    """Whether an observation has a `state` of another width than declared."""
    state = listing(one.tree.get("state"))
    are_numbers = all(isinstance(x, float | int) and not isinstance(x, bool) for x in state)
    due = integer(ready.get("state_dim"))
    return due is not None and are_numbers and len(state) != due


def malformed_ones_count_for_nothing(talks: Talks) -> None:
    """What was never an observation has used no `seq`."""
    for talk in talks:
        if True in _out_of_order_after(talk, is_malformed):
            raise Violation("a `seq` that only a malformed observation had taken", "out_of_order")


def well_formed_ones_count(talks: Talks) -> None:
    """Who has read a `seq` has counted it."""
    for talk in talks:
        if False in _out_of_order_after(
            talk, lambda one, ready: not is_malformed(one, ready) and is_too_wide(one, ready)
        ):
            raise Violation("out_of_order after a refused observation of that `seq`", "a chunk")


def repeats_cost_the_same(talks: Talks) -> None:
    """A remembered chunk is remembered whole."""
    for talk in talks:
        known: dict[str, Any] = {}
        for index, tree in talk.frames("action_chunk"):
            if isinstance(tree.get("request_id"), str):
                chunk = f"{tree['request_id']}: {tree.get('actions')}"
                took = mapping(tree.get("metadata")).get("inference_ms")
                if known.setdefault(chunk, took) != took:
                    raise Violation("the first answer's inference_ms", str(took), at=index)


def long_ago_is_forgotten(talks: Talks) -> None:
    """What need not be remembered is not."""
    for talk in talks:
        names = [tree.get("request_id") for _, tree in talk.frames("action_chunk")]
        for index, tree in talk.frames("error"):
            name = tree.get("request_id")
            if tree.get("code") == "duplicate_request" and len(names) - names.index(name) > 64:
                raise Violation("an id of 65 chunks ago forgotten", "duplicate_request", at=index)


def _latest(talks: Talks) -> Iterator[list[tuple[int, Asked, Tree]]]:
    """The answers of each session in `latest` in which something was overtaken."""
    for talk in talks:
        found = [
            (index, one, event.tree or {})
            for one in talk.paired[0]
            for index, event in one.answers[:1]
        ]
        if not talk.fifo and any(tree.get("reason") == "superseded" for _, _, tree in found):
            yield found


def overtaken_ones_do_not_wait(talks: Talks) -> None:
    """That an observation is dropped is told before the policy has done with an earlier one."""
    for found in _latest(talks):
        if [index for index, _, _ in found] == sorted(index for index, _, _ in found):
            raise Violation("a drop before an earlier chunk", "answers in the order of receipt")


def overtaken_ones_hear_first(talks: Talks) -> None:
    """That an observation is dropped is told before the chunk of what overtook it."""
    for found in _latest(talks):
        for at, one, tree in found:
            if tree.get("reason") == "superseded" and any(
                answered < at and newer.index > one.index and later.get("type") == "action_chunk"
                for answered, newer, later in found
            ):
                raise Violation("the drop before the chunk", "the chunk before it", at=at)


def room_for(more: int) -> Forbids:
    """Nobody is sent away while no more than so many others are there."""

    def judge(talks: Talks) -> None:
        for transcript in talks.transcripts:
            going: set[int] = set()
            for index, event in enumerate(transcript.events):
                status = event.info.get("status")
                if status == 503 and len(going) <= more:
                    raise Violation(f"room beside {more}", f"none beside {len(going)}", at=index)
                if status == 101:
                    going.add(event.channel)
                elif event.kind in (Kind.CLOSE, Kind.END):
                    going.discard(event.channel)

    return judge


def holds_for_who_asks(name: str) -> Forbids:
    """A capability that a client lists is declared to it."""

    def holds(opening: Tree, ready: Tree) -> bool:
        is_asked = name in strings(opening.get("capabilities"))
        return not is_asked or "capabilities" not in ready or name in strings(ready["capabilities"])

    return openings(f"{name} for who lists it", holds)


def holds_for_all(name: str) -> Forbids:
    """A capability that needs no asking is declared to everybody."""
    return readies(
        f"{name} declared",
        lambda ready: "capabilities" not in ready or name in strings(ready["capabilities"]),
    )
