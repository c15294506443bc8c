"""Errors: what earns them, what they say, and what is left afterwards."""

import json
import re
from collections.abc import Iterable
from typing import Any

from risp.protocol.action.codes import BAD_DATA, TOO_BIG, VENDOR_PREFIX, find
from risp.protocol.action.limits import CLOSE_WITHIN_S, OPEN_ANSWER_S
from risp.protocol.action.requirements import error as rule
from risp.protocol.codec import MAX_DEPTH

from ...check import Case, check, monitor
from ...conversation import Conversation
from ...json_values import mapping, shown
from ...peers.websocket import SLACK_S, Peer, show
from ...transcript import Kind, Way
from ...verdict import NotSeen, Violation
from .observation import given_refusal

# A path of a URL or of an application is none of the file system: only what surely is one counts.
_SOURCE = r"(?:pyx?|m?js|tsx?|go|rs|cc?|cpp|h|java|rb|php|cs)"
_BINARY = r"(?:pyc?|so|dylib|dll|pth?|ckpt|onnx|safetensors)"
_INSIDES = re.compile(
    r"Traceback \(most recent|\bFile \"[^\"]+\", line \d+|\n\s+at .+:\d+|\bat .+\(.+:\d+:\d+\)"
    rf"|\w/[\w.-]+\.{_SOURCE}:\d+|\b(?:site|dist)-packages\b|\bnode_modules/|\b[A-Z]:\\\\?\w+\\"
    r"|(?<![\w/.-])/(?:(?:home|Users|tmp)/[\w.-]+/|usr/(?:lib|local|share|bin|src|include)/"
    r"|var/(?:lib|log|run|tmp|cache|folders|www)/|(?:etc|opt|srv|root|mnt)/(?:[\w.@+-]+/)*[\w-]+\.\w"
    rf"|(?:[\w.@+-]+/)+[\w.@+-]+\.{_BINARY}\b)"
)
_NOT_ITS_OWN = ("type", "seq", "request_id", "param")
"""Members of an error that hold what the client wrote, or names of it."""
_POINTER = re.compile(r"(/([^~/]|~[01])*)*")


def bad_frames(case: Case, texts: Iterable[str]) -> None:
    """Send each text on an open session; each must earn `bad_frame`."""
    peer = case.opened()
    for text in texts:
        peer.send_wrong(text, "bad_frame")
        peer.expect_error("bad_frame", fatal=False, hint=f"sent {text[:60]!r}")


def sound(peer: Peer) -> str:
    """A sound observation as text, to be spoilt."""
    return json.dumps(peer.observation(prompt="p"))


@check(rule.LIVES_ON)
def lives_on(case: Case) -> None:
    """Err in several ways on one session, and observe after each."""
    peer = case.opened()
    faults = (
        ("{", "bad_frame"),
        ({"type": "risp-no-such-type"}, "unknown_type"),
        (peer.observation() | {"state": "x"}, "invalid_observation"),
        (peer.observation() | {"images": {"a": 7}}, "invalid_image"),
    )
    for fault, code in faults:
        peer.send_wrong(fault, code)
        event = peer.next(peer.answer_s + SLACK_S)
        if event is not None and event.kind is not Kind.TEXT:
            raise NotSeen(f"no error for a fault that earns {code}, but {show(event)}")
        sent = peer.send_observation(seq=peer.seq + 2)
        peer.expect("action_chunk", seq=sent["seq"], hint=f"after a fault that earns {code}")
    peer.send(case.open_frame())
    peer.next()
    sent = peer.send_observation()
    peer.expect("action_chunk", seq=sent["seq"], hint="after a second session.open")


@check(rule.FATAL_CLOSES)
def fatal_closes(case: Case) -> None:
    """Open with a wrong prompt, and wait for the Close."""
    peer = case.connect()
    peer.send_wrong({"type": "session.open", "prompt": 7}, "invalid_open")
    event = peer.next(OPEN_ANSWER_S + SLACK_S)
    if event is None or not event.tree or event.tree.get("fatal") is not True:
        raise NotSeen(f"no fatal error for an opening with a wrong prompt, but {show(event)}")
    peer.expect_close(1008, within=CLOSE_WITHIN_S + SLACK_S)


@check(rule.UNKNOWN_TYPE)
def unknown_type(case: Case) -> None:
    """Send a frame of an unknown type, and one that only servers send."""
    peer = case.opened()
    for tag in ("risp-no-such-type", "action_chunk", ""):
        peer.send_wrong({"type": tag}, "unknown_type")
        peer.expect_error("unknown_type", fatal=False, hint=f"sent type {tag!r}")


