"""Queue modes: what happens to observations that wait."""

from collections.abc import Sequence
from itertools import pairwise

from risp.protocol.action.limits import DEFAULT_MAX_IN_FLIGHT
from risp.protocol.action.requirements import queue as rule

from ...check import Case, check, monitor
from ...conversation import PASSING_CODES, Conversation
from ...json_values import mapping, shown
from ...peers.websocket import SLACK_S, Peer, show
from ...transcript import Event
from ...verdict import DidNotInfer, NotSeen, Violation
from .opening import accepted_open, refused_open

MOST = 32
"""Observations in flight, at most, however many the target would take."""
WAITED_S = 0.02
"""A burst that is answered faster than this may never have waited."""


def send_burst(peer: Peer, size: int) -> list[int]:
    """Send that many observations in one write; returns their `seq`."""
    return [peer.send_observation(flush=i == size - 1)["seq"] for i in range(size)]


def read_answers(peer: Peer, seqs: list[int]) -> list[Event]:
    """The answers to a burst, in the order in which they come."""
    answers: list[Event] = []
    while len(answers) < len(seqs):
        event = peer.next(peer.answer_s + SLACK_S)
        if event is None or event.tree is None:
            raise Violation(f"{len(seqs)} answers", f"{len(answers)}, and then {show(event)}")
        answers.append(event)
    return answers


def some_inferred(answers: Sequence[Event]) -> None:
    """DidNotInfer if all observations met with what may befall any."""
    codes = [event.tree.get("code") for event in answers if event.tree]
    if all(code in PASSING_CODES for code in codes):
        raise DidNotInfer(f"none of {len(codes)} observations was inferred: {codes[0]}")


def burst_size(case: Case) -> int:
    """As many observations as the target takes, within reason."""
    return min(case.subject.max_in_flight, MOST)


@check(rule.ORDER)
def order(case: Case) -> None:
    """Pipeline good and bad observations; the answers must come in the same order."""
    peer = case.opened()
    due: list[int] = []
    for number in range(6):
        frame = peer.observation()
        due.append(frame["seq"])
        if number in (1, 4):
            peer.send_wrong(frame | {"state": "x"}, "invalid_observation")
        else:
            peer.send(frame)
    read_in_order(peer, due)


@check(rule.ORDER)
def order_of_repeats(case: Case) -> None:
    """Pipeline the repeat of an answered request between others; no answer may come before its."""
    peer = case.opened()
    content = peer.observation(request_id="again")
    peer.observe(**content)
    frames = [peer.observation() for _ in range(5)]
    frames[3] = content | {"seq": frames[3]["seq"]}
    for frame in frames:
        peer.send(frame, flush=frame is frames[-1])
    read_in_order(peer, [frame["seq"] for frame in frames])


def read_in_order(peer: Peer, due: list[int]) -> None:
    """The answers to observations must come in their order."""
    came = [event.tree.get("seq") for event in read_answers(peer, due) if event.tree]
    if came != due:
        raise Violation(f"answers in the order {due}", f"{came}")


@check(rule.FIFO_IF_ABSENT)
def fifo_if_absent(case: Case) -> None:
    """Pipeline without having asked for a queue mode; every observation must be used."""
    peer = case.opened(queue=None)
    if peer.ready.get("queue") not in (None, "fifo"):
        raise Violation("queue `fifo`", shown(peer.ready["queue"]), pointer="/queue")
    seqs = send_burst(peer, DEFAULT_MAX_IN_FLIGHT)
    answers = read_answers(peer, seqs)
    some_inferred(answers)
    for event in answers:
        is_passing = event.tree is not None and event.tree.get("code") in PASSING_CODES
        if event.frame_type != "action_chunk" and not is_passing:
            raise Violation("an action_chunk for each", show(event))


@check(rule.WITHIN_ROOM, rule.NOTHING_SUPERSEDED)
def within_room(case: Case) -> None:
    """Have as many observations unanswered as the target takes."""
    peer = case.opened()
    size = burst_size(case)
    answers = read_answers(peer, send_burst(peer, size))
    for event in answers:
        if event.tree and event.tree.get("code") == "too_many_in_flight":
            raise Violation(f"room for {size} observations", show(event))
    some_inferred(answers)


@check(rule.UNKNOWN_QUEUE)
def unknown_queue(case: Case) -> None:
    """Ask for a queue mode that does not exist."""
    refused_open(case, {"queue": "random"})


