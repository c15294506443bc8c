"""The first conversation: is anything there, does it speak the protocol, and what does it declare?

It ends in a Subject, or in one Diagnosis. No verdict counts before it has succeeded: a 404 from any
web server would otherwise pass for a refusal, and silence for patience.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from risp.protocol.action.codes import CODES
from risp.protocol.action.limits import OPEN_ANSWER_S

from .check import ALL_CAPABILITIES, Case
from .conversation import PASSING_CODES
from .diagnosis import Diagnosis, Exit
from .json_values import listing
from .peers.link import LinkError
from .peers.websocket import SLACK_S, STEP_S, Peer, show
from .subject import STATE_WIDTHS, Subject
from .transcript import Event, Kind
from .verdict import NotSeen

GIVE_UP_S = 14.0
"""Seconds after which a target that says nothing to `session.open` is given up."""
LOADING_S = 120.0
"""Seconds that a target may say that it is loading."""
LASTING_S = 10.0
"""Seconds over which a 503 is tried again before it counts as lasting."""
REFUSALS_OF_OPEN = frozenset(
    {"invalid_open", "unknown_model", "unknown_lora", "unknown_adapter", "unavailable"}
)

MakeCase = Callable[[Subject], Case]


def discover(subject: Subject, make_case: MakeCase) -> Subject:
    """Hold the first conversation; raises Diagnosis."""
    case = make_case(subject)
    try:
        peer = _connect(case)
        ready = _open(case, peer)
        found = replace(subject, ready=ready)
        width = ready.get("state_dim")
        found = _find_observation(case, peer, found, width if isinstance(width, int) else None)
    except NotSeen as cause:
        raise Diagnosis(Exit.INCOMPLETE, f"{cause}, before it could be judged") from None
    finally:
        case.release()
    if subject.key is None:
        return found
    case = make_case(subject)
    return replace(found, key_required=_is_refused(case))


def _is_refused(case: Case) -> bool:
    """Whether the target refuses a handshake without the key that opened."""
    try:
        link, event = case.shake_hands(key=None)
    except LinkError:
        return True
    link.release()
    return bool(event.info["status"] != 101)


# Connecting


def _connect(case: Case) -> Peer:
    until = case.clock() + LASTING_S
    while True:
        try:
            link, event = case.shake_hands()
        except LinkError as error:
            raise Diagnosis(Exit.UNREACHABLE, _no_answer(case, str(error))) from None
        if event.info["status"] == 101:
            peer = Peer(link, case.subject, case.rng, case.deadline, event)
            case.peers.append(peer)
            return peer
        link.release()
        pause = _retry_after(event) if event.info["status"] in (429, 503) else math.inf
        if case.clock() + pause > until:
            raise _refused(case, event)
        link.pause(case.clock() + pause)


def _retry_after(event: Event) -> float:
    value = {n.lower(): v for n, v in event.info["headers"]}.get("retry-after", "1")
    return max(float(value), 0.2) if value.isdigit() else 1.0


def _no_answer(case: Case, detail: str) -> str:
    address = case.subject.address
    return f"no WebSocket at {address.host}:{address.port}: {detail}"


def _refused(case: Case, event: Event) -> Diagnosis:
    status = event.info["status"]
    path = case.subject.address.target.partition("?")[0]
    if status == 401 and case.subject.key is None:
        return Diagnosis(
            Exit.UNREACHABLE, "the target wants a key (status 401)", hint="give it with --key"
        )
    if status == 401:
        return Diagnosis(Exit.UNREACHABLE, "the target refuses the key (status 401)")
    if status == 404:
        return Diagnosis(
            Exit.UNREACHABLE,
            f"HTTP answers, but there is no WebSocket at {path} (status 404)",
            hint="give the whole URL, with the path at which the server publishes the endpoint",
        )
    if status in (429, 503):
        return Diagnosis(
            Exit.UNREACHABLE,
            f"the target stays unavailable (status {status} for {LASTING_S:g} s)",
            hint="try again when it is ready",
        )
    return Diagnosis(
        Exit.UNREACHABLE,
        f"HTTP answers, but not with a WebSocket (status {status} at {path})",
        hint="is this the WebSocket endpoint of the server?",
    )


# Opening


def _open(case: Case, peer: Peer) -> dict[str, Any]:
    peer.send(case.open_frame(capabilities=list(ALL_CAPABILITIES)))
    until = case.clock() + LOADING_S
    wait = GIVE_UP_S
    while True:
        event = peer.next(wait)
        if event is not None and event.frame_type == "session.status" and case.clock() < until:
            wait = OPEN_ANSWER_S
            continue
        if event is not None and event.tree and event.frame_type == "session.ready":
            if not isinstance(event.tree.get("session_id"), str):
                raise _not_risp("sends a `session.ready` without a `session_id`")
            peer.ready = event.tree
            return event.tree
        raise _unopened(case, peer, event)


def _not_risp(what: str) -> Diagnosis:
    return Diagnosis(
        Exit.UNREACHABLE,
        f"this is a WebSocket, but not this protocol: it {what}",
        hint="the answer to `session.open` is `session.ready` or a fatal `error` (A-OPEN-2)",
    )


def _unopened(case: Case, peer: Peer, event: Event | None) -> Diagnosis:
    if event is None:
        return _not_risp(f"says nothing to `session.open` for {GIVE_UP_S:g} s")
    if event.frame_type == "error" and event.tree:
        code = str(event.tree.get("code"))
        following = peer.next(STEP_S)
        known = CODES.get(code)
        closes = following is not None and following.kind is Kind.CLOSE
        is_refusal = known and closes and event.tree.get("fatal") is True
        if is_refusal and code not in REFUSALS_OF_OPEN:
            return Diagnosis(
                Exit.UNREACHABLE, f"the target opens no session: it answers {show(event)}"
            )
        if is_refusal:
            return Diagnosis(
                Exit.INCOMPLETE,
                f"no acceptable session.open found: the target answers {show(event)}",
                hint="give the members that it needs with --open FILE, or a model with --model",
            )
    return _not_risp(f"answers `session.open` with {show(event)}")


# The first observation


def _find_observation(case: Case, peer: Peer, subject: Subject, width: int | None) -> Subject:
    """Find a `state` that the target takes: of the declared width, or of a usual one."""
    widths = STATE_WIDTHS if width is None else (width,)
    given = subject.observation_members.get("state")
    if isinstance(given, list):
        widths = (len(listing(given)),)
    last: Event | None = None
    for one in widths:
        tried = replace(subject, state_width=one)
        last = _try(peer, tried)
        if last is not None and last.frame_type == "action_chunk":
            return tried
        if last is None or last.frame_type != "error":
            break
    refused = {"invalid_observation", "invalid_image", *PASSING_CODES}
    if last is not None and last.tree and last.tree.get("code") in refused:
        raise Diagnosis(
            Exit.INCOMPLETE,
            f"no acceptable observation found: the target answers {show(last)}",
            hint="give the members that it needs with --observation FILE, a JSON object",
        )
    # A session has opened, so that this is a target; what is wrong with its answers, checks tell.
    return replace(subject, state_width=widths[0], mute=last is None)


def _try(peer: Peer, subject: Subject) -> Event | None:
    """What answers an observation; up to three where it meets with what may befall any."""
    last: Event | None = None
    for _ in range(3):
        peer.seq += 1
        peer.send(subject.observation(peer.seq, Random(peer.seq)))
        last = peer.next(subject.answer_s + 2 * SLACK_S)
        if last is None or not last.tree or last.tree.get("code") not in PASSING_CODES:
            break
    return last
