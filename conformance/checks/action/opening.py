"""From the first frame to `session.ready`."""

import json
from typing import Any

from risp.protocol.action.codec import build_server
from risp.protocol.action.declares import ON_REQUEST
from risp.protocol.action.frames import SessionReady
from risp.protocol.action.limits import MIN_SESSION_ID, OPEN_ANSWER_S, STATUS_EVERY_S, UNOPENED_S
from risp.protocol.action.requirements import opening as rule
from risp.protocol.codec import missing
from risp.protocol.errors import DecodeError

from ...check import Case, check, monitor
from ...conversation import Conversation
from ...json_values import shown, strings
from ...peers.websocket import SLACK_S, Peer, show
from ...transcript import Kind, Way
from ...verdict import NotSeen, Violation
from .error import says_when

NONSENSE = "risp-no-such-name"
"""A name that nothing served can have."""
LABEL = "risp-label-of-the-client-0001"

WRONG_TYPES: tuple[dict[str, Any], ...] = (
    {"prompt": 7},
    {"prompt": ["a"]},
    {"session_id": 7},
    {"cameras": "wrist"},
    {"cameras": [7]},
    {"model": 7},
    {"lora": {}},
    {"robot": False},
    {"action_adapter": []},
    {"hz": "30"},
    {"hz": True},
    {"chunk_size": 1.5},
    {"chunk_size": "10"},
    {"max_gpu_seconds": "1"},
    {"queue": 7},
    {"capabilities": "status"},
    {"capabilities": [7]},
)


def refused_open(case: Case, members: dict[str, Any], code: str = "invalid_open") -> None:
    """Open with these members, which must be refused with this code."""
    peer = case.connect()
    frame = case.open_frame() | members
    peer.send_wrong({k: v for k, v in frame.items() if v is not None}, code)
    peer.expect_error(code, OPEN_ANSWER_S + SLACK_S, hint=f"sent {json.dumps(members)}")


def accepted_open(case: Case, **members: Any) -> Peer:
    """Open with these members, which must be taken."""
    peer = case.connect()
    peer.send(case.open_frame(**members))
    peer.ready = peer.expect("session.ready", OPEN_ANSWER_S + SLACK_S)
    return peer


@check(rule.CLIENT_SPEAKS_FIRST)
def client_speaks_first(case: Case) -> None:
    """Connect, say nothing, and ping: only the pong may come."""
    peer = case.connect()
    peer.send_bytes(Kind.PING, b"fence")
    while (event := peer.event(within=OPEN_ANSWER_S)) and event.kind is Kind.PONG:
        if event.data == b"fence":
            return
    if event is not None and event.kind in (Kind.TEXT, Kind.BINARY):
        raise Violation("no frame before the client's first one", show(event))
    raise NotSeen(f"no pong that nothing else came before, but {show(event)}")


@check(rule.ANSWER_OPEN, timing=True)
def answer_open(case: Case) -> None:
    """Open a session; a refusal is an answer too."""
    peer = case.connect()
    peer.send(case.open_frame())
    event = peer.next(OPEN_ANSWER_S + SLACK_S)
    tree = event.tree if event is not None and event.tree else {}
    if event is not None and event.frame_type == "session.ready":
        peer.ready = tree
    elif event is None or event.frame_type != "error" or tree.get("fatal") is not True:
        raise Violation("session.ready, or a fatal error", show(event))


@check(rule.UNDECODABLE_FIRST)
def undecodable_first(case: Case) -> None:
    """Send something that is not JSON as the first frame."""
    peer = case.connect()
    peer.send_wrong('{"type":', "bad_frame")
    peer.expect_error("bad_frame")


@check(rule.STILL_UNOPENED)
def still_unopened(case: Case) -> None:
    """Send something that is not JSON first, and open a session after it."""
    peer = case.connect()
    peer.send_wrong('{"type":', "bad_frame")
    event = peer.next()
    if event is None or event.frame_type != "error":
        raise NotSeen(f"no error for an undecodable first frame, but {show(event)}")
    peer.send(case.open_frame())
    peer.ready = peer.expect("session.ready", OPEN_ANSWER_S + SLACK_S)


@check(rule.OPEN_FIRST)
def observation_first(case: Case) -> None:
    """Send an observation first."""
    peer = case.connect()
    peer.send_observation()
    peer.expect_error("not_open", fatal=True)
    peer.expect_close(1008, 1002)


@check(rule.OPEN_FIRST)
def close_first(case: Case) -> None:
    """Send `session.close` first."""
    peer = case.connect()
    peer.close_session()
    peer.expect_error("not_open", fatal=True)
    peer.expect_close(1008, 1002)


@check(rule.OPEN_FIRST)
def unknown_first(case: Case) -> None:
    """Send a frame of an unknown type first."""
    peer = case.connect()
    peer.send_wrong({"type": NONSENSE}, "unknown_type")
    peer.expect_error("not_open", fatal=True)
    peer.expect_close(1008, 1002)


