"""Odd but legal servers: before the first frame, beside the frames, and after the last one."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar

from risp.conformance.transcript import Kind, Way
from risp.conformance.verdict import Violation
from risp.protocol.action.frames import Error
from risp.protocol.action.session import State
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.gate import Gate, Refusal
from risp.reference_impl.transport import WebSocketProtocol

from . import asking, forbid
from .catalogue import served
from .closing import Retires
from .forbid import Talks, endings, errors, frames, headers, last_error, responses
from .oddity import odd

KEY = "the-key-of-the-odd"
KEYED = served(keys=(KEY,))


# The upgrade


class Shaking(WebSocketProtocol):
    """A WebSocket that writes its 101 otherwise."""

    changes: ClassVar[tuple[tuple[bytes, bytes], ...]] = ()

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            whole = self.response.serialize
            self.response.serialize = lambda: self.changed(whole())  # type: ignore[method-assign]  # on one

    def changed(self, head: bytes) -> bytes:
        """The response's head as it is sent."""
        for old, new in self.changes:
            head = head.replace(old, new, 1)
        return head


@odd(
    responses("usual capitals", lambda e: "Sec-WebSocket-Accept" in dict(headers(e)), 101),
    responses("`Connection: Upgrade`", lambda e: ("Connection", "Upgrade") in headers(e), 101),
)
class WritesHeadersItsWay(Shaking):
    """Writes headers in other capitals, and more into `Connection`."""

    changes = (
        (b"Upgrade: websocket", b"UPGRADE:WebSocket  "),
        (b"Connection: Upgrade", b"connection: keep-alive, upgrade"),
        (b"Sec-WebSocket-Accept:", b"sec-websocket-accept:"),
    )


@odd(responses("no cookies", lambda e: "Set-Cookie" not in dict(headers(e)), 101))
class SendsManyHeaders(Shaking):
    """Sends headers that nobody asked for, one of them twice, and one of five kilobytes."""

    changes = (
        (
            b"\r\n",
            b"\r\nServer: odd/1.0\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n"
            b"X-Policy: " + b"x" * 5000 + b"\r\nX-Empty:\r\n",
        ),
    )


@odd(responses("a usual reason", lambda e: e.info["line"].endswith("101 Switching Protocols"), 101))
class GivesNoReason(Shaking):
    """Ends its status line with the space after `101`."""

    changes = ((b"101 Switching Protocols", b"101 "),)


@odd(
    responses("nothing behind the 101", lambda e: not e.info.get("early_bytes"), 101),
    also=frozenset({"PingsOften", "PingsBeforeTheFirstFrame"}),
)
class PingsWithTheUpgrade(Shaking):
    """Pings in the segment of the 101: a ping is no data frame."""

    def changed(self, head: bytes) -> bytes:
        return super().changed(head) + b"\x89\x05early"


# Refusals


@odd(
    responses("`Bearer` alone", lambda e: ("www-authenticate", "Bearer") in headers(e), 401),
    served=KEYED,
    beside=KEYED,
)
class NamesItsRealm(Gate):
    """Adds a realm to its challenge."""

    def unauthorized(self, detail: str) -> Refusal:
        challenge = 'Bearer realm="robots", error="invalid_token"'
        return Refusal(401, "x_who_are_you", detail, {"WWW-Authenticate": challenge})


@odd(
    responses("a capital", lambda e: dict(headers(e))["www-authenticate"][0] == "B", 401),
    served=KEYED,
    beside=KEYED,
    also=frozenset({"NamesItsRealm"}),
)
class NamesItsSchemeQuietly(Gate):
    """Writes the scheme of its challenge in small letters, which mean the same."""

    def unauthorized(self, detail: str) -> Refusal:
        return Refusal(401, "unauthorized", detail, {"WWW-Authenticate": "bearer"})


def _names_bearer_first(event: Any) -> bool:
    found = [value for name, value in headers(event) if name.lower() == "www-authenticate"]
    return found[0].lower().startswith("bearer")


FIRST = responses("`Bearer` first", _names_bearer_first, 401)


