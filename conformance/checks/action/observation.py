"""Observations: what is taken, what is refused, and the one answer that each gets."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from risp.protocol.action.limits import MAX_REQUEST_ID, MAX_SEQ, MAX_TIME_NS
from risp.protocol.action.requirements import observation as rule

from ...check import Case, check
from ...conversation import PASSING_CODES
from ...json_values import shown
from ...peers.websocket import SLACK_S, STEP_S, Peer, show
from ...verdict import DidNotInfer, NotSeen, Violation

INVALID = "invalid_observation"
LONG_MS = 60_000
FAULT_CODES = (
    "bad_frame",
    "unknown_type",
    INVALID,
    "invalid_image",
    "out_of_order",
    "duplicate_request",
)
"""Codes that say that something is wrong with the observation itself."""
EXTREMES = [1.7976931348623157e308, -1.7976931348623157e308, 5e-324, -0.0, 0, 2**53 + 1, -1, 1e-9]
"""Numbers that a double holds, or comes close to."""
EVERY_MEMBER = {
    "prompt": "",
    "request_id": "r",
    "capture_time_ns": "0",
    "max_age_ms": 1e9,
    "max_gpu_seconds": 3600,
}
"""All members that an observation may have besides its state and its images."""


def refused(peer: Peer, frame: dict[str, Any] | str, code: str, **members: Any) -> dict[str, Any]:
    """Send a malformed observation; it must be refused with this code."""
    peer.send_wrong(frame, code)
    within = peer.answer_s + SLACK_S
    hint = "" if isinstance(frame, str) else f"sent {_short(frame)}"
    return peer.expect_error(code, within, hint=hint, fatal=False, **members)


def _short(frame: dict[str, Any]) -> str:
    text = json.dumps(frame)
    return text if len(text) <= 160 else f"{text[:157]}..."


def given_refusal(peer: Peer, frame: dict[str, Any], code: str) -> dict[str, Any]:
    """The refusal of a malformed observation, to be looked at; NotSeen if it is not refused."""
    peer.send_wrong(frame, code)
    event = peer.reply(peer.answer_s + SLACK_S)
    if event is None or event.frame_type != "error" or event.tree is None:
        raise NotSeen(f"no refusal of an observation that earns {code}, but {show(event)}")
    return event.tree


def refused_with(peer: Peer, name: str, values: Iterable[Any], code: str = INVALID) -> None:
    """Each of these values of a member must be refused in turn."""
    for value in values:
        refused(peer, peer.observation() | {name: value}, code)


def accepted(peer: Peer, **members: Any) -> dict[str, Any]:
    """Send an observation with these members; it must be answered with actions."""
    sent = peer.send_observation(**members)
    return peer.expect("action_chunk", seq=sent["seq"])


def persist(observe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Observe, and once more where the observation met with what may befall any."""
    try:
        return observe()
    except DidNotInfer:
        return observe()


# seq


@check(rule.RISING)
def rising(case: Case) -> None:
    """Use a `seq` twice, and then a smaller one."""
    peer = case.opened()
    peer.observe(seq=5)
    for seq in (5, 4):
        peer.send_observation(seq=seq)
        peer.expect_error("out_of_order", peer.answer_s, seq=seq)


@check(rule.ANY_STEP)
def any_step(case: Case) -> None:
    """Leave numbers out, up to the greatest there is."""
    peer = case.opened()
    for seq in (3, 1000, MAX_SEQ):
        accepted(peer, seq=seq)


@check(rule.SEQ_BOUNDS)
def seq_bounds(case: Case) -> None:
    """Send each wrong `seq` in turn, and none."""
    peer = case.opened()
    refused_with(peer, "seq", (-1, 1.5, MAX_SEQ + 1, "x", None, [1]))
    frame = peer.observation()
    del frame["seq"]
    refused(peer, frame, INVALID)


@check(rule.INTEGRAL_FLOAT)
def integral_float(case: Case) -> None:
    """Send `seq` as `7.0`."""
    peer = case.opened()
    frame = peer.observation(seq=7)
    peer.send(frame | {"seq": 7.0})
    peer.expect("action_chunk", seq=7)


# state


def numbers(case: Case) -> list[float]:
    """A `state` of numbers to be spoilt; NotSeen where the target wants none."""
    if case.subject.state_width == 0:
        raise NotSeen("the target's `state` has no numbers that could be spoilt")
    return [0.5] * case.subject.state_width


