"""What a server says on one session: frames into an outbox, each entered in the books."""

from __future__ import annotations

from typing import Any

from risp.protocol.action.codec import decode_client
from risp.protocol.action.codes import CODES
from risp.protocol.action.frames import ClientFrame, Error, ServerFrame
from risp.protocol.action.session import Session, State
from risp.protocol.codec import encode
from risp.protocol.errors import LocalProtocolError, RemoteProtocolError
from risp.protocol.machine import Sender

from .settings import Settings


class Refused(RemoteProtocolError):
    """What the client sent is a frame, but not one that this server can take."""


class Speaker:
    """The outbox of one session, its books, and the rule of the error table."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.books = Session(Sender.SERVER)
        self.outbox: list[str | bytes] = []
        """What is to be sent, in order: text messages (and bytes, from a server that errs)."""
        self.close_code: int | None = None
        """The code to close with when the outbox is empty; none as long as the session lives."""
        self.defects: list[LocalProtocolError] = []
        """Frames of our own that broke the protocol; empty in an honest server."""

    @property
    def over(self) -> bool:
        """Whether nothing more is to be taken or said."""
        return self.close_code is not None or self.books.state is State.CLOSED

    def decode(self, text: str) -> ClientFrame:
        """Read a frame; raises DecodeError with the code that it earns."""
        return decode_client(text)

    def write(self, frame: ServerFrame) -> str | bytes:
        """Put a frame into the form in which it travels."""
        return encode(frame)

    def send(self, frame: ServerFrame) -> None:
        """Say one frame, and close after it if the error table says so."""
        if self.close_code is not None:
            return
        try:
            self.books.advance(frame)
        except LocalProtocolError as defect:
            self.defects.append(defect)
        self.put(self.write(frame))
        if isinstance(frame, Error) and frame.fatal:
            self.close(self.close_after(frame))

    def put(self, message: str | bytes) -> None:
        """Hand one message to the transport."""
        self.outbox.append(message)

    def close(self, code: int | None) -> None:
        """End the session from our side; nothing is said after it."""
        self.close_code = code
        self.books.end()

    def close_after(self, error: Error) -> int | None:
        """The close code that follows a fatal error (A-ERR-7)."""
        row = CODES.get(error.code)
        return row.close[0] if row is not None and row.close else 1011

    def make_error(self, code: str, message: str, **members: Any) -> Error:
        """An error with the `fatal` and `retryable` of the table (A-ERR-2, A-ERR-3)."""
        row = CODES[code]
        return Error(
            code=code, message=message, fatal=row.fatal, retryable=row.retryable, **members
        )

    def refusal(self, error: RemoteProtocolError, **members: Any) -> Error:
        """The error that a frame of the client's earned."""
        message = f"{error.message} ({error.hint})" if error.hint else error.message
        return self.make_error(error.code, message, param=error.pointer or None, **members)
