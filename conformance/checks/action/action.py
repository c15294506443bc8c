"""Action chunks: what an answer holds."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from risp.protocol.action.declares import Capability
from risp.protocol.action.frames import ITEM_SIZES, ActionChunk, Metadata, Tensor
from risp.protocol.action.requirements import action as rule
from risp.protocol.codec import missing

from ...check import Case, check, monitor
from ...conversation import Conversation
from ...json_values import integer, listing, mapping, shown
from ...transcript import Kind
from ...verdict import NotSeen, Violation
from .observation import accepted

_NOT_FINITE = re.compile(r"[\[,:]\s*-?(NaN|Infinity)\b")


@check(rule.NOT_EMPTY, rule.EQUAL_ROWS, rule.FINITE, rule.METADATA, rule.LISTS)
def chunk(case: Case) -> None:
    """Observe three times without extensions, and look at the chunks."""
    peer = case.opened(capabilities=None)
    for _ in range(3):
        accepted(peer)


@check(rule.CHUNK_SIZE)
def chunk_size(case: Case) -> None:
    """Ask for chunks of one row, and hold the target to what it declares then."""
    wishes: list[dict[str, Any]] = [{"chunk_size": 1}, {}]
    if Capability.TENSOR_B64 in case.subject.capabilities:
        wishes.append({"chunk_size": 1, "capabilities": [Capability.TENSOR_B64]})
    for wish in wishes:
        peer = case.opened(**wish)
        accepted(peer)
        peer.close_session()
        peer.next()


@check(rule.ACTION_DIM)
def action_dim(case: Case) -> None:
    """Observe, and count the numbers of a row."""
    accepted(case.opened())


@check(rule.TENSOR, rule.DTYPE)
def tensor(case: Case) -> None:
    """Observe on a session with tensors."""
    peer = case.opened(capabilities=[Capability.TENSOR_B64])
    if Capability.TENSOR_B64 not in (peer.ready.get("capabilities") or ()):
        raise NotSeen("the target does not declare `tensor_b64` for this session")
    accepted(peer)


@check(rule.INTEGERS)
def integers(case: Case) -> None:
    """Open, observe and err, and look for integers written as floats."""
    peer = case.opened()
    accepted(peer)
    peer.send_wrong({"type": "risp-no-such-type"}, "unknown_type")
    peer.next()


def _chunks(talk: Conversation) -> Iterator[tuple[int, dict[str, Any], Any]]:
    for index, frame in talk.frames("action_chunk"):
        yield index, frame, frame.get("actions")


def _rows(talk: Conversation) -> Iterator[tuple[int, Sequence[Any]]]:
    for index, _, actions in _chunks(talk):
        if isinstance(actions, list):
            yield index, listing(actions)


def _shape(actions: Any) -> tuple[int, int] | None:
    """Rows and columns, or None for what has none."""
    if listing(actions) and isinstance(listing(actions)[0], list):
        return len(listing(actions)), len(listing(listing(actions)[0]))
    sides = [integer(side) for side in listing(mapping(actions).get("shape"))]
    if len(sides) == 2 and sides[0] is not None and sides[1] is not None:
        return sides[0], sides[1]
    return None


@monitor(rule.NOT_EMPTY)
def not_empty(talk: Conversation) -> int:
    """A chunk without actions moves nothing."""
    seen = 0
    for index, _, actions in _chunks(talk):
        rows: Sequence[Any] = [[1]] if isinstance(actions, dict) else listing(actions)
        if not rows or any(isinstance(row, list) and not row for row in rows):
            raise Violation(
                "at least one row with one number", "none", at=index, pointer="/actions"
            )
        seen += 1
    return seen


@monitor(rule.EQUAL_ROWS)
def equal_rows(talk: Conversation) -> int:
    """Every step moves the same joints."""
    seen = 0
    for index, rows in _rows(talk):
        widths = {len(listing(row)) if isinstance(row, list) else None for row in rows}
        if len(widths) > 1 or None in widths:
            shown = ", ".join(sorted(str(width) for width in widths))
            raise Violation(
                "rows of equal length", f"lengths {shown}", at=index, pointer="/actions"
            )
        seen += 1
    return seen


@monitor(rule.FINITE)
def finite(talk: Conversation) -> int:
    """A robot cannot move by NaN."""
    seen = 0
    for index, event in talk.received:
        text = event.text or ""
        if event.kind is Kind.TEXT and event.tree is None and '"action_chunk"' in text:
            found = _NOT_FINITE.search(text)
            if found:
                raise Violation("finite numbers", found[1], at=index, pointer="/actions")
    for index, rows in _rows(talk):
        for number, row in enumerate(rows):
            for value in listing(row) if isinstance(row, list) else [row]:
                is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
                if not is_number or not math.isfinite(value):
                    seen_ = json.dumps(value)[:80]
                    place = f"/actions/{number}"
                    raise Violation("finite numbers", seen_, at=index, pointer=place)
        seen += 1
    return seen


@monitor(rule.ACTION_DIM)
def declared_width(talk: Conversation) -> int:
    """What is declared is kept."""
    due = integer(talk.ready.get("action_dim"))
    seen = 0
    for index, _, actions in _chunks(talk):
        shape = _shape(actions)
        if due is None or shape is None:
            continue
        if shape[1] != due:
            raise Violation(
                f"rows of {due} numbers", f"of {shape[1]}", at=index, pointer="/actions/0"
            )
        seen += 1
    return seen


@monitor(rule.CHUNK_SIZE)
def declared_rows(talk: Conversation) -> int:
    """A buffer of the declared size is large enough."""
    most = integer(talk.ready.get("chunk_size"))
    seen = 0
    for index, _, actions in _chunks(talk):
        shape = _shape(actions)
        if most is None or shape is None:
            continue
        if shape[0] > most:
            raise Violation(f"at most {most} rows", str(shape[0]), at=index, pointer="/actions")
        seen += 1
    return seen


@monitor(rule.METADATA)
def metadata(talk: Conversation) -> int:
    """A client can see where time goes."""
    seen = 0
    for index, frame, _ in _chunks(talk):
        gone = [name for name in missing(frame, ActionChunk) if name.startswith("/metadata")]
        if gone:
            raise Violation(", ".join(gone), "nothing there", at=index, pointer=gone[0])
        try:
            Metadata.model_validate(frame.get("metadata"))
        except ValidationError as error:
            place = "/metadata/" + str(error.errors()[0]["loc"][-1])
            raise Violation(
                "a name and two times in milliseconds",
                error.errors()[0]["msg"],
                at=index,
                pointer=place,
            ) from None
        seen += 1
    return seen


@monitor(rule.LISTS)
def lists(talk: Conversation) -> int:
    """Deployed clients read lists of rows."""
    seen = 0
    for index, _, actions in _chunks(talk):
        if Capability.TENSOR_B64 in (talk.ready.get("capabilities") or ()):
            continue
        if not isinstance(actions, list):
            kind = type(actions).__name__
            raise Violation("an array of rows", f"a {kind}", at=index, pointer="/actions")
        seen += 1
    return seen


@monitor(rule.TENSOR)
def tensors(talk: Conversation) -> int:
    """A tensor that does not add up is garbage in a robot's joints."""
    seen = 0
    for index, _, actions in _chunks(talk):
        if Capability.TENSOR_B64 not in (talk.ready.get("capabilities") or ()):
            continue
        if not isinstance(actions, dict):
            kind = "an array" if isinstance(actions, list) else shown(actions)
            raise Violation("a tensor object", kind, at=index, pointer="/actions")
        if mapping(actions).get("dtype") not in ITEM_SIZES:
            continue
        try:
            Tensor.model_validate(actions)
        except ValidationError as error:
            first = error.errors()[0]
            place = "/".join(["/actions", *map(str, first["loc"])])
            raise Violation("a sound tensor", first["msg"], at=index, pointer=place) from None
        seen += 1
    return seen