@check(rule.STATE_TYPE)
def state_type(case: Case) -> None:
    """Send each wrong `state` in turn, and none."""
    peer = case.opened()
    refused_with(peer, "state", (None, "x", {"a": 1}, 1.0, [None], [[1.0]], [{}]))
    frame = peer.observation()
    del frame["state"]
    refused(peer, frame, INVALID)


@check(rule.STATE_FINITE)
def state_finite(case: Case) -> None:
    """Send numbers that are JSON and no double."""
    peer = case.opened()
    for number in ("1e999", "-1e999"):
        frame = peer.observation(state=numbers(case))
        refused(peer, json.dumps(frame).replace("0.5", number, 1), INVALID)


@check(rule.STATE_WIDTH)
def state_width(case: Case) -> None:
    """Send a `state` that is longer, shorter or empty."""
    peer = case.opened()
    width = case.subject.state_width
    for other in {width + 1, max(width - 1, 0), 0} - {width}:
        peer.send_observation(state=[0.0] * other)
        peer.expect_error(
            INVALID, peer.answer_s, hint=f"sent {other} numbers where {width} are due"
        )


@check(rule.STATE_PARAM)
def state_param(case: Case) -> None:
    """Send a wrong `state`, and look what the refusal points at."""
    peer = case.opened()
    frame = peer.observation()
    for wrong in ({k: v for k, v in frame.items() if k != "state"}, frame | {"state": "x"}):
        error = given_refusal(peer, wrong | {"seq": peer.observation()["seq"]}, INVALID)
        if not str(error.get("param")).startswith("/state"):
            raise Violation("`param` at or below /state", shown(error.get("param")))


@check(rule.NO_BOOLEAN_NUMBERS)
def no_boolean_numbers(case: Case) -> None:
    """Send booleans where numbers are due."""
    peer = case.opened()
    if case.subject.state_width:
        refused_with(peer, "state", ([True] * case.subject.state_width,))
    refused_with(peer, "seq", (True,))


@check(rule.NO_STRING_NUMBERS)
def no_string_numbers(case: Case) -> None:
    """Send numeric strings where numbers are due."""
    peer = case.opened()
    if case.subject.state_width:
        refused_with(peer, "state", (["0.5"] * case.subject.state_width,))
    refused_with(peer, "seq", ("5",))


# Other members


@check(rule.STEP_PROMPT)
def step_prompt(case: Case) -> None:
    """Change the instruction for one step."""
    peer = case.opened()
    accepted(peer, prompt="move left")
    accepted(peer, prompt="")


@check(rule.UNKNOWN_MEMBERS)
def unknown_members(case: Case) -> None:
    """Observe with members that no version of the protocol names."""
    accepted(case.opened(), x_vendor={"a": [1, None]}, risp_unheard_of=True)


@check(rule.NULL_IS_ABSENT)
def null_is_absent(case: Case) -> None:
    """Observe with every optional member null."""
    peer = case.opened()
    names = ("prompt", "request_id", "capture_time_ns", "max_age_ms", "max_gpu_seconds")
    frame: dict[str, Any] = dict.fromkeys(names) | peer.observation()
    peer.send(frame if frame.get("images") else frame | {"images": None})
    peer.expect("action_chunk", seq=frame["seq"])


@check(rule.BOUNDS)
def bounds(case: Case) -> None:
    """Send the other members of wrong types, or out of bounds."""
    peer = case.opened()
    refused_with(peer, "max_age_ms", (-1, "5", True))
    refused_with(peer, "max_gpu_seconds", (0, -1, "5"))
    refused_with(peer, "prompt", (7, {}))
    refused_with(peer, "capture_time_ns", (1.5, -1, "1.5", "-1", "x", "", True))
    # As a number the bound itself is not there for a reader of doubles; twice of it is too much
    # for everybody.
    refused_with(peer, "capture_time_ns", (str(MAX_TIME_NS + 1), 2 * (MAX_TIME_NS + 1)))


@check(rule.TIME_TYPE)
def time_type(case: Case) -> None:
    """Send capture times as integers and as decimal strings, and have them back unaltered."""
    peer = case.opened()
    for value in (0, 1737830400000000001, "1737830400000000001", MAX_TIME_NS, str(MAX_TIME_NS)):
        accepted(peer, capture_time_ns=value)