@check(rule.NOT_JSON)
def not_json(case: Case) -> None:
    """Send text that is not JSON."""
    bad_frames(
        case, ("", "{", "hello", "{}{}", "{'type':'observation'}", '{"type":"observation",}')
    )


@check(rule.NAN_TOKEN)
def nan_token(case: Case) -> None:
    """Send what careless encoders write for numbers that are none."""
    peer = case.opened()
    for token in ("NaN", "Infinity", "-Infinity"):
        place = "state" if case.subject.state_width else "max_gpu_seconds"
        value: Any = [0.5] * case.subject.state_width or 0.5
        frame = peer.observation(**{place: value})
        peer.send_wrong(json.dumps(frame).replace("0.5", token, 1), "bad_frame")
        peer.expect_error("bad_frame", fatal=False, hint=f"sent {token} in `{place}`")


@check(rule.NOT_AN_OBJECT)
def not_an_object(case: Case) -> None:
    """Send JSON values that are no objects."""
    bad_frames(case, ("[]", '"observation"', "7", "null", "true"))


@check(rule.NO_TYPE)
def no_type(case: Case) -> None:
    """Send objects without a string `type`."""
    bad_frames(case, ("{}", '{"type":null}', '{"type":7}', '{"type":["observation"]}'))


@check(rule.BINARY)
def binary(case: Case) -> None:
    """Send a sound observation as a binary message."""
    peer = case.opened()
    peer.send_bytes(Kind.BINARY, sound(peer).encode())
    peer.expect_error("bad_frame", fatal=False)


@check(rule.DUPLICATE_KEY)
def duplicate_key(case: Case) -> None:
    """Send an observation in which `prompt` stands twice."""
    peer = case.opened()
    peer.send_wrong(sound(peer).replace('"prompt"', '"prompt": "q", "prompt"'), "bad_frame")
    peer.expect_error("bad_frame", peer.answer_s)


@check(rule.LONE_SURROGATE)
def lone_surrogate(case: Case) -> None:
    """Send an observation whose prompt holds half of a surrogate pair."""
    peer = case.opened()
    peer.send_wrong(sound(peer).replace('"p"', '"\\ud800"'), "bad_frame")
    peer.expect_error("bad_frame", peer.answer_s)


@check(rule.BYTE_ORDER_MARK)
def byte_order_mark(case: Case) -> None:
    """Send an observation behind a byte order mark."""
    peer = case.opened()
    peer.send_wrong("\ufeff" + sound(peer), "bad_frame")
    peer.expect_error("bad_frame", peer.answer_s)


@check(rule.TOO_DEEP)
def too_deep(case: Case) -> None:
    """Send an observation with an unknown member that is nested too deep."""
    peer = case.opened()
    deep = "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)
    peer.send_wrong(sound(peer)[:-1] + f', "x_deep": {deep}}}', "bad_frame")
    peer.expect_error("bad_frame", peer.answer_s)


@check(rule.PARAM_POINTER)
def param_place(case: Case) -> None:
    """Send wrong images under names that a pointer has to escape, and look where it points."""
    peer = case.opened()
    for name, escaped in (("a~b", "a~0b"), ("left/wrist", "left~1wrist")):
        for wrong in (None, {"encoding": 7}):
            frame = peer.observation()
            images = {**mapping(frame.get("images")), name: wrong}
            refusal = given_refusal(peer, frame | {"images": images}, "invalid_image")
            param, place = refusal.get("param"), f"/images/{escaped}"
            above = param in (None, "", "/images", place)
            if not above and not str(param).startswith(f"{place}/"):
                due = f"a pointer to {place}, or to what it stands in"
                hint = f"the image of the camera {name!r} is wrong; `~` is `~0` and `/` is `~1`"
                raise Violation(due, shown(param), pointer="/param", hint=hint)


@check(rule.BAD_UTF8)
def bad_utf8(case: Case) -> None:
    """Send a text message that is not UTF-8."""
    peer = case.opened()
    peer.send_bytes(Kind.TEXT, b'{"type":"\xff\xfe"}')
    peer.over = True
    peer.expect_close(BAD_DATA)