@monitor(rule.DTYPE)
def dtype(talk: Conversation) -> int:
    """Names of dtypes are the profile's, not those of a library."""
    seen = 0
    for index, _, actions in _chunks(talk):
        if isinstance(actions, dict):
            name = mapping(actions).get("dtype")
            if name not in ITEM_SIZES:
                due = f"one of {', '.join(ITEM_SIZES)}"
                raise Violation(due, shown(name), at=index, pointer="/actions/dtype")
            seen += 1
    return seen


_INTEGERS = ("seq", "state_dim", "action_dim", "chunk_size")
_INTEGER_LIMITS = ("max_frame_bytes", "max_in_flight", "idle_timeout_ms", "answer_timeout_ms")


@monitor(rule.INTEGERS)
def integers_stay_integers(talk: Conversation) -> int:
    """Not every reader takes `1.0` for an integer."""
    seen = 0
    for index, event in talk.received:
        tree = event.tree or {}
        limits = mapping(tree.get("limits"))
        values = {f"/{name}": tree.get(name) for name in _INTEGERS}
        values |= {f"/limits/{name}": limits.get(name) for name in _INTEGER_LIMITS}
        for pointer, value in values.items():
            if isinstance(value, float):
                raise Violation("an integer", shown(value), at=index, pointer=pointer)
            seen += isinstance(value, int)
    return seen