@check(rule.TIME_REPEATED)
def time_repeated(case: Case) -> None:
    """Send a capture time that any JSON reader keeps, and look whether it comes back."""
    value = "1737830400000000001"
    chunk = accepted(case.opened(), capture_time_ns=value)
    if chunk.get("capture_time_ns") is None:
        raise Violation(f"capture_time_ns {value!r} in the action_chunk", "none")


@check(rule.NO_FALSE_REFUSAL)
def nothing_wrong(case: Case) -> None:
    """Send sound observations of unusual shapes; none may be called wrong."""
    peer = case.opened()
    width = case.subject.state_width
    extremes = [(EXTREMES * width)[i : i + width] for i in range(0, len(EXTREMES), width or 9)]
    shapes: list[dict[str, Any]] = [
        *({"state": state} for state in extremes if width),
        {"request_id": "\u20ac" + "\U0001f916" * (MAX_REQUEST_ID - 1)},
        {"request_id": ' "\n'},
        {"prompt": "\u30ab\U0001f916 " * 100},
        dict(EVERY_MEMBER),
    ]
    taken = 0
    for shape in shapes:
        frame = peer.send_observation(**shape)
        event = peer.next(peer.answer_s + SLACK_S)
        tree = event.tree if event is not None and event.tree else {}
        if tree.get("code") in FAULT_CODES:
            hint = f"sent {_short(frame)}"
            raise Violation("action_chunk, for nothing is wrong", show(event), hint=hint)
        taken += tree.get("type") == "action_chunk"
    if not taken:
        raise NotSeen("no observation of an unusual shape became a chunk")


# max_age and budgets


@check(rule.EXPIRE)
def expire(case: Case) -> None:
    """Observe with a `max_age_ms` of nothing."""
    peer = case.opened(capabilities=["max_age"])
    sent = peer.send_observation(max_age_ms=0)
    peer.expect("observation.dropped", seq=sent["seq"], reason="expired")


@check(rule.STILL_FRESH)
def still_fresh(case: Case) -> None:
    """Observe with a `max_age_ms` of a minute."""
    accepted(case.opened(capabilities=["max_age"]), max_age_ms=LONG_MS)


@check(rule.GPU_BUDGET)
def gpu_budget(case: Case) -> None:
    """Allow one inference a nanosecond."""
    peer = case.opened()
    sent = peer.send_observation(max_gpu_seconds=1e-9)
    peer.expect_error("budget_exceeded", peer.answer_s, seq=sent["seq"])


@check(rule.STEP_BUDGET)
def step_budget(case: Case) -> None:
    """Allow the session a nanosecond, and one observation a minute."""
    peer = case.opened(max_gpu_seconds=1e-9)
    sent = peer.send_observation(max_gpu_seconds=60.0)
    others = PASSING_CODES - {"budget_exceeded"}
    peer.expect("action_chunk", seq=sent["seq"], passing=others)
    sent = peer.send_observation()
    peer.expect_error("budget_exceeded", peer.answer_s, seq=sent["seq"])


# Answers


@check(rule.CARRY_NOTHING)
def frame_errors_carry_nothing(case: Case) -> None:
    """Send a frame of an unknown type that has `seq` and `request_id`."""
    peer = case.opened()
    peer.send_wrong({"type": "risp-no-such-type", "seq": 0, "request_id": "r"}, "unknown_type")
    event = peer.reply(STEP_S, ordered=False)
    if event is None or event.frame_type != "error" or event.tree is None:
        raise NotSeen(f"no error for a frame of an unknown type, but {show(event)}")
    error = event.tree
    carried = [name for name in ("seq", "request_id") if error.get(name) is not None]
    if carried:
        raise Violation(
            "neither `seq` nor `request_id`", ", ".join(carried), pointer=f"/{carried[0]}"
        )


@check(rule.CARRY_SEQ, rule.CARRY_REQUEST_ID)
def refusals_carry_both(case: Case) -> None:
    """Have an observation refused for its state, and one for its image."""
    peer = case.opened()
    for member, value, code in (("state", "x", INVALID), ("images", {"a": 7}, "invalid_image")):
        frame = peer.observation(request_id=f"refused-{member}") | {member: value}
        error = given_refusal(peer, frame, code)
        if error.get("seq") != frame["seq"]:
            raise Violation(f"seq {frame['seq']}", shown(error.get("seq")), pointer="/seq")
        if error.get("request_id") != frame["request_id"]:
            raise Violation(
                f"request_id {frame['request_id']!r}",
                shown(error.get("request_id")),
                pointer="/request_id",
                requirement=rule.CARRY_REQUEST_ID,
            )
