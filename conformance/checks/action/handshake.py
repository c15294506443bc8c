"""Before the first frame: address, version, key."""

import json
import re
from typing import Any

from risp.protocol.action.requirements import handshake as rule
from risp.protocol.version import SUBPROTOCOL_JSON

from ...check import Case, check, monitor
from ...conversation import Conversation
from ...json_values import mapping
from ...transcript import Event, Kind
from ...verdict import Violation

FOREIGN_HOST = "elsewhere.example"
FOREIGN_ORIGIN = f"https://{FOREIGN_HOST}"
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_BEARER = re.compile(r"(?:^|,)\s*bearer(?=[\s,]|$)(?!\s*=)", re.IGNORECASE)
_JUDGED_REFUSALS = (401, 403, 426, 429, 503)


def header(response: Event, name: str) -> str | None:
    """A header of a response, or None."""
    for key, value in response.info["headers"]:
        if key.lower() == name.lower():
            return str(value)
    return None


def expect_status(response: Event, status: int, hint: str = "") -> None:
    """The response must have this status."""
    if response.info["status"] != status:
        raise Violation(f"status {status}", f"status {response.info['status']}", hint=hint)


def offer(*subprotocols: str) -> tuple[tuple[str, str], ...]:
    """The header that offers subprotocols."""
    return (("Sec-WebSocket-Protocol", ", ".join(subprotocols)),)


@check(rule.UNKNOWN_PATH)
def unknown_path(case: Case) -> None:
    """Shake hands on a sibling of the given path."""
    path = case.subject.address.target.partition("?")[0].rstrip("/")
    expect_status(case.response(target=f"{path}-no-such-path"), 404)


@check(rule.NO_SUBPROTOCOL)
def no_subprotocol(case: Case) -> None:
    """Offer no subprotocol, and open a session in JSON."""
    peer = case.connect()
    selected = header(peer.response, "Sec-WebSocket-Protocol")
    if selected is not None:
        raise Violation("no subprotocol, as none was offered", f"{selected!r} selected")
    peer.send(case.open_frame())
    peer.expect("session.ready")


@check(rule.SELECT_JSON)
def select_json(case: Case) -> None:
    """Offer the subprotocol of JSON text frames."""
    response = case.response(headers=offer(SUBPROTOCOL_JSON))
    expect_status(response, 101)
    if header(response, "Sec-WebSocket-Protocol") != SUBPROTOCOL_JSON:
        selected = header(response, "Sec-WebSocket-Protocol")
        raise Violation(f"{SUBPROTOCOL_JSON} selected", f"{selected or 'nothing'} selected")


@check(rule.FOREIGN_SUBPROTOCOL)
def foreign_subprotocol(case: Case) -> None:
    """Offer only subprotocols of others, and open a session all the same."""
    link, response = case.shake_hands(headers=offer("chat", "graphql-transport-ws"))
    link.release()
    expect_status(response, 101, hint="offers that are not `risp.*` are as good as none")
    selected = header(response, "Sec-WebSocket-Protocol")
    if selected is not None:
        raise Violation("no subprotocol selected", f"{selected!r} selected")


@check(rule.UNKNOWN_SUBPROTOCOL)
def unknown_subprotocol(case: Case) -> None:
    """Offer only a subprotocol of ours that nobody speaks."""
    response = case.response(headers=offer("risp.v999.none"))
    expect_status(response, 426)
    upgrade = header(response, "Upgrade") or ""
    if upgrade.lower() != "websocket":
        raise Violation("the header `Upgrade: websocket`", f"Upgrade: {upgrade or '(absent)'}")
    judge_body(response)


