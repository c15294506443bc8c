"""What can go wrong between two peers, and whose fault it is.

::

    ProtocolError
    |-- LocalProtocolError     we were about to send what the protocol forbids
    |-- RemoteProtocolError    the peer sent what the protocol forbids
    |   `-- DecodeError        ... and it could not even be read as a frame
"""

from __future__ import annotations


class ProtocolError(Exception):
    """A frame that the protocol forbids at this place."""

    def __init__(self, code: str, message: str, *, pointer: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        """The error code that the frame earns, from `protocol.action.codes`."""
        self.message = message
        """What is wrong, in one sentence that holds neither a path nor a stack."""
        self.pointer = pointer
        """JSON pointer (RFC 6901) to the place in the frame; empty for the frame as a whole."""
        self.hint = hint
        """What would mend it; empty where the message says all."""

    def __str__(self) -> str:
        place = f" at {self.pointer}" if self.pointer else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.code}{place}: {self.message}{hint}"


class LocalProtocolError(ProtocolError):
    """This side was about to break the protocol: a defect in the calling code."""


class RemoteProtocolError(ProtocolError):
    """The peer broke the protocol."""


class DecodeError(RemoteProtocolError):
    """Bytes that are no frame, or a frame whose members are not what they must be."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        pointer: str = "",
        hint: str = "",
        frame_type: str | None = None,
        seq: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(code, message, pointer=pointer, hint=hint)
        self.frame_type = frame_type
        """The frame's `type`, when at least that could be read."""
        self.seq = seq
        """The observation's `seq`, if it arrived valid, so that the refusal can carry it."""
        self.request_id = request_id
        """The observation's `request_id`, if it arrived valid."""
