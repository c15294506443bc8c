"""What a conversation has to be answered with: a pure judge over the transcript of one.

Monitors judge what any conversation shows: one answer each, in order, with its `seq`. The oracle
knows besides what each message earns, because it walks the same state table as the plan did, or
because the transcript says so (`earns` and `rule` in an event's `info`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from risp.protocol.action.requirements import closing, error, observation, opening, queue
from risp.protocol.action.requirements.registry import REQUIREMENTS
from risp.protocol.action.session import State
from risp.protocol.requirement import Level, Requirement

from ..check import MONITORS, Monitor
from ..conversation import Asked, Conversation, is_aside
from ..json_values import listing, mapping, shown
from ..peers.websocket import show
from ..transcript import Event, Kind, Transcript, Way
from ..verdict import Violation

PASSING = frozenset({"inference_failed", "rate_limited", "budget_exceeded"})
"""Errors that a sound observation may meet at any time: they are not held against the target."""
_TAKEN = PASSING | {"action_chunk", "observation.dropped"}
_CONTENT = ("state", "images", "prompt", "max_gpu_seconds")  # A-OBS-37
_STRAYS = {
    "bad_frame": error.NOT_JSON,
    "unknown_type": error.UNKNOWN_TYPE,
    "already_open": opening.ALREADY_OPEN,
}


@dataclass
class _Due:
    """A reply that is owed to something else than an observation."""

    what: str
    """The frame type, or the code of the error."""
    rule: Requirement
    index: int
    event: Event


@dataclass
class _Books:
    """One connection, as far as its transcript has been read."""

    talk: Conversation
    asked: dict[int, Asked]
    """Observations on an open session, by their index in the transcript."""
    others_before: bool
    """Whether another connection said something before."""
    state: State = State.NEW
    due: list[_Due] = field(default_factory=list[_Due])
    erred: bool = False
    """Whether the target has refused something, so that it has to live on."""
    last_seq: int = -1
    """The greatest `seq` of an observation that was taken."""
    top_seq: int = -1
    """The greatest valid `seq` of any: whether a refused one counts is the target's choice."""
    over_by_kit: bool = False
    refused_ids: set[str] = field(default_factory=set[str])
    sound: dict[str, Asked] = field(default_factory=dict[str, Asked])
    """The first sound observation of each `request_id`."""

    @property
    def blame(self) -> Requirement:
        """The rule that is broken when what is sound is refused, by what went before it."""
        if self.erred:
            return error.LIVES_ON
        return closing.ISOLATED if self.others_before else observation.ONE_ANSWER


def judge(transcript: Transcript, repeats: bool = False, watched: bool = False) -> None:
    """Raise Violation for the first thing that is not as it must be.

    `repeats` says that the target's policy was seen to answer equal sessions with equal actions,
    `watched` that monitors have read the transcript already and found nothing.
    """
    talks = Conversation.all(transcript)
    ids: dict[str, int] = {}
    """By `request_id`, the connection on which it was used first."""
    for talk in () if watched else talks:
        _watch(talk)
    for number, talk in enumerate(talks):
        asked = {one.index: one for one in talk.paired[0]}
        books = _Books(talk, asked, number > 0)
        for index, event in talk.events:
            if event.way is Way.OUT:
                _sent(books, index, event, ids, number)
            else:
                _came(books, index, event)
        _ended(books)
    if repeats:
        _equal_sessions(talks)


def _watch(talk: Conversation) -> None:
    for monitor in _strict():
        try:
            monitor.judge(talk)
        except Violation as violation:
            violation.requirement = violation.requirement or monitor.requirement
            raise


@cache
def _strict() -> tuple[Monitor, ...]:
    """The monitors of what a server MUST do; asked for when all are registered."""
    return tuple(one for one in MONITORS if one.requirement.level is Level.MUST)


# What was sent


def _sent(books: _Books, index: int, event: Event, ids: dict[str, int], number: int) -> None:
    if event.kind in (Kind.CLOSE, Kind.END):
        books.over_by_kit = True
        books.due.clear()
        return
    if event.kind is not Kind.TEXT:
        return
    tag = event.frame_type
    if "earns" in event.info and tag != "observation":
        _spoilt(books, index, event)
    elif books.state is State.NEW:
        _first(books, index, event)
    elif tag == "session.close":
        books.over_by_kit = True
        books.due.clear()
        books.due.append(_Due("close", closing.CLOSE, index, event))
    elif tag == "session.open":
        books.due.append(_Due("already_open", opening.ALREADY_OPEN, index, event))
    elif index in books.asked:
        _observed(books, books.asked[index], ids, number)