@odd(FIRST, served=KEYED, beside=KEYED, also=frozenset({"NamesItsRealm", "NamesTwoSchemesApart"}))
class NamesTwoSchemes(Gate):
    """Takes another scheme than `Bearer`, too, and names that first."""

    def unauthorized(self, detail: str) -> Refusal:
        challenge = 'Basic realm="robots, Bearer", charset="UTF-8", Bearer realm="robots"'
        return Refusal(401, "unauthorized", detail, {"WWW-Authenticate": challenge})


@odd(FIRST, served=KEYED, beside=KEYED, also=frozenset({"NamesTwoSchemes"}))
class NamesTwoSchemesApart(Gate):
    """Names two schemes in two headers."""

    def unauthorized(self, detail: str) -> Refusal:
        two = {"WWW-Authenticate": 'Basic realm="robots"', "www-authenticate": "Bearer"}
        return Refusal(401, "unauthorized", detail, two)


class Wordy(Refusal):
    """A refusal with more in its body than is due."""

    @property
    def body(self) -> bytes:
        more = {"trace": ["7", None], "detail": f"№ 7 — {self.detail}"}
        text = json.dumps({"code": self.code} | more, indent=4, ensure_ascii=False)
        return f"\n{text}\n".encode()


@odd(
    responses("a body of two members", lambda e: len(json.loads(e.info["body"])) == 2, 401, 403),
)
class RefusesAtLength(Gate):
    """Refuses with more members than are due, in lines, and not in ASCII."""

    def check_origin(self, handshake: Any) -> Refusal | None:
        found = super().check_origin(handshake)
        return found and Wordy(found.status, found.code, found.detail)


# Beside the frames


def nothing_but_asked_pongs(talks: Talks) -> None:
    """A pong answers a ping."""
    for talk in talks:
        asked = [e.data for _, e in talk.events if e.way is Way.OUT and e.kind is Kind.PING]
        for index, event in talk.events:
            if event.way is Way.IN and event.kind is Kind.PONG and event.data not in asked:
                raise Violation("the pong to a ping", f"{event.data!r}", at=index)


def no_pings(talks: Talks) -> None:
    """A server has nothing to ask."""
    for talk in talks:
        for index, event in talk.events:
            if event.way is Way.IN and event.kind is Kind.PING:
                raise Violation("no ping", f"{event.data!r}", at=index)


def clients_speak_first(talks: Talks) -> None:
    """Not even a ping comes before the client's first frame."""
    for talk in talks:
        for index, event in talk.events:
            if event.way is Way.OUT and event.kind in (Kind.TEXT, Kind.BINARY, Kind.PING):
                break
            if event.way is Way.IN and event.kind is Kind.PING:
                raise Violation("nothing before the client's first frame", "a ping", at=index)


@odd(no_pings)
class PingsOften(Gate):
    """Pings its clients twenty times a second."""

    pings_every_s = 0.05


@odd(clients_speak_first, asks=(asking.hesitates,), also=frozenset({"PingsOften"}))
class PingsBeforeTheFirstFrame(WebSocketProtocol):
    """Pings a client that has not said anything yet, a moment after the 101."""

    def start_keepalive(self) -> None:
        super().start_keepalive()
        self.loop.call_later(0.02, self.ask)

    def ask(self) -> None:
        """Ping, if there is still somebody."""
        with suppress(Exception):
            self.conn.send_ping(b"there?")
            self.transport.write(b"".join(self.conn.data_to_send()))


@odd(nothing_but_asked_pongs)
class PongsUnasked(WebSocketProtocol):
    """Sends a pong that nobody asked for before each message, as a sign of life."""

    def say(self, message: str | bytes) -> None:
        with suppress(Exception):
            self.conn.send_pong(b"still here")
        super().say(message)


@odd(forbid.within("a pong", 0.25, forbid.pong_times))
class PongsLate(WebSocketProtocol):
    """Takes half of the time that it has for a pong."""

    def handle_ping(self) -> None:
        late = self.conn.data_to_send()
        super().handle_ping()
        self.loop.call_later(0.5, self.transport.write, b"".join(late))


