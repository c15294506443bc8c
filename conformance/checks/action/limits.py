"""Limits and clocks that a server keeps."""

import json

from risp.protocol.action.codes import GOING_AWAY, TOO_BIG
from risp.protocol.action.limits import PONG_WITHIN_S
from risp.protocol.action.requirements import limits as rule

from ...check import Case, check
from ...peers.websocket import SLACK_S, Peer, show
from ...transcript import Kind
from ...verdict import NotSeen, Violation
from .queue import burst_size, send_burst

LARGEST = 32 << 20
"""The kit builds no message over this."""
LONGEST_IDLE_S = 120.0
SILENCE_S = 45.0
"""Longer than the usual ping interval and ping time-out of WebSocket libraries together."""
TRANSFER_S = 20.0
BUSY_AFTER_S = 0.05
"""A target that has had a burst for so long is busy with it."""


def padded(peer: Peer, size: int) -> str:
    """A sound observation of exactly that many bytes."""
    frame = peer.observation(x_padding="")
    room = size - len(json.dumps(frame).encode())
    if room < 0:
        raise NotSeen(f"an observation does not fit into {size} bytes")
    return json.dumps(frame | {"x_padding": "x" * room})


def size_to_try(case: Case) -> int:
    """The limit, if messages of that size can be built."""
    if case.subject.max_frame_bytes > LARGEST:
        raise NotSeen(f"the limit of {case.subject.max_frame_bytes:,} bytes is over what is built")
    return case.subject.max_frame_bytes


@check(rule.TOO_BIG_CLOSES)
def one_byte_too_many(case: Case) -> None:
    """Send a message that is one byte over the declared limit."""
    peer = case.opened()
    peer.send_bytes(Kind.TEXT, padded(peer, size_to_try(case) + 1))
    peer.over = True
    event = peer.next(TRANSFER_S)
    while event is not None and event.frame_type == "error":
        event = peer.next(TRANSFER_S)
    # An answer shows at once that the message was taken; no Close needs to be waited for then.
    if event is None or event.kind is not Kind.CLOSE or event.code != TOO_BIG:
        raise Violation(f"a Close with code {TOO_BIG}", show(event))


@check(rule.LARGE_ACCEPTED)
def as_large_as_allowed(case: Case) -> None:
    """Send a message that is exactly as large as the limit allows."""
    peer = case.opened()
    peer.send_bytes(Kind.TEXT, padded(peer, size_to_try(case)))
    peer.expect("action_chunk", peer.answer_s + TRANSFER_S, seq=peer.seq)


@check(rule.PING, timing=True)
def ping(case: Case) -> None:
    """Ping while as many observations wait as the target takes."""
    peer = case.opened()
    send_burst(peer, burst_size(case))
    # Not in the same segment: a library answers a ping that it reads along with the burst at once.
    peer.pause(BUSY_AFTER_S)
    peer.send_bytes(Kind.PING, b"alive?")
    peer.expect_pong(b"alive?", PONG_WITHIN_S + SLACK_S)


@check(rule.PONG_CONTENT)
def pong_content(case: Case) -> None:
    """Ping with several payloads."""
    peer = case.opened()
    for payload in (b"", b"\x00\xff", b"p" * 125):
        peer.send_bytes(Kind.PING, payload)
        peer.expect_pong(payload, PONG_WITHIN_S + SLACK_S)


@check(rule.OTHERS_SERVED, timing=True)
def others_served(case: Case) -> None:
    """Keep the target busy with one session, and open another."""
    started = case.clock()
    idle = case.opened()
    usual = case.clock() - started
    idle.close_session(idle.ready.get("session_id"))
    idle.next()
    busy = case.opened()
    send_burst(busy, burst_size(case))
    busy.pause(BUSY_AFTER_S)
    started = case.clock()
    case.opened()
    took = case.clock() - started
    if took > usual + PONG_WITHIN_S + SLACK_S:
        raise Violation(
            "another session opened while the target infers",
            f"opened after {took:.1f} s, and after {usual:.1f} s before that",
        )


@check(rule.IDLE_CLOSES, timing=True, waits_s=LONGEST_IDLE_S)
def idle(case: Case) -> None:
    """Open a session and say nothing."""
    idle_s = (case.subject.limit("idle_timeout_ms") or 0) / 1000
    if idle_s > LONGEST_IDLE_S:
        raise NotSeen(
            f"idle_timeout_ms is {idle_s:g} s; declare at most {LONGEST_IDLE_S:g} s for this"
        )
    peer = case.opened()
    opened = peer.now()
    # Nothing may be sent meanwhile, so that this is no `expect`, which would send a fence.
    event = peer.next(idle_s + 5)
    if event is None or event.tree is None or event.tree.get("code") != "idle_timeout":
        raise Violation('error with code "idle_timeout"', show(event))
    if peer.now() - opened < idle_s - SLACK_S:
        raise Violation(f"the end after {idle_s:g} s", f"the end after {peer.now() - opened:.1f} s")
    peer.expect_close(GOING_AWAY)


@check(rule.PONGS_OPTIONAL, waits_s=SILENCE_S)
def pongs_optional(case: Case) -> None:
    """Read nothing, so that no ping is answered, for longer than ping clocks run; then observe."""
    peer = case.opened()
    idle_ms = case.subject.limit("idle_timeout_ms")
    if idle_ms is not None and idle_ms / 1000 <= SILENCE_S + 1:
        raise NotSeen(
            f"idle_timeout_ms of {idle_ms} ends the session before {SILENCE_S:g} s are over"
        )
    peer.pause(SILENCE_S)
    sent = peer.send_observation()
    peer.expect("action_chunk", seq=sent["seq"])