def _spoilt(books: _Books, index: int, event: Event) -> None:
    earns = event.info["earns"]
    rule = REQUIREMENTS[event.info["rule"]]
    if event.info.get("closes"):
        books.over_by_kit = True  # the monitors of its check judge the close code
        return
    if earns is None:
        books.due.append(_Due("session.ready", rule, index, event))
        books.state = State.OPENING
        return
    if books.state is State.NEW and rule.level is Level.MUST:
        if earns == "unknown_type":
            earns, rule = "not_open", opening.OPEN_FIRST
        elif earns == "bad_frame":
            rule = opening.UNDECODABLE_FIRST
    books.due.append(_Due(earns, rule, index, event))


def _first(books: _Books, index: int, event: Event) -> None:
    if event.frame_type == "session.open":
        rule = books.blame if books.erred or books.others_before else opening.ANSWER_OPEN
        books.due.append(_Due("session.ready", rule, index, event))
        books.state = State.OPENING
    else:
        books.due.append(_Due("not_open", opening.OPEN_FIRST, index, event))


def _observed(books: _Books, one: Asked, ids: dict[str, int], number: int) -> None:
    """Judge the answer to one observation; whether there is one, monitors have judged."""
    tree, info = one.tree, one.event.info
    request = tree.get("request_id")
    request = request if isinstance(request, str) else None
    used = ids.setdefault(request, number) if request is not None else number
    code: str | None = info.get("earns")
    rule = REQUIREMENTS[info["rule"]] if "rule" in info else None
    allowed = {code or "action_chunk"}
    seq = one.seq
    if code is None and seq is not None and seq <= books.last_seq:
        allowed, rule = {"out_of_order"}, observation.RISING
    elif code is None:
        if seq is not None and seq <= books.top_seq:
            allowed = {"action_chunk", "out_of_order"}
        first = books.sound.setdefault(request, one) if request is not None else one
        if first is not one and _content(first.tree) != _content(tree):
            rule = observation.OTHER_CONTENT
            known = _chunk(first, before=one.index) and "out_of_order" not in allowed
            allowed = {"duplicate_request", *(() if known else allowed)}
        elif first is not one:
            rule = observation.SAME_REQUEST
            _equal(first, one)
    books.top_seq = max(books.top_seq, -1 if seq is None else seq)
    for at, answer in one.answers:
        got = _name(answer)
        if seq is not None and got in _TAKEN:
            books.last_seq = max(books.last_seq, seq)
        if got not in allowed and not (code is None and got in PASSING | {"observation.dropped"}):
            blamed = rule or _blame(books, got, request, used != number)
            due = " or ".join(f"error {a}" if a != "action_chunk" else a for a in sorted(allowed))
            raise Violation(f"{due} for observation {seq}", show(answer), at=at, requirement=blamed)
    if request is not None and "action_chunk" not in {_name(a) for _, a in one.answers}:
        books.refused_ids.add(request)
        if books.sound.get(request) is one:
            del books.sound[request]


def _blame(books: _Books, got: str, request: str | None, used_elsewhere: bool) -> Requirement:
    if got == "duplicate_request":
        if request in books.refused_ids:
            return observation.ONLY_CHUNKS
        return observation.REQUEST_SCOPE if used_elsewhere else observation.NOT_CONTENT
    if got == "out_of_order" and not books.erred:
        return closing.NEW_CONNECTION_NEW_SESSION if books.others_before else observation.ANY_STEP
    if got == "too_many_in_flight":
        return error.LIVES_ON if books.erred else queue.WITHIN_ROOM
    return books.blame


def _equal(first: Asked, repeat: Asked) -> None:
    """A-OBS-33, A-OBS-34: the same request has the same result."""
    chunk, again = _chunk(first), _chunk(repeat)
    if chunk and again and chunk.get("actions") != again.get("actions"):
        raise Violation(
            f"the actions of observation {first.seq} for its repeat",
            "other actions",
            at=repeat.answers[0][0],
            pointer="/actions",
            requirement=observation.SAME_REQUEST,
        )


def _chunk(one: Asked, before: int | None = None) -> dict[str, Any] | None:
    for index, event in one.answers:
        if event.frame_type == "action_chunk" and (before is None or index < before):
            return event.tree
    return None