@check(rule.LATEST_UNSUPPORTED)
def latest_unsupported(case: Case) -> None:
    """Ask for `latest` where it is not declared."""
    peer = accepted_open(case, queue="latest")
    if peer.ready.get("queue") not in (None, "fifo"):
        raise Violation("queue `fifo`", shown(peer.ready["queue"]), pointer="/queue")


def latest(case: Case) -> Peer:
    """A session in `latest`; NotSeen if there is none."""
    peer = case.opened(queue="latest")
    if peer.ready.get("queue") != "latest":
        raise NotSeen("the target does not declare `queue: latest` for this session")
    return peer


@check(rule.SUPERSEDE)
def supersede(case: Case) -> None:
    """Send bursts until an observation is overtaken while it waits."""
    peer = latest(case)
    for size in (8, 16, 32, 64):
        started = peer.now()
        answers = read_answers(peer, send_burst(peer, size))
        dropped = [a for a in answers if a.frame_type == "observation.dropped"]
        if any(a.tree and a.tree.get("reason") == "superseded" for a in dropped):
            return
        if peer.now() - started > WAITED_S:
            raise Violation(
                "observation.dropped with reason superseded for those that were overtaken",
                f"{size} observations of one write answered one by one "
                f"over {peer.now() - started:.3f} s",
                hint="keep one waiting; when a newer one comes, drop the one that waits",
            )
    raise NotSeen("the policy is so fast that no observation ever waited")


@check(rule.NEWEST_WINS)
def newest_wins(case: Case) -> None:
    """Send bursts; the last observation of each must be used."""
    peer = latest(case)
    newest: list[Event] = []
    for size in (4, 8, 16):
        seqs = send_burst(peer, size)
        answers = read_answers(peer, seqs)
        newest += [e for e in answers if e.tree is not None and e.tree.get("seq") == seqs[-1]]
    for event in newest:
        if event.frame_type == "observation.dropped":
            raise Violation("the newest observation used", show(event))
    if not newest:
        raise NotSeen("no answer named the newest observation")
    some_inferred(newest)


@monitor(rule.ORDER)
def in_order(talk: Conversation) -> int:
    """Deployed clients pair answers by position."""
    asked, _ = talk.paired
    if not talk.fifo or len(asked) < 2:
        return 0
    answered = sorted((one.answers[0][0], i) for i, one in enumerate(asked) if one.answers)
    for (_, before), (index, after) in pairwise(answered):
        if after < before:
            raise Violation(
                f"the answer to observation {asked[after].seq} before that to {asked[before].seq}",
                "the other way round",
                at=index,
            )
    return max(len(answered) - 1, 0)


@monitor(rule.NOTHING_SUPERSEDED)
def nothing_superseded(talk: Conversation) -> int:
    """A client that pipelines in `fifo` waits for a chunk each."""
    if not talk.fifo:
        return 0
    for index, frame in talk.frames("observation.dropped"):
        if frame.get("reason") == "superseded":
            raise Violation(
                "nothing superseded in fifo", f"observation {frame.get('seq')}", at=index
            )
    return sum(1 for one in talk.paired[0] if one.answers)


@monitor(rule.WITHIN_ROOM)
def room_kept(talk: Conversation) -> int:
    """What is promised is kept."""
    room = talk.limit("max_in_flight", DEFAULT_MAX_IN_FLIGHT)
    asked, _ = talk.paired
    seen = 0
    for one in asked:
        for index, event in one.answers:
            if event.tree and event.tree.get("code") == "too_many_in_flight" and talk.fifo:
                # The kit's own count when it sent this one: earlier ones not yet answered, and it.
                open_ = sum(
                    1
                    for other in asked
                    if other.index <= one.index
                    and (not other.answers or other.answers[0][0] > one.index)
                )
                if open_ <= room:
                    raise Violation(f"room for {room}", f"refused at {open_}", at=index)
        seen += 1
    return seen


@monitor(rule.ROOM)
def room(talk: Conversation) -> int:
    """Deployed clients pipeline that many."""
    if mapping(talk.ready.get("limits")).get("max_in_flight") is None:
        return 0
    value = talk.limit("max_in_flight", 0)
    if value < DEFAULT_MAX_IN_FLIGHT:
        index = next(i for i, _ in talk.frames("session.ready"))
        raise Violation(
            f"at least {DEFAULT_MAX_IN_FLIGHT}",
            str(value),
            at=index,
            pointer="/limits/max_in_flight",
        )
    return 1
