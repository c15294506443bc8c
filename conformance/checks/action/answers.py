"""Monitors of observations and their answers: one each, in time, named right."""

from risp.protocol.action.limits import DEFAULT_ANSWER_TIMEOUT_MS, MAX_REQUEST_ID
from risp.protocol.action.requirements import observation as rule

from ...check import monitor
from ...conversation import Conversation
from ...json_values import integer, shown
from ...peers.websocket import SLACK_S, show
from ...verdict import Violation


@monitor(rule.ONE_ANSWER)
def one_answer(talk: Conversation) -> int:
    """Not none, and not two."""
    asked, stray = talk.paired
    for index, event in stray:
        raise Violation("answers to observations that were sent", show(event), at=index)
    for one in asked:
        if len(one.answers) > 1:
            index, event = one.answers[1]
            raise Violation(
                f"one answer to observation {one.seq}", f"another: {show(event)}", at=index
            )
    # In `latest` they come in any order: one that is missing there is late, and no more.
    in_order = asked if talk.fifo else []
    last = max((i for i, one in enumerate(in_order) if one.answers), default=-1)
    for one in asked[: max(last, 0)]:
        if not one.answers and not one.is_sloppy:
            raise Violation(
                f"an answer to observation {one.seq}",
                "none, and one to a later observation",
                at=one.index,
            )
    return sum(1 for one in asked if one.answers)


@monitor(rule.IN_TIME)
def in_time(talk: Conversation) -> int:
    """A robot that waits for ever is as lost as one that is refused."""
    within = talk.limit("answer_timeout_ms", DEFAULT_ANSWER_TIMEOUT_MS) / 1000
    for one in talk.paired[0]:
        asked = one.event.at / 1e9
        answered = one.answers[0][1].at / 1e9 if one.answers else talk.closed_at
        if one.is_sloppy and not one.answers:
            continue
        if answered - asked > within + SLACK_S:
            seen = f"one after {answered - asked:.1f} s" if one.answers else "none"
            raise Violation(f"an answer within {within:g} s", seen, at=one.index, timed=True)
    return sum(1 for one in talk.paired[0] if one.answers)


@monitor(rule.CARRY_SEQ)
def carry_seq(talk: Conversation) -> int:
    """What cannot be paired cannot be used."""
    asked, stray = talk.paired
    # A server that takes a `seq` out of bounds may repeat it: that it took it is another matter.
    sent = {one.seq for one in asked} | {integer(one.tree.get("seq")) for one in asked}
    for index, event in stray:
        if event.tree and integer(event.tree.get("seq")) not in sent and asked:
            raise Violation("the `seq` of an observation that was sent", show(event), at=index)
    seen = 0
    for one in asked:
        due = one.seq
        for index, event in one.answers:
            assert event.tree is not None
            if due is not None and event.tree.get("seq") != due:
                raise Violation(f"seq {due}", show(event), at=index, pointer="/seq")
            seen += due is not None
    return seen


@monitor(rule.CARRY_REQUEST_ID)
def carry_request_id(talk: Conversation) -> int:
    """A retry is recognised by its request id, in the answer too."""
    seen = 0
    for one in talk.paired[0]:
        due = one.tree.get("request_id")
        if not isinstance(due, str) or not 1 <= len(due) <= MAX_REQUEST_ID:
            continue
        for index, event in one.answers:
            assert event.tree is not None
            if event.tree.get("request_id") != due:
                raise Violation(f"request_id {due!r}", show(event), at=index, pointer="/request_id")
            seen += 1
    return seen


@monitor(rule.CARRY_NOTHING)
def carry_nothing(talk: Conversation) -> int:
    """An error about a frame as such answers no observation."""
    seen = 0
    for index, error in talk.frames("error"):
        if error.get("code") in ("bad_frame", "unknown_type"):
            for name in ("seq", "request_id"):
                if error.get(name) is not None:
                    raise Violation(
                        f"no `{name}`", shown(error[name]), at=index, pointer=f"/{name}"
                    )
            seen += 1
    return seen


@monitor(rule.TIME_UNALTERED)
def time_unaltered(talk: Conversation) -> int:
    """A rounded time is a wrong time."""
    seen = 0
    for one in talk.paired[0]:
        due = one.tree.get("capture_time_ns")
        for index, event in one.answers:
            assert event.tree is not None
            value = event.tree.get("capture_time_ns")
            if due is None or value is None or event.frame_type != "action_chunk":
                continue
            # An integral float is an integer (A-OBS-26): its echo is one, and not in its notation.
            same_type = isinstance(value, str) == isinstance(due, str)
            if value != due or not same_type or isinstance(value, float):
                raise Violation(shown(due), shown(value), at=index, pointer="/capture_time_ns")
            seen += 1
    return seen