def _content(tree: dict[str, Any]) -> list[Any]:
    return [tree.get(name) for name in _CONTENT]


def _name(answer: Event) -> str:
    tree = answer.tree or {}
    return str(tree.get("code")) if answer.frame_type == "error" else str(answer.frame_type)


# What came


def _came(books: _Books, index: int, event: Event) -> None:
    if event.kind in (Kind.CLOSE, Kind.END):
        _closed(books, index, event)
        return
    tree = event.tree or {}
    if event.kind is Kind.BINARY:
        raise Violation("a text message", "a binary one", at=index, requirement=books.blame)
    if event.frame_type == "session.ready":
        _settle(books, "session.ready", index, event)
        books.state = State.OPEN
    elif event.frame_type == "error":
        books.erred = True
        is_answer = any(index == at for one in books.asked.values() for at, _ in one.answers)
        if not is_answer:
            _settle(books, str(tree.get("code")), index, event)
        if tree.get("fatal") is True:
            books.state = State.CLOSED
            books.due.clear()


def _settle(books: _Books, what: str, index: int, event: Event) -> None:
    for due in books.due:
        if due.what == what:
            books.due.remove(due)
            return
    if books.due and books.state in (State.NEW, State.OPENING):
        due = books.due[0]
        raise Violation(_words(due.what), show(event), at=index, requirement=due.rule)
    if what in PASSING or books.over_by_kit or (event.tree and is_aside(event.tree)):
        return
    if books.due and what not in _STRAYS:
        due = books.due[0]
        raise Violation(_words(due.what), show(event), at=index, requirement=due.rule)
    rule = _STRAYS.get(what, books.blame)
    raise Violation("nothing: no message earned it", show(event), at=index, requirement=rule)


def _words(what: str) -> str:
    return what if what in ("session.ready", "close") else f"error {what}"


def _closed(books: _Books, index: int, event: Event) -> None:
    fatal = books.state is State.CLOSED
    if not fatal and not books.over_by_kit:
        due = books.due[0] if books.due else None
        rule = due.rule if due else books.blame
        expected = _words(due.what) if due else "the session to go on"
        raise Violation(expected, show(event), at=index, requirement=rule)
    books.due = [due for due in books.due if due.what != "close"]
    books.state = State.CLOSED


def _ended(books: _Books) -> None:
    for due in books.due:
        if due.what == "close":
            raise Violation("a Close", "none", at=due.index, requirement=due.rule)
        raise Violation(
            _words(due.what), "none, and answers to later frames", at=due.index,
            requirement=due.rule,
        )  # fmt: skip
    if books.state is State.OPEN and not books.over_by_kit:
        for one in books.asked.values():
            if not one.answers:
                raise Violation(
                    f"an answer to observation {one.seq}",
                    "none in the time given",
                    at=one.index,
                    requirement=observation.ONE_ANSWER,
                )


# Equal sessions


def told(talk: Conversation) -> Iterator[tuple[str, Any, int]]:
    """What a session was told, up to each observation, with its actions and where they came."""
    if not talk.fifo:
        return
    opening = {name: v for name, v in (talk.opening or {}).items() if name != "session_id"}
    history: list[Any] = [opening]
    for one in talk.paired[0]:
        chunk = _chunk(one)
        if "earns" not in one.event.info and chunk is not None:
            history.append(_content(one.tree))
            actions = chunk.get("actions")
            # Written in another way, the same actions are other JSON: equal ways are compared.
            tensor = mapping(actions)
            way = tensor.get("dtype"), tensor.get("shape"), len(listing(actions))
            yield repr((history, way)), actions, one.answers[0][0]


def _equal_sessions(talks: list[Conversation]) -> None:
    """A-CLOSE-12: sessions that were told the same are answered the same."""
    seen: dict[str, tuple[Any, int, Any]] = {}
    for number, talk in enumerate(talks, 1):
        answers = dict(talk.events)
        for history, actions, index in told(talk):
            seq = (answers[index].tree or {}).get("seq")
            first, where, which = seen.setdefault(history, (actions, number, seq))
            if first != actions:
                raise Violation(
                    f"the actions that answer observation {which} on connection #{where}, "
                    "in a session that was told the same",
                    f"others: {shown(actions)}",
                    at=index,
                    pointer="/actions",
                    hint="what another session sent has changed what this one is answered",
                    requirement=closing.ISOLATED,
                )
