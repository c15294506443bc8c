"""Retries: the same `request_id` once more."""

from functools import partial
from typing import Any

from risp.protocol.action.limits import MAX_REQUEST_ID, REMEMBERED_CHUNKS
from risp.protocol.action.requirements import observation as rule

from ...check import Case, check
from ...verdict import Violation
from .observation import INVALID, LONG_MS, accepted, given_refusal, persist, refused_with


@check(rule.REQUEST_ID_BOUNDS)
def request_id_bounds(case: Case) -> None:
    """Send request ids that are empty, too long, or no string."""
    refused_with(case.opened(), "request_id", ("", "r" * (MAX_REQUEST_ID + 1), 7, ["r"]))


def same_actions(chunk: dict[str, Any], first: dict[str, Any], what: str) -> None:
    """Two chunks must hold equal actions."""
    if chunk.get("actions") != first.get("actions"):
        raise Violation(f"the actions of {what}", "other actions", pointer="/actions")


@check(rule.SAME_REQUEST)
def same_request(case: Case) -> None:
    """Send a request again under a new `seq`."""
    peer = case.opened()
    content = peer.observation()
    first = peer.observe(**content | {"request_id": "again"})
    peer.observe()
    chunk = accepted(peer, **content | {"request_id": "again", "seq": peer.seq + 1})
    same_actions(chunk, first, "the first answer")


@check(rule.PENDING_REQUEST)
def pending_request(case: Case) -> None:
    """Send a request again before it is answered."""
    peer = case.opened()
    content = peer.observation() | {"request_id": "pending"}
    peer.send(content, flush=False)
    again = peer.observation(**content | {"seq": peer.seq + 1})
    peer.send(again)
    first = peer.expect("action_chunk", seq=content["seq"])
    chunk = peer.expect("action_chunk", seq=again["seq"])
    same_actions(chunk, first, "the pending request")


@check(rule.OTHER_CONTENT)
def other_content(case: Case) -> None:
    """Use the id of an answered request for another content."""
    peer = case.opened()
    content = peer.observation() | {"request_id": "taken"}
    peer.observe(**content)
    others: list[dict[str, Any]] = [{"prompt": "something else altogether"}]
    if (state := peer.observation()["state"]) != content["state"]:
        others.append({"state": state})  # a `state` of no numbers is no other content
    for other in others:
        again: dict[str, Any] = content | {"seq": peer.seq + 1} | other
        sent = peer.send_observation(**again)
        peer.expect_error("duplicate_request", peer.answer_s, seq=sent["seq"], request_id="taken")


@check(rule.NOT_CONTENT)
def not_content(case: Case) -> None:
    """Send a request again with another capture time, `max_age_ms` and unknown member."""
    peer = case.opened()
    content = peer.observation() | {"request_id": "retry"}
    first = peer.observe(**content | {"capture_time_ns": 1, "max_age_ms": LONG_MS})
    again = content | {"seq": peer.seq + 1, "capture_time_ns": 2, "max_age_ms": LONG_MS + 1}
    same_actions(accepted(peer, **again), first, "the first answer")
    vendor = again | {"seq": peer.seq + 1, "x_vendor": {"attempt": 3}}
    same_actions(accepted(peer, **vendor), first, "the first answer")


@check(rule.SEQ_BEFORE_REQUEST)
def seq_before_request(case: Case) -> None:
    """Send an answered request again under its old `seq`."""
    peer = case.opened()
    content = peer.observation() | {"request_id": "old"}
    peer.observe(**content)
    peer.send(content)
    peer.expect_error("out_of_order", peer.answer_s, seq=content["seq"])


@check(rule.REMEMBER, waits_s=REMEMBERED_CHUNKS * 5)
def remember(case: Case) -> None:
    """Answer as many requests as must be remembered, and send the first again."""
    peer = case.opened()
    content = peer.observation(request_id="request-0")
    del content["seq"]
    first = persist(lambda: peer.observe(**content))
    for number in range(1, REMEMBERED_CHUNKS):
        persist(partial(peer.observe, request_id=f"request-{number}"))
    chunk = persist(lambda: accepted(peer, **content))
    same_actions(chunk, first, f"the request {REMEMBERED_CHUNKS} chunks ago")


@check(rule.ONLY_CHUNKS)
def only_chunks(case: Case) -> None:
    """Use the id of a refused request for another content."""
    peer = case.opened()
    given_refusal(peer, peer.observation(request_id="once") | {"state": "x"}, INVALID)
    accepted(peer, request_id="once")


@check(rule.REQUEST_SCOPE)
def request_scope(case: Case) -> None:
    """Use a request id in one session, and for another content in the next."""
    first = case.opened()
    first.observe(request_id="mine")
    accepted(case.opened(), request_id="mine", prompt="something else altogether")
