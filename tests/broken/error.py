"""Servers that err wrongly."""

import json
import re
import traceback
from typing import Any

from risp.protocol.action.frames import ClientFrame, Error, ServerFrame
from risp.protocol.action.requirements import error as rule
from risp.protocol.errors import DecodeError, RemoteProtocolError
from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.transport import WebSocketProtocol

from .catalogue import fault
from .tamper import written_as

ERRS = "error.not_an_object"


@fault(rule.SHAPE, "error.shape", "`retryable` as a boolean.*absent", during=ERRS)
class SaysNotWhetherToRetry(ServerSession):
    """Leaves `retryable` out of errors."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return written_as(text, retryable=None) if isinstance(frame, Error) else text


@fault(rule.SHAPE, "error.shape", r"`message` as a string.*\[", during=ERRS)
class SendsSeveralMessages(ServerSession):
    """Sends a list of messages."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return written_as(text, message=[frame.message]) if isinstance(frame, Error) else text


@fault(rule.FATAL_BY_TABLE, "error.fatal_by_table", "fatal false for bad_frame.*true", during=ERRS)
class CriesWolf(ServerSession):
    """Calls a bad frame fatal, and goes on."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        is_bad = isinstance(frame, Error) and frame.code == "bad_frame"
        return written_as(text, fatal=True) if is_bad else text


@fault(
    rule.FATAL_BY_TABLE,
    "error.fatal_by_table",
    "fatal true for invalid_open.*false",
    during="opening.positive",
)
class EndsGently(ServerSession):
    """Calls a refused opening not fatal, and closes."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        is_open = isinstance(frame, Error) and frame.code == "invalid_open"
        return written_as(text, fatal=False) if is_open else text


@fault(
    rule.RETRYABLE_BY_TABLE,
    "error.retryable_by_table",
    "retryable false for bad_frame.*true",
    during=ERRS,
)
class BidsTryAgain(ServerSession):
    """Calls every error retryable."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return written_as(text, retryable=True) if isinstance(frame, Error) else text


@fault(rule.KNOWN_CODE, "error.known_code", 'code of the error table.*"oops".*/code', during=ERRS)
class HasItsOwnCodes(ServerSession):
    """Uses a code that is not in the table."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        return written_as(text, code="oops") if isinstance(frame, Error) else text


@fault(rule.NO_INSIDES, "error.no_insides", "message for people.*Traceback", during=ERRS)
class ShowsItsStack(ServerSession):
    """Sends a traceback for a message."""

    def refusal(self, error: RemoteProtocolError, **members: Any) -> Error:
        text = "".join(traceback.format_exception(error))
        return super().refusal(error, **members).model_copy(update={"message": text})


@fault(rule.NO_INSIDES, "error.no_insides", "message for people.*/srv/policy/", during=ERRS)
class ShowsItsPaths(ServerSession):
    """Names a file of its own in a message."""

    def refusal(self, error: RemoteProtocolError, **members: Any) -> Error:
        text = "cannot be read by /srv/policy/reader.so"
        return super().refusal(error, **members).model_copy(update={"message": text})


@fault(rule.LIVES_ON, "error.lives_on", "action_chunk.*Close with code 1011")
class DiesOfABadFrame(ServerSession):
    """Closes after an error that is not fatal."""

    def on_bad_frame(self, error: DecodeError) -> None:
        super().on_bad_frame(error)
        self.close(1011)


@fault(rule.LIVES_ON, "error.lives_on", "action_chunk.*out_of_order")
class LosesCount(ServerSession):
    """Loses count of `seq` by an observation that it cannot read."""

    def on_bad_observation(self, error: DecodeError, now: float) -> None:
        super().on_bad_observation(error, now)
        self.books.last_seq += 1000


@fault(rule.LIVES_ON, "error.lives_on", "action_chunk.*not_open")
class IsClosedByASecondOpening(ServerSession):
    """Takes no observations after a second opening."""

    def on_already_open(self) -> None:
        super().on_already_open()
        self.check_seq = self.on_misplaced  # type: ignore[method-assign]  # on this session


