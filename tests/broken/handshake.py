"""Servers that are wrong before the first frame."""

from collections.abc import Sequence
from typing import Any

from websockets.frames import Frame, Opcode

from risp.protocol.action.frames import Error, ServerFrame
from risp.protocol.action.requirements import handshake as rule
from risp.protocol.version import SUBPROTOCOL_JSON
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.gate import Gate, Handshake, Refusal, Welcome
from risp.reference_impl.transport import WebSocketProtocol

from .catalogue import fault, served

KEY = "the-key-of-the-broken"
KEYED = served(keys=(KEY,))
FULL = served(max_sessions=1)


@fault(rule.UNKNOWN_PATH, "handshake.unknown_path", "status 404 .*saw status 403")
class ForbidsUnknownPaths(Gate):
    """Says 403 where nothing is published, as Starlette left to itself does."""

    def judge_elsewhere(self, handshake: Handshake) -> Welcome | Refusal:
        return Refusal(403, "forbidden", "nothing to see here")


@fault(rule.UNKNOWN_PATH, "handshake.unknown_path", "saw status 101")
class ServesEveryPath(Gate):
    """Serves wherever it is asked."""

    def judge_elsewhere(self, handshake: Handshake) -> Welcome | Refusal:
        return self.judge(handshake)


@fault(rule.NO_SUBPROTOCOL, "handshake.no_subprotocol", "none was offered.*risp.v1.json.*selected")
class SelectsWhatWasNotOffered(Gate):
    """Selects its subprotocol, offered or not."""

    def choose_subprotocol(self, offers: Sequence[str]) -> Welcome | Refusal:
        return Welcome(SUBPROTOCOL_JSON)


@fault(rule.SELECT_JSON, "handshake.select_json", "risp.v1.json selected.*nothing selected")
class SelectsNothing(Gate):
    """Takes the offer of its subprotocol without selecting it."""

    def choose_subprotocol(self, offers: Sequence[str]) -> Welcome | Refusal:
        chosen = super().choose_subprotocol(offers)
        return chosen if isinstance(chosen, Refusal) else Welcome()


@fault(rule.FOREIGN_SUBPROTOCOL, "handshake.foreign_subprotocol", "status 101.*status 426")
class RefusesForeignSubprotocols(Gate):
    """Refuses whoever offers only subprotocols of others."""

    def choose_subprotocol(self, offers: Sequence[str]) -> Welcome | Refusal:
        if offers and SUBPROTOCOL_JSON not in offers:
            return Refusal(426, "unknown", "unheard of", {"Upgrade": "websocket"})
        return super().choose_subprotocol(offers)


@fault(rule.FOREIGN_SUBPROTOCOL, "handshake.foreign_subprotocol", "saw 'chat' selected")
class SelectsTheFirstOffer(Gate):
    """Selects whatever is offered first, unless its own is there."""

    def choose_subprotocol(self, offers: Sequence[str]) -> Welcome | Refusal:
        chosen = super().choose_subprotocol(offers)
        return Welcome(offers[0]) if offers and chosen == Welcome() else chosen


@fault(rule.UNKNOWN_SUBPROTOCOL, "handshake.unknown_subprotocol", "status 426.*status 101")
class TakesUnknownSubprotocols(Gate):
    """Serves who offers only a subprotocol of the future."""

    def choose_subprotocol(self, offers: Sequence[str]) -> Welcome | Refusal:
        return Welcome(SUBPROTOCOL_JSON if SUBPROTOCOL_JSON in offers else None)


@fault(rule.UNKNOWN_SUBPROTOCOL, "handshake.unknown_subprotocol", "Upgrade: websocket.*absent")
class NamesNoUpgrade(Gate):
    """Says 426 without saying to what."""

    def choose_subprotocol(self, offers: Sequence[str]) -> Welcome | Refusal:
        chosen = super().choose_subprotocol(offers)
        if isinstance(chosen, Refusal):
            return Refusal(chosen.status, chosen.code, chosen.detail)
        return chosen