@monitor(rule.SHAPE)
def shape(talk: Conversation) -> int:
    """Programs act on the code, the flags and the place; people on the message."""
    seen = 0
    for index, error in talk.frames("error"):
        for name, kind in (("code", str), ("message", str), ("fatal", bool), ("retryable", bool)):
            if not isinstance(error.get(name), kind):
                due = f"`{name}` as a {'string' if kind is str else 'boolean'}"
                raise Violation(due, shown(error.get(name)), at=index, pointer=f"/{name}")
        seen += 1
    return seen


def _flag(talk: Conversation, name: str) -> int:
    seen = 0
    for index, error in talk.frames("error"):
        row = find(str(error.get("code")))
        due = getattr(row, name, None)
        if due is not None and isinstance(error.get(name), bool):
            if error[name] != due:
                text = f"{name} {json.dumps(due)} for {error['code']}"
                raise Violation(text, json.dumps(error[name]), at=index, pointer=f"/{name}")
            seen += 1
    return seen


@monitor(rule.FATAL_BY_TABLE)
def fatal_by_table(talk: Conversation) -> int:
    """A client must know whether the session lives on."""
    return _flag(talk, "fatal")


@monitor(rule.RETRYABLE_BY_TABLE)
def retryable_by_table(talk: Conversation) -> int:
    """A client must know whether to try again."""
    return _flag(talk, "retryable")


@monitor(rule.KNOWN_CODE)
def known_code(talk: Conversation) -> int:
    """A code that nobody knows helps nobody."""
    seen = 0
    for index, error in talk.frames("error"):
        code = error.get("code")
        if not isinstance(code, str) or (find(code) is None and not code.startswith(VENDOR_PREFIX)):
            due = f"a code of the error table, or one that begins with {VENDOR_PREFIX}"
            raise Violation(due, shown(code), at=index, pointer="/code")
        seen += 1
    return seen


@monitor(rule.NO_INSIDES)
def no_insides(talk: Conversation) -> int:
    """What a server is made of is nobody's business."""
    seen = 0
    for index, error in talk.frames("error"):
        for name, text in error.items():
            found = None if name in _NOT_ITS_OWN else _INSIDES.search(str(text))
            if found:
                raise Violation("a message for people", found[0][:80], at=index, pointer=f"/{name}")
        seen += 1
    return seen


@monitor(rule.PARAM_POINTER)
def param_pointer(talk: Conversation) -> int:
    """A place that can be looked up."""
    seen = 0
    for index, error in talk.frames("error"):
        param = error.get("param")
        if param is not None:
            if not isinstance(param, str) or not _POINTER.fullmatch(param):
                raise Violation("a JSON pointer", shown(param), at=index, pointer="/param")
            seen += 1
    return seen


def says_when(talk: Conversation) -> int:
    """How many errors `unavailable` say when to come again; Violation for one that does not."""
    seen = 0
    for index, error in talk.frames("error"):
        if error.get("code") == "unavailable":
            if error.get("retry_after_ms") is None:
                raise Violation("`retry_after_ms`", "none", at=index, pointer="/retry_after_ms")
            seen += 1
    return seen


@monitor(rule.UNAVAILABLE_WHEN)
def unavailable_when(talk: Conversation) -> int:
    """A client that is sent away learns for how long."""
    return says_when(talk)


@monitor(rule.FATAL_CLOSES)
def closed_after_fatal(talk: Conversation) -> int:
    """Fatal means the end, with a code that says why."""
    for index, event in talk.events:
        tree = event.tree or {}
        if event.way is Way.IN and event.frame_type == "error" and tree.get("fatal") is True:
            row = find(str(tree.get("code")))
            allowed = row.close if row is not None and row.close else (1008, 1011, 1013, 1001, 1002)
            if row is None:
                allowed = (*allowed, TOO_BIG)  # a vendor's own word on a message that is too big
            due = f"a Close with {' or '.join(map(str, allowed))} within {CLOSE_WITHIN_S} s"
            later = [(i, e) for i, e in talk.events if i > index and e.way is Way.IN]
            ends = [(i, e) for i, e in later if e.kind in (Kind.CLOSE, Kind.END)]
            if not ends:
                waited = talk.events[-1][1].at - event.at
                if waited / 1e9 < CLOSE_WITHIN_S:
                    return 0
                raise Violation(due, "no Close", at=index)
            at, end = ends[0]
            late = (end.at - event.at) / 1e9 > CLOSE_WITHIN_S + SLACK_S
            if end.kind is not Kind.CLOSE or end.code not in allowed or late:
                seen = f"{show(end)} {'too late' if late else ''}".strip()
                raise Violation(due, seen, at=at, timed=late)
            return 1
    return 0