@check(rule.OPEN_IN_TIME, timing=True, waits_s=UNOPENED_S + 10)
def open_in_time(case: Case) -> None:
    """Connect and say nothing at all."""
    peer = case.connect()
    started = peer.now()
    peer.expect_close(1001, within=UNOPENED_S + 5)
    if peer.now() - started < UNOPENED_S - SLACK_S:
        raise Violation(f"a Close after {UNOPENED_S} s", f"one after {peer.now() - started:.1f} s")


@check(rule.UNKNOWN_MEMBERS)
def unknown_members(case: Case) -> None:
    """Open with members that no version of the protocol names."""
    accepted_open(case, x_vendor={"a": [1, None]}, risp_unheard_of=True)


@check(rule.EMPTY_PROMPT)
def empty_prompt(case: Case) -> None:
    """Open with an empty prompt."""
    accepted_open(case, prompt="")


@check(rule.LABEL_OPTIONAL)
def only_a_prompt(case: Case) -> None:
    """Open with a prompt and nothing else (but what --open adds)."""
    accepted_open(case, session_id=None, cameras=None)


@check(rule.INVALID_OPEN)
def wrong_types(case: Case) -> None:
    """Open with each member of a wrong type in turn."""
    for members in WRONG_TYPES:
        refused_open(case, members)


@check(rule.POSITIVE)
def positive(case: Case) -> None:
    """Open with numbers that must be greater than zero and are not."""
    for name in ("hz", "chunk_size", "max_gpu_seconds"):
        for value in (0, -1):
            refused_open(case, {name: value})


@check(rule.PROMPT_REQUIRED)
def prompt_required(case: Case) -> None:
    """Open without a prompt."""
    refused_open(case, {"prompt": None})


@check(rule.OWN_ID)
def own_id(case: Case) -> None:
    """Open with a label that would do as an id."""
    peer = accepted_open(case, session_id=LABEL)
    if peer.ready.get("session_id") == LABEL:
        raise Violation("an id of the server's own", "the client's label")


@check(rule.DISTINCT_IDS)
def distinct_ids(case: Case) -> None:
    """Open three sessions with one label, one after another."""
    ids: list[Any] = []
    for _ in range(3):
        peer = case.opened(session_id=LABEL)
        ids.append(peer.ready.get("session_id"))
        peer.close_session(ids[-1])
        peer.next()
    if len(set(map(str, ids))) != len(ids):
        raise Violation("three ids", f"{ids}")


@check(rule.EQUAL_LABELS)
def several_sessions(case: Case) -> None:
    """Hold two sessions with one label at a time, and observe in both."""
    first, second = case.opened(session_id=LABEL), accepted_open(case, session_id=LABEL)
    for peer in (first, second, first):
        sent = peer.send_observation()
        peer.expect("action_chunk", seq=sent["seq"])


@check(rule.DESCRIBE)
def describe(case: Case) -> None:
    """Open, and look for what a description consists of."""
    described = {name for name in SessionReady.model_fields if name not in ("type", "action_names")}
    ready = case.opened().ready
    gone = sorted(name for name in described if ready.get(name) is None)
    if gone:
        raise Violation("a full description", f"no {', '.join(gone)}")


@check(rule.ROBOT_IS_A_HINT)
def robot_is_a_hint(case: Case) -> None:
    """Open for a robot that nobody has heard of."""
    accepted_open(case, robot=NONSENSE)


def unserved(case: Case, member: str, code: str) -> None:
    """Ask for something that is not served: a refusal with its own code, or none."""
    peer = case.connect()
    peer.send(case.open_frame(**{member: NONSENSE}))
    event = peer.next(OPEN_ANSWER_S + SLACK_S)
    if event is not None and event.frame_type == "session.ready":
        return
    if event is None or event.tree is None or event.tree.get("code") != code:
        raise Violation(f"error {code}, or session.ready", show(event))


@check(rule.UNSERVED_MODEL)
def unserved_model(case: Case) -> None:
    """Ask for a model that is not served."""
    unserved(case, "model", "unknown_model")


@check(rule.UNSERVED_LORA)
def unserved_lora(case: Case) -> None:
    """Ask for a LoRA adapter that is not served."""
    unserved(case, "lora", "unknown_lora")


@check(rule.UNSERVED_ADAPTER)
def unserved_adapter(case: Case) -> None:
    """Ask for an action adapter that is not served."""
    unserved(case, "action_adapter", "unknown_adapter")


@check(rule.TRUE_MODEL)
def true_model(case: Case) -> None:
    """Ask for a model that is not served, and look which one is declared."""
    peer = case.opened(model=NONSENSE)
    if peer.ready.get("model") == NONSENSE:
        raise Violation("the name of the model that serves", NONSENSE, pointer="/model")