# Ends


@odd(
    endings("1008 after `not_open`", lambda t, e: e.code != 1002 or last_error(t) != "not_open"),
)
class ClosesAsAProtocolError(ServerSession):
    """Closes with 1002 after `not_open`."""

    def close_after(self, error: Error) -> int | None:
        return 1002 if error.code == "not_open" else super().close_after(error)


@odd(endings("a Close with a code alone", lambda talk, e: not e.text or e.code not in (1000, 1008)))
class ClosesWithWords(WebSocketProtocol):
    """Says in the Close, too, what it closes for."""

    async def _finish(self, code: int) -> None:
        send: Callable[..., Any] = self.send
        self.send = lambda message: send(message | {"reason": "c'était bien: \U0001f916"})  # type: ignore[method-assign]  # on one
        await super()._finish(code)


@odd(
    endings("a reason in words", lambda talk, e: not (e.text or "").startswith("{")),
    also=frozenset({"ClosesWithWords"}),
)
class ClosesInJson(WebSocketProtocol):
    """Says in the Close what it closes for, in the form of a frame."""

    async def _finish(self, code: int) -> None:
        send: Callable[..., Any] = self.send
        reason = '{"type":"error","code":"internal","message":"","fatal":true,"retryable":true}'
        self.send = lambda message: send(message | {"reason": reason})  # type: ignore[method-assign]  # on one
        await super()._finish(code)


@odd(forbid.within("a Close", 0.3, forbid.closing_times), slow=True)
class TakesLeave(WebSocketProtocol):
    """Takes most of the second that it has for each tenth Close."""

    closed = 0

    def finish(self, code: int) -> None:
        type(self).closed += 1
        late = 0.8 if self.closed % 10 == 0 else 0.0
        self.loop.call_later(late, partial(super().finish, code))


LARGE = served(max_frame_bytes=2_200_000)


@odd(
    errors("codes of the table", lambda tree: not tree["code"].startswith("x_")),
    served=LARGE,
    beside=LARGE,
)
class SaysWhyBefore1009(ServerSession):
    """Sends an error of its own before it closes because of a message that is too big."""

    def receive(self, message: str | bytes, now: float) -> None:
        if len(message) > self.bound and self.books.state is State.OPEN:
            self.put(
                '{"type":"error","code":"x_too_big","message":"smaller, please",'
                f'"fatal":{self.fatal},"retryable":false}}'
            )
            self.close(1009)
        else:
            super().receive(message, now)

    def describe(self, frame: Any, now: float) -> dict[str, Any]:
        described = super().describe(frame, now)
        limits = described["limits"].model_copy(update={"max_frame_bytes": self.bound})
        return described | {"limits": limits}

    bound = 2_000_000
    fatal = "false"


@odd(
    errors("a fatal code of the table", lambda t: t["code"][:2] != "x_" or not t["fatal"]),
    served=LARGE,
    beside=LARGE,
    also=frozenset({"SaysWhyBefore1009"}),
)
class SaysItsEndBefore1009(SaysWhyBefore1009):
    """Sends a fatal error of its own before it closes because of a message that is too big."""

    fatal = "true"


odd(
    frames("no planned end", lambda tree: tree["type"] != "session.closing"),
    exit_code=3,
    reason="its sessions end before all can be asked",
    also=frozenset({"TellsLatecomers"}),
)(Retires)


@odd(
    frames("nothing after the announcement", lambda tree: tree.get("code") != "shutting_down"),
    exit_code=3,
    reason="its sessions end before all can be asked",
    also=frozenset({"Retires"}),
)
class TellsLatecomers(Retires):
    """Announces its end, and waits for what is on its way to tell it so."""

    def check_end(self, now: float) -> None:
        if self.ends is not None and now >= self.ends - 0.3:
            super().check_end(now)

    def next_deadline(self) -> float | None:
        due = super().next_deadline()
        return due if self.ends is None or due is None else min(due, self.ends - 0.3)