@check(rule.NO_COMPRESSION)
def no_compression(case: Case) -> None:
    """Offer permessage-deflate."""
    offered = (("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),)
    response = case.response(headers=offered)
    expect_status(response, 101)
    accepted = header(response, "Sec-WebSocket-Extensions")
    if accepted:
        raise Violation("the extension declined", f"{accepted!r} accepted")


@check(rule.KEY_REQUIRED, rule.CHALLENGE)
def key_required(case: Case) -> None:
    """Shake hands without a key."""
    expect_status(case.response(key=None), 401)


@check(rule.WRONG_KEY, rule.CHALLENGE)
def wrong_key(case: Case) -> None:
    """Shake hands with a wrong key."""
    expect_status(case.response(key="this-is-not-the-key"), 401)


@check(rule.BEARER)
def bearer(case: Case) -> None:
    """Shake hands with the key in the Authorization header."""
    expect_status(case.response(), 101)


@check(rule.HEADER_DECIDES)
def header_decides(case: Case) -> None:
    """Shake hands with the key in the header and a token that nobody issued in the query."""
    target = case.subject.address.target
    mark = "&" if "?" in target else "?"
    expect_status(
        case.response(target=f"{target}{mark}token=nobody-issued-this"),
        101,
        hint="with an Authorization header there, `?token=` is not looked at",
    )


@check(rule.NO_ORIGIN)
def no_origin(case: Case) -> None:
    """Shake hands as a program does, without an Origin."""
    expect_status(case.response(), 101)


@check(rule.FOREIGN_ORIGIN)
def foreign_origin(case: Case) -> None:
    """Shake hands as a web page of somebody else's would, under its own name and under ours."""
    expect_status(case.response(headers=(("Origin", FOREIGN_ORIGIN),)), 403)
    rebound = (("Origin", f"http://{FOREIGN_HOST}"), ("Host", FOREIGN_HOST))
    response = case.response(headers=rebound)
    if response.info["status"] == 101:
        hint = "a page's owner can point any name to this address: Host does not say whose it is"
        raise Violation("status 403", f"status 101 for Host: {FOREIGN_HOST}", hint=hint)


def judge_body(response: Event) -> None:
    """A refusal's body must be a JSON object with `code` and `detail`."""
    due = "a JSON object with the strings `code` and `detail` as the body"
    body = str(response.info.get("body", ""))
    try:
        parsed: Any = json.loads(body)
    except ValueError:
        raise Violation(due, f"{body[:60]!r}" if body else "no body") from None
    if not isinstance(parsed, dict):
        raise Violation(due, body[:60])
    tree = mapping(parsed)
    wrong = [name for name in ("code", "detail") if not isinstance(tree.get(name), str)]
    if wrong:
        raise Violation(due, body[:120], hint=f"no string: {', '.join(wrong)}")


@monitor(rule.REFUSAL_BODY)
def refusal_body(talk: Conversation) -> int:
    """A refused handshake says why."""
    if talk.response is None or talk.response[1].info["status"] not in _JUDGED_REFUSALS:
        return 0
    index, response = talk.response
    try:
        judge_body(response)
    except Violation as violation:
        violation.at = index
        raise
    return 1


@monitor(rule.CHALLENGE)
def challenge(talk: Conversation) -> int:
    """A 401 names the scheme."""
    if talk.response is None or talk.response[1].info["status"] != 401:
        return 0
    index, response = talk.response
    # Several schemes may stand there, in one header or in several (RFC 9110, 11.6.1).
    values = [v for name, v in response.info["headers"] if name.lower() == "www-authenticate"]
    if not any(_BEARER.search(_QUOTED.sub("", value)) for value in values):
        raise Violation(
            "the header `WWW-Authenticate: Bearer`",
            f"WWW-Authenticate: {', '.join(values) or '(absent)'}",
            at=index,
        )
    return 1


@monitor(rule.RETRY_AFTER)
def retry_after(talk: Conversation) -> int:
    """A passing refusal says for how long."""
    if talk.response is None or talk.response[1].info["status"] not in (429, 503):
        return 0
    index, response = talk.response
    if header(response, "Retry-After") is None:
        raise Violation("a `Retry-After` header", "none", at=index)
    return 1


@monitor(rule.STATUS_LINE)
def status_line(talk: Conversation) -> int:
    """Deployed clients look for ` 101 ` in the status line."""
    if talk.response is None or talk.response[1].info["status"] != 101:
        return 0
    index, response = talk.response
    line = str(response.info["line"])
    if not line.startswith("HTTP/1.1 101 "):
        raise Violation("a status line that begins with `HTTP/1.1 101 `", repr(line), at=index)
    return 1


@monitor(rule.NO_REDIRECT)
def no_redirect(talk: Conversation) -> int:
    """Deployed clients follow no redirect."""
    if talk.response is None:
        return 0
    index, response = talk.response
    if 300 <= response.info["status"] < 400:
        raise Violation("no redirect", f"status {response.info['status']}", at=index)
    return 1


@monitor(rule.WHOLE_TEXT)
def whole_text(talk: Conversation) -> int:
    """Deployed clients break on fragments and ignore binary messages."""
    seen = 0
    for index, event in talk.received:
        if event.kind is Kind.BINARY:
            raise Violation("text messages", "a binary message", at=index)
        if event.info.get("fragments"):
            raise Violation("one fragment", f"{event.info['fragments']} fragments", at=index)
        seen += 1
    return seen


@monitor(rule.FRAME_IS_OBJECT)
def frame_is_object(talk: Conversation) -> int:
    """What is no JSON object with a type is nothing to a client."""
    seen = 0
    for index, event in talk.received:
        if event.kind is Kind.TEXT and event.frame_type is None:
            content = event.text if event.text is not None else event.data
            raise Violation("a JSON object with a string `type`", str(content)[:80], at=index)
        seen += 1
    return seen
