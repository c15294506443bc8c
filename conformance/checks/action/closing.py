"""How sessions end."""

from risp.protocol.action.codes import GOING_AWAY, NORMAL_CLOSE
from risp.protocol.action.limits import CLOSE_WITHIN_S
from risp.protocol.action.requirements import closing as rule

from ...check import Case, check, monitor
from ...conversation import PASSING_CODES, Conversation
from ...peers.websocket import SLACK_S, Peer, show
from ...transcript import Kind, Way
from ...verdict import DidNotInfer, Violation
from .observation import accepted, persist
from .queue import burst_size, send_burst

PROMPTLY = CLOSE_WITHIN_S + SLACK_S
UNACCEPTABLE = (
    "invalid_observation",
    "invalid_image",
    "out_of_order",
    "too_many_in_flight",
    "rate_limited",
)
"""What an observation earns at any time, be the end announced or not."""


@check(rule.CLOSE, timing=True)
def close(case: Case) -> None:
    """Open, observe and close."""
    peer = case.opened()
    peer.observe()
    peer.close_session(peer.ready.get("session_id"))
    peer.expect_close(NORMAL_CLOSE, within=PROMPTLY)


@check(rule.CLOSE_ID_IGNORED)
def close_by_another_name(case: Case) -> None:
    """Close with an id that is not the session's, and with one of each JSON type."""
    for session_id in ("not-your-session", 7, None, True, ["a"], {"a": 1}):
        peer = case.opened()
        peer.close_session(session_id)
        peer.expect_close(NORMAL_CLOSE, within=PROMPTLY)


@check(rule.CLOSE_WITH_PENDING, timing=True)
def close_with_pending(case: Case) -> None:
    """Close while as many observations wait as the target takes."""
    peer = case.opened()
    send_burst(peer, burst_size(case))
    peer.close_session(peer.ready.get("session_id"))
    peer.expect_close(NORMAL_CLOSE, within=PROMPTLY)


@check(rule.CLOSE_HANDSHAKE, timing=True)
def close_frame(case: Case) -> None:
    """Send a Close frame, with a code and without one."""
    for code in (1000, None):
        peer = case.opened()
        peer.send_close(code)
        until = peer.now() + PROMPTLY
        event = peer.next(PROMPTLY)
        while event is not None and event.kind is Kind.TEXT:
            event = peer.next(max(until - peer.now(), 0.0))
        if event is None or event.kind is not Kind.CLOSE:
            raise Violation(f"a Close within {CLOSE_WITHIN_S} s", show(event))


@check(rule.ABRUPT_END)
def abrupt_end(case: Case) -> None:
    """Reset three connections with observations waiting, then open another session."""
    for _ in range(3):
        peer = case.opened()
        send_burst(peer, burst_size(case))
        peer.abort()
    peer = case.opened()
    try:
        persist(lambda: accepted(peer))
    except DidNotInfer:
        # An inference may fail at any time; when all do, after the resets, that is their doing.
        sent = peer.send_observation()
        peer.expect("action_chunk", seq=sent["seq"], passing=PASSING_CODES - {"inference_failed"})


@check(rule.NEW_CONNECTION_NEW_SESSION)
def new_connection(case: Case) -> None:
    """Observe under a high `seq`, and begin at 0 on the next connection."""
    first = case.opened()
    accepted(first, seq=1000)
    first.close_session()
    accepted(case.opened(), seq=0)
    third: Peer = case.connect()
    third.send_observation(seq=2000)
    third.expect_error("not_open", hint="a connection begins unopened")


@monitor(rule.ANNOUNCE)
def announced(talk: Conversation) -> int:
    """A robot learns that its server will go before it is gone."""
    if not talk.ready:
        return 0
    warned = False
    for index, event in talk.events:
        tree = event.tree or {}
        if event.way is Way.OUT and (
            event.kind is Kind.CLOSE or event.frame_type == "session.close"
        ):
            return 0
        warned = warned or event.frame_type == "session.closing" or tree.get("fatal") is True
        if event.way is Way.IN and event.kind is Kind.CLOSE and event.code == GOING_AWAY:
            if not warned:
                raise Violation("session.closing before it", show(event), at=index)
            return 1
    return 0


def _announcement(talk: Conversation) -> int | None:
    return next((index for index, _ in talk.frames("session.closing")), None)


@monitor(rule.ANSWER_BEFORE_END)
def answered_before_end(talk: Conversation) -> int:
    """What was accepted is answered."""
    since = _announcement(talk)
    if since is None or talk.over_by_kit:
        return 0
    # What was on its way when the announcement was may have come too late to be accepted.
    announced_at = next(event.at for index, event in talk.events if index == since) / 1e9
    due = [one for one in talk.paired[0] if one.event.at / 1e9 + SLACK_S < announced_at]
    for one in due:
        if not one.answers:
            raise Violation(
                f"an answer to observation {one.seq}", "none before the end", at=one.index
            )
    return len(due)


@monitor(rule.REFUSE_NEW)
def new_ones_refused(talk: Conversation) -> int:
    """What would be lost is refused."""
    since = _announcement(talk)
    seen = 0
    for one in talk.paired[0]:
        if since is None or one.index < since:
            continue
        for index, event in one.answers:
            code = (event.tree or {}).get("code")
            if code in UNACCEPTABLE:
                continue  # it would not have been accepted at any time
            if code != "shutting_down":
                raise Violation("error shutting_down", show(event), at=index)
            seen += 1
    return seen


@monitor(rule.END_CODE)
def end_code(talk: Conversation) -> int:
    """The close code says that the server went, and not the session."""
    since = _announcement(talk)
    if since is None or talk.over_by_kit:
        return 0
    for index, event in talk.events:
        if index > since and event.way is Way.IN and event.kind in (Kind.CLOSE, Kind.END):
            if event.kind is not Kind.CLOSE or event.code != GOING_AWAY:
                raise Violation(f"a Close with {GOING_AWAY}", show(event), at=index)
            return 1
    return 0