@fault(rule.NO_COMPRESSION, "handshake.no_compression", "declined.*permessage-deflate.*accepted")
class Compresses(Gate):
    """Accepts permessage-deflate, as libraries do by default."""

    compresses = True


class Wordless(Refusal):
    """A refusal without a JSON body."""

    @property
    def body(self) -> bytes:
        return b"Unauthorized"


@fault(
    rule.REFUSAL_BODY,
    "handshake.refusal_body",
    "JSON object with the strings.*saw 'Unauthorized'",
    during="handshake.key_required",
    served=KEYED,
)
class RefusesInPlainText(Gate):
    """Says 401 with a body that is no JSON."""

    def unauthorized(self, detail: str) -> Refusal:
        return Wordless(401, "unauthorized", detail, {"WWW-Authenticate": "Bearer"})


@fault(rule.KEY_REQUIRED, "handshake.key_required", "status 401.*status 403", served=KEYED)
class ForbidsTheKeyless(Gate):
    """Says 403 to who sends no key."""

    def check_key(self, handshake: Handshake) -> Refusal | None:
        if "authorization" in handshake.headers:
            return super().check_key(handshake)
        return Refusal(403, "forbidden", "a key, please")


@fault(rule.WRONG_KEY, "handshake.wrong_key", "status 401.*status 403", served=KEYED)
class ForbidsWrongKeys(Gate):
    """Says 403 to who sends a wrong key."""

    def check_key(self, handshake: Handshake) -> Refusal | None:
        refusal = super().check_key(handshake)
        if refusal is not None and "authorization" in handshake.headers:
            return Refusal(403, "forbidden", "not this key")
        return refusal


@fault(rule.WRONG_KEY, "handshake.wrong_key", "status 401.*status 101", served=KEYED)
class TakesAnyKey(Gate):
    """Asks for a key, and takes any."""

    def is_key(self, given: str) -> bool:
        return True


@fault(
    rule.CHALLENGE,
    ("handshake.key_required", "handshake.wrong_key", "handshake.challenge"),
    "WWW-Authenticate: Bearer.*absent",
    served=KEYED,
)
class NamesNoScheme(Gate):
    """Says 401 without WWW-Authenticate."""

    def unauthorized(self, detail: str) -> Refusal:
        return Refusal(401, "unauthorized", detail)


@fault(
    rule.CHALLENGE, "handshake.challenge", "Basic", during="handshake.key_required", served=KEYED
)
class AsksForAPassword(Gate):
    """Names another scheme."""

    def unauthorized(self, detail: str) -> Refusal:
        return Refusal(401, "unauthorized", detail, {"WWW-Authenticate": 'Basic realm="x"'})


@fault(rule.BEARER, "handshake.bearer", "status 101.*status 401", served=KEYED)
class TakesAKeyOnce(Gate):
    """Takes a key for a password that serves once: each further handshake is refused."""

    def is_key(self, given: str) -> bool:
        used, self.used = getattr(self, "used", False), True
        return not used and super().is_key(given)


@fault(rule.HEADER_DECIDES, "handshake.header_decides", "status 101.*status 401", served=KEYED)
class LetsTheTokenDecide(Gate):
    """Looks at `?token=` before the header."""

    def check_key(self, handshake: Handshake) -> Refusal | None:
        if "token=" in handshake.query:
            return self.unauthorized("the token does not open here")
        return super().check_key(handshake)


@fault(
    rule.RETRY_AFTER,
    "handshake.retry_after",
    "`Retry-After` header",
    during="opening.several_sessions",
    served=FULL,
)
class SaysNotWhen(Gate):
    """Says 503 without Retry-After."""

    def busy(self, code: str, detail: str) -> Refusal:
        return Refusal(503, code, detail)