@fault(
    rule.FATAL_CLOSES,
    ("error.fatal_closes", "error.closed_after_fatal"),
    "a Close with (code )?1008.*code 1000",
)
class ClosesAsIfAllWereWell(ServerSession):
    """Closes with 1000 after a fatal error."""

    def close_after(self, error: Error) -> int | None:
        return 1000


@fault(rule.FATAL_CLOSES, "error.fatal_closes", "a Close with code 1008.*nothing in the time")
class LeavesTheDoorOpen(ServerSession):
    """Does not close after a fatal error."""

    def close_after(self, error: Error) -> int | None:
        return None


@fault(
    rule.PARAM_POINTER,
    "error.param_pointer",
    'a JSON pointer.*"images.a".*/param',
    during="observation.refusals_carry_both",
)
class PointsWithDots(ServerSession):
    """Writes places with dots."""

    def write(self, frame: ServerFrame) -> str | bytes:
        text = super().write(frame)
        if isinstance(frame, Error) and frame.param and frame.param.count("/") > 1:
            return written_as(text, param=frame.param[1:].replace("/", "."))
        return text


@fault(rule.PARAM_POINTER, "error.param_place", "a pointer to /images/left~1wrist.*/left/wrist")
class LeavesSlashesAsTheyAre(ServerSession):
    """Writes a camera's name into a pointer without escaping its slash."""

    def refusal(self, error: RemoteProtocolError, **members: Any) -> Error:
        refusal = super().refusal(error, **members)
        param = refusal.param and refusal.param.replace("~1", "/")
        return refusal.model_copy(update={"param": param})


@fault(rule.UNKNOWN_TYPE, "error.unknown_type", 'unknown_type.*"bad_frame"')
class CallsUnknownTypesBad(ServerSession):
    """Says `bad_frame` to a frame of an unknown type."""

    def on_unknown_type(self, error: DecodeError) -> None:
        self.on_bad_frame(DecodeError("bad_frame", "never heard of it", pointer="/type"))


@fault(rule.UNKNOWN_TYPE, "error.unknown_type", 'unknown_type.*"not_open"')
class EndsAtAnUnknownType(ServerSession):
    """Ends the session because of a frame of an unknown type."""

    def on_unknown_type(self, error: DecodeError) -> None:
        self.on_not_open("?")


@fault(rule.NOT_JSON, "error.not_json", 'bad_frame.*"invalid_observation"')
class ReadsPython(ServerSession):
    """Reads single quotes."""

    def decode(self, text: str) -> ClientFrame:
        return super().decode(text.replace("'", '"') if text.startswith("{'") else text)


@fault(rule.NOT_JSON, "error.not_json", 'bad_frame.*"invalid_observation"')
class ForgivesCommas(ServerSession):
    """Passes over a comma at the end."""

    def decode(self, text: str) -> ClientFrame:
        return super().decode(re.sub(r",\s*}$", "}", text))


@fault(rule.NOT_JSON, "error.not_json", 'bad_frame.*"internal"')
class TripsOverNothing(ServerSession):
    """Meets an empty message as a defect of its own."""

    def decode(self, text: str) -> ClientFrame:
        if not text:
            raise IndexError
        return super().decode(text)


@fault(rule.NOT_JSON, "error.not_json", 'bad_frame.*"x_unreadable"')
class HasItsOwnWordForIt(ServerSession):
    """Answers what is no frame with a code of its own."""

    def on_bad_frame(self, error: DecodeError) -> None:
        self.put(
            '{"type":"error","code":"x_unreadable","message":"what?",'
            '"fatal":false,"retryable":false}'
        )


@fault(rule.NAN_TOKEN, "error.nan_token", "bad_frame.*action_chunk")
class ReadsNan(ServerSession):
    """Reads NaN as 0."""

    def decode(self, text: str) -> ClientFrame:
        return super().decode(re.sub(r"\bNaN\b", "0", text))