@check(rule.ALREADY_OPEN)
def second_open(case: Case) -> None:
    """Open a session twice on one connection."""
    peer = case.opened()
    peer.send(case.open_frame())
    peer.expect_error("already_open", fatal=False)


@check(rule.NULL_IS_ABSENT)
def null_is_absent(case: Case) -> None:
    """Open with every optional member null."""
    peer = case.connect()
    names = ("model", "lora", "robot", "action_adapter", "hz", "chunk_size", "max_gpu_seconds")
    nulls = dict.fromkeys((*names, "queue", "capabilities"))
    peer.send(nulls | case.open_frame())
    peer.ready = peer.expect("session.ready", OPEN_ANSWER_S + SLACK_S)


@check(rule.QUEUE_LATEST_DECLARED)
def latest_declared(case: Case) -> None:
    """Ask for `latest` where it is declared."""
    peer = case.connect()
    peer.send(case.open_frame(queue="latest"))
    peer.ready = peer.expect("session.ready", OPEN_ANSWER_S + SLACK_S, queue="latest")


@monitor(rule.READY_FIRST)
def ready_first(talk: Conversation) -> int:
    """Deployed clients take the first frame after `session.open` for the answer to it."""
    if talk.opening is None or "status" in strings(talk.opening.get("capabilities")):
        return 0
    opened = False
    for index, event in talk.events:
        opened = opened or (event.way is Way.OUT and event.frame_type == "session.open")
        if opened and event.way is Way.IN and event.kind in (Kind.TEXT, Kind.BINARY):
            fatal = event.frame_type == "error" and event.tree and event.tree.get("fatal")
            if event.frame_type != "session.ready" and not fatal:
                raise Violation("session.ready, or a fatal error", show(event), at=index)
            return 1
    return 0


@monitor(rule.SESSION_ID)
def session_id(talk: Conversation) -> int:
    """An id that can be guessed is none."""
    seen = 0
    for index, ready in talk.frames("session.ready"):
        value = ready.get("session_id")
        if not isinstance(value, str) or len(value) < MIN_SESSION_ID:
            raise Violation(
                f"a string of at least {MIN_SESSION_ID} characters",
                shown(value),
                at=index,
                pointer="/session_id",
            )
        seen += 1
    return seen


@monitor(rule.READY_SHAPE)
def ready_shape(talk: Conversation) -> int:
    """What is declared can be read."""
    seen = 0
    for index, ready in talk.frames("session.ready"):
        try:
            build_server(ready)
        except DecodeError as error:
            raise Violation(
                "members of the types and bounds that the profile gives them",
                error.message,
                at=index,
                pointer=error.pointer,
                hint=error.hint,
            ) from None
        gone = missing(ready, SessionReady)
        if gone:
            raise Violation(f"{', '.join(gone)}", "nothing there", at=index, pointer=gone[0])
        seen += 1
    return seen


@monitor(rule.ON_REQUEST_ONLY)
def on_request_only(talk: Conversation) -> int:
    """What changes the frames that a client gets is not forced on it."""
    asked = set(strings((talk.opening or {}).get("capabilities")))
    seen = 0
    for index, ready in talk.frames("session.ready"):
        forced = (ON_REQUEST - asked) & set(strings(ready.get("capabilities")))
        if forced:
            names = ", ".join(sorted(forced))
            raise Violation(
                "nothing that was not asked for", names, at=index, pointer="/capabilities"
            )
        seen += bool(ON_REQUEST - asked)
    return seen


@monitor(rule.ONE_REFUSAL)
def one_refusal(talk: Conversation) -> int:
    """A refusal is final."""
    refused = False
    for index, event in talk.received:
        if event.frame_type == "session.ready" and refused:
            raise Violation("nothing after a fatal error", "session.ready", at=index)
        if event.frame_type == "error" and event.tree and talk.opening is not None:
            refused = refused or event.tree.get("fatal") is True
    return int(refused)


@monitor(rule.LOADING_UNAVAILABLE)
def loading_unavailable(talk: Conversation) -> int:
    """A client that knows no status frames learns when to come again."""
    return says_when(talk)


@monitor(rule.STATUS_WHILE_LOADING)
def status_while_loading(talk: Conversation) -> int:
    """A client that waits hears that it does not wait in vain."""
    last: float | None = None
    seen = 0
    for index, event in talk.events:
        if event.way is Way.OUT and event.frame_type == "session.open":
            last = event.at / 1e9
        elif event.frame_type in ("session.status", "session.ready") and last is not None:
            gap = event.at / 1e9 - last
            if gap > STATUS_EVERY_S + SLACK_S and (seen or event.frame_type == "session.status"):
                raise Violation(
                    f"a status every {STATUS_EVERY_S} s", f"a gap of {gap:.1f} s", at=index
                )
            seen += event.frame_type == "session.status"
            last = event.at / 1e9
    return seen