@fault(rule.NO_ORIGIN, "handshake.no_origin", "status 101.*status 403")
class WantsAnOrigin(Gate):
    """Lets programs in until it has met the first, and then only web pages."""

    def check_origin(self, handshake: Handshake) -> Refusal | None:
        met, self.met = getattr(self, "met", False), True
        if met and "origin" not in handshake.headers:
            return Refusal(403, "no_origin", "who are you?")
        return super().check_origin(handshake)


@fault(rule.FOREIGN_ORIGIN, "handshake.foreign_origin", "status 403.*status 101")
class LetsPagesIn(Gate):
    """Serves any web page."""

    def check_origin(self, handshake: Handshake) -> Refusal | None:
        return None


@fault(rule.FOREIGN_ORIGIN, "handshake.foreign_origin", "status 403.*status 101 for Host")
class BelievesTheHost(Gate):
    """Takes a page for its own whose Origin is what the request's Host says."""

    def is_own(self, origin: str, host: str) -> bool:
        return origin.endswith(f"//{host}") or super().is_own(origin, host)


@fault(rule.FOREIGN_ORIGIN, "handshake.foreign_origin", "status 403.*status 401")
class AsksPagesForAKey(Gate):
    """Says 401 to a foreign page, though it has no key to ask for."""

    def check_origin(self, handshake: Handshake) -> Refusal | None:
        refusal = super().check_origin(handshake)
        return self.unauthorized("go away") if refusal else None


@fault(
    rule.STATUS_LINE,
    "handshake.status_line",
    r"HTTP/1.1 101 .*saw 'HTTP/1.1 101'",
    during="opening.answer_open",
)
class EndsTheStatusLineEarly(WebSocketProtocol):
    """Writes `HTTP/1.1 101` and nothing after it."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        whole = self.response.serialize
        self.response.serialize = lambda: whole().replace(  # type: ignore[method-assign]  # on one
            b"HTTP/1.1 101 Switching Protocols", b"HTTP/1.1 101", 1
        )


@fault(
    rule.NO_REDIRECT, "handshake.no_redirect", "no redirect.*307", during="handshake.unknown_path"
)
class RedirectsTheLost(Gate):
    """Sends those who come to the wrong path to the right one."""

    def judge_elsewhere(self, handshake: Handshake) -> Welcome | Refusal:
        return Refusal(307, "moved", "over there", {"Location": self.settings.path})


@fault(rule.WHOLE_TEXT, "handshake.whole_text", "one fragment.*2 fragments", during="action.chunk")
class Fragments(WebSocketProtocol):
    """Sends each message in two parts."""

    def say(self, message: str | bytes) -> None:
        data = message.encode() if isinstance(message, str) else message
        if not self.disconnected and not self.close_sent:
            self.conn.send_frame(Frame(Opcode.TEXT, data[:9], fin=False))
            self.conn.send_frame(Frame(Opcode.CONT, data[9:]))
            self.transport.write(b"".join(self.conn.data_to_send()))


@fault(
    rule.WHOLE_TEXT, "handshake.whole_text", "saw a binary message", during="error.not_an_object"
)
class ErrsInBinary(ServerSession):
    """Sends errors as binary messages."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return text.encode() if isinstance(frame, Error) and isinstance(text, str) else text


@fault(
    rule.FRAME_IS_OBJECT,
    "handshake.frame_is_object",
    "JSON object with a string `type`",
    during="error.not_an_object",
)
class WrapsErrors(ServerSession):
    """Sends errors within an array."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return f"[{text!s}]" if isinstance(frame, Error) else text


@fault(
    rule.FRAME_IS_OBJECT,
    "handshake.frame_is_object",
    "JSON object with a string `type`.*saw ok",
    during="action.chunk",
)
class ChattersInPlainText(ServerSession):
    """Says `ok` before each frame but the first."""

    def put(self, message: str | bytes) -> None:
        if self.slots or self.books.last_seq >= 0:
            super().put("ok")
        super().put(message)