@fault(rule.NAN_TOKEN, "error.nan_token", 'bad_frame.*"invalid_observation"')
class CallsNanAWrongState(ServerSession):
    """Reads Infinity, and finds the observation invalid."""

    def decode(self, text: str) -> ClientFrame:
        return super().decode(re.sub(r"\bInfinity\b", "1e999", text))


@fault(rule.NOT_AN_OBJECT, "error.not_an_object", 'bad_frame.*"unknown_type"')
class LooksIntoLists(ServerSession):
    """Takes an array for a frame of an unknown type."""

    def decode(self, text: str) -> ClientFrame:
        if text.startswith("["):
            raise DecodeError("unknown_type", "an array", frame_type="array")
        return super().decode(text)


@fault(rule.NO_TYPE, "error.no_type", 'bad_frame.*"unknown_type"')
class CallsNoTypeUnknown(ServerSession):
    """Takes an object without a `type` for a frame of an unknown one."""

    def on_bad_frame(self, error: DecodeError) -> None:
        if error.pointer == "/type":
            error.code = "unknown_type"
        super().on_bad_frame(error)


@fault(rule.BINARY, "error.binary", "bad_frame.*action_chunk")
class ReadsBinary(ServerSession):
    """Reads JSON from binary messages too."""

    def on_binary(self, message: bytes, now: float) -> None:
        self.on_text(message.decode(), now)


@fault(rule.BINARY, "error.binary", "bad_frame.*Close with code 1003")
class ClosesAtBinary(ServerSession):
    """Closes because of a binary message."""

    def on_binary(self, message: bytes, now: float) -> None:
        self.close(1003)


@fault(rule.DUPLICATE_KEY, "error.duplicate_key", "bad_frame.*action_chunk")
class TakesTheLastKey(ServerSession):
    """Takes the last of two equal keys, as parsers do."""

    def decode(self, text: str) -> ClientFrame:
        try:
            return super().decode(text)
        except DecodeError as error:
            if "twice" not in error.message:
                raise
            return super().decode(json.dumps(json.loads(text)))


@fault(rule.LONE_SURROGATE, "error.lone_surrogate", "bad_frame.*action_chunk")
class ReplacesSurrogates(ServerSession):
    """Replaces half of a surrogate pair."""

    def decode(self, text: str) -> ClientFrame:
        return super().decode(text.replace("\\ud800", "\\ufffd"))


@fault(rule.BYTE_ORDER_MARK, "error.byte_order_mark", "bad_frame.*action_chunk")
class SkipsTheMark(ServerSession):
    """Passes over a byte order mark."""

    def decode(self, text: str) -> ClientFrame:
        return super().decode(text.removeprefix("\ufeff"))


@fault(rule.TOO_DEEP, "error.too_deep", "bad_frame.*action_chunk")
class LooksAsDeepAsItGets(ServerSession):
    """Has no bound for depth."""

    def decode(self, text: str) -> ClientFrame:
        try:
            return super().decode(text)
        except DecodeError as error:
            if "deeper" not in error.message:
                raise
            tree = json.loads(text)
            return super().decode(json.dumps({k: v for k, v in tree.items() if k[:2] != "x_"}))


@fault(rule.BAD_UTF8, "error.bad_utf8", "Close with code 1007.*1003")
class ClosesAsForAWrongType(WebSocketProtocol):
    """Closes with 1003 after text that is not UTF-8."""

    def send_receive_event_to_app(self) -> None:
        data = b"".join(self.frames)
        if self.curr_msg_data_type == "text" and b"\xff" in data and not self.close_sent:
            self.conn.send_close(1003)
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()


@fault(rule.BAD_UTF8, "error.bad_utf8", "Close with code 1007.*nothing", slow=True)
class ReplacesBadBytes(WebSocketProtocol):
    """Reads text that is not UTF-8 with replacements."""

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text":
            self.frames = [b"".join(self.frames).decode(errors="replace").encode()]
        super().send_receive_event_to_app()
