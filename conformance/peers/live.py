"""A real connection: TCP or TLS, an opening handshake of our own, framing by `websockets`.

The handshake is read here byte for byte, because requirements hang on what a library would swallow:
the space after `101`, a redirect, data in the segment of the response.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import select
import socket
import ssl
import struct
import time
from collections import deque

from websockets.frames import Close, Frame, Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from ..transcript import Event, Kind, Transcript, Way, redact_headers, redact_url
from .address import Address
from .link import WRONG_ACCEPT, LinkError, Request

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_MAX_HEAD = 64 << 10
_MAX_BODY = 64 << 10
_MAX_MESSAGE = 64 << 20
_CHUNK = 1 << 16
_SEND_S = 10.0
_KINDS = {Opcode.PING: Kind.PING, Opcode.PONG: Kind.PONG}


class LiveLink:
    """One connection to a target, recorded as it goes."""

    def __init__(
        self, address: Address, transcript: Transcript, channel: int, epoch: float
    ) -> None:
        self._address = address
        self._transcript = transcript
        self._channel = channel
        self._epoch = epoch
        self._socket: socket.socket | None = None
        self._protocol = Protocol(CLIENT, state=OPEN, max_size=_MAX_MESSAGE)
        self._waiting: list[Event] = []
        self._parts: list[Frame] = []
        self._ended = False
        self._unsent: deque[memoryview] = deque()
        self._is_sending = False

    def now(self) -> float:
        """The transcript's clock, in seconds."""
        return time.monotonic() - self._epoch

    def _record(self, way: Way, kind: Kind, **rest: object) -> Event:
        at = time.monotonic_ns() - int(self._epoch * 1e9)
        event = Event(at, self._channel, way, kind, **rest)  # type: ignore[arg-type]  # by keyword
        self._transcript.events.append(event)
        return event

    # The opening handshake

    def connect(self, request: Request, within: float) -> Event:
        """Connect and shake hands; returns the response. Raises LinkError."""
        deadline = self.now() + within
        self._socket = self._dial(within)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        named = any(name.lower() == "host" for name, _ in request.headers)
        headers = [
            *(() if named else (("Host", self._address.host_header),)),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", key),
            ("Sec-WebSocket-Version", "13"),
            *request.headers,
        ]
        head = [f"GET {request.target} HTTP/1.1", *(f"{n}: {v}" for n, v in headers), "", ""]
        self._record(
            Way.OUT,
            Kind.HANDSHAKE,
            info={
                "target": redact_url(request.target),
                "headers": redact_headers(list(request.headers)),
            },
        )
        try:
            self._socket.sendall("\r\n".join(head).encode("latin-1"))
            response = self._read_head(deadline)
        except (OSError, LinkError) as error:
            # A reset while the request goes out and one while the response comes are one thing.
            why = (
                f"the connection ended: {error.strerror}"
                if isinstance(error, OSError)
                else f"{error}"
            )
            self._end("broken", why)
            raise LinkError(why) from None
        return self._judge_response(*response, key)

    def _dial(self, within: float) -> socket.socket:
        try:
            sock = socket.create_connection((self._address.host, self._address.port), within)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._address.scheme == "wss":
                context = ssl.create_default_context()
                sock = context.wrap_socket(sock, server_hostname=self._address.host)
        except OSError as error:
            why = f"nothing accepts a connection: {error.strerror or error}"
            self._end("broken", why)
            raise LinkError(why) from None
        return sock

    def _read_head(self, deadline: float) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            if len(data) > _MAX_HEAD:
                raise LinkError("the response head does not end within 64 KiB")
            if data and not b"HTTP/1.1 ".startswith(data[:9]) and not data.startswith(b"HTTP/"):
                raise LinkError(f"what answers is not HTTP: {data[:40]!r}")
            more = self._read(deadline)
            if more is None:
                raise LinkError(
                    f"no complete HTTP response within the time given ({len(data)} bytes came)"
                )
            if not more:
                raise LinkError(f"the connection ended after {len(data)} bytes of response")
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest

    def _judge_response(self, head: bytes, rest: bytes, key: str) -> Event:
        line, *fields = head.decode("latin-1").split("\r\n")
        headers = [(n.strip(), v.strip()) for n, _, v in (field.partition(":") for field in fields)]
        version, _, tail = line.partition(" ")
        if not version.startswith("HTTP/1.") or not tail[:3].isdigit():
            why = f"what answers is not HTTP: {line[:40]!r}"
            self._end("broken", why)
            raise LinkError(why)
        status = int(tail[:3])
        lower = {name.lower(): value for name, value in headers}
        info: dict[str, object] = {"status": status, "line": line, "headers": headers}
        if status != 101:
            info["body"] = self._read_body(rest, lower).decode("utf-8", "replace")
            return self._record(Way.IN, Kind.HANDSHAKE, info=info)
        info["early_bytes"] = len(rest)
        event = self._record(Way.IN, Kind.HANDSHAKE, info=info)
        due = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()
        if lower.get("sec-websocket-accept") != due:
            self._end("broken", WRONG_ACCEPT)
            raise LinkError(WRONG_ACCEPT)
        if rest:
            self._feed(rest)
        return event

    def _read_body(self, body: bytes, headers: dict[str, str]) -> bytes:
        length = headers.get("content-length", "")
        due = int(length) if length.isdigit() else _MAX_BODY
        deadline = self.now() + 2
        while len(body) < min(due, _MAX_BODY) and not body.endswith(b"\r\n0\r\n\r\n"):
            try:
                more = self._read(deadline)
            except OSError:
                break
            if not more:
                break
            body += more
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return _unchunk(body)
        return body

    # Sending

    def put(self, kind: Kind, payload: str | bytes, *, flush: bool = True) -> None:
        """Send a message or a ping; with `flush=False` it leaves with the next."""
        # A lone surrogate cannot be encoded: it goes out as the bytes that a careless peer makes.
        data = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
        text = payload if isinstance(payload, str) else None
        self._record(Way.OUT, kind, text=text, data=None if text is not None else data)
        opcode = {Kind.TEXT: Opcode.TEXT, Kind.BINARY: Opcode.BINARY, Kind.PING: Opcode.PING}[kind]
        self._protocol.send_frame(Frame(opcode, data))
        if flush:
            self._flush()

    def put_close(self, code: int | None) -> None:
        """Send a Close frame."""
        self._record(Way.OUT, Kind.CLOSE, code=1005 if code is None else code)
        data = b"" if code is None else Close(code, "").serialize()
        self._protocol.send_frame(Frame(Opcode.CLOSE, data))
        self._flush()

    def _flush(self) -> None:
        data = b"".join(self._protocol.data_to_send())
        if self._socket is None or self._ended:
            return
        if data:
            self._unsent.append(memoryview(data))
        if self._is_sending:
            return  # A pong, while a message is on its way: it goes out whole before this.
        self._is_sending = True
        try:
            self._send_all(self._socket)
        except OSError:
            # The peer may have closed: what it said before is still to be read.
            self._drain()
        finally:
            self._is_sending = False

    def _send_all(self, sock: socket.socket) -> None:
        if isinstance(sock, ssl.SSLSocket):
            sock.settimeout(_SEND_S)
            while self._unsent:
                sock.sendall(self._unsent.popleft())
            return
        while self._unsent:
            # Reading meanwhile: a server may refuse a large message before it has all of it.
            readable, writable, _ = select.select([sock], [sock], [], _SEND_S)
            if not readable and not writable:
                return
            if readable:
                self._feed(sock.recv(_CHUNK))
            if self._is_over():
                return
            if writable:
                view = self._unsent.popleft()
                sent = sock.send(view[:_CHUNK])
                if sent < len(view):
                    self._unsent.appendleft(view[sent:])

    def _is_over(self) -> bool:
        return self._ended

    def _drain(self) -> None:
        deadline = self.now() + 1
        try:
            while not self._ended:
                data = self._read(deadline)
                if data is None:
                    return
                self._feed(data)
        except OSError:
            self._end("reset", "")

    # Receiving

    def get(self, until: float) -> Event | None:
        """The next event from the peer, or None if none came before `until`."""
        while not self._waiting:
            if self._ended:
                return None
            try:
                data = self._read(until)
            except OSError as error:
                self._end("reset", error.strerror or "")
                continue
            if data is None:
                return None
            self._feed(data)
        return self._waiting.pop(0)

    def index(self, event: Event) -> int:
        """The event's place in the transcript."""
        return next(i for i, one in enumerate(self._transcript.events) if one is event)

    def pause(self, until: float) -> None:
        """Let time pass without reading."""
        time.sleep(max(0.0, until - self.now()))

    def _read(self, until: float) -> bytes | None:
        """Bytes, `b""` at the end of the stream, or None when the time is over."""
        if self._socket is None:
            return b""
        self._socket.settimeout(max(until - self.now(), 0.0005))
        try:
            return self._socket.recv(_CHUNK)
        except TimeoutError:
            return None

    def _feed(self, data: bytes) -> None:
        if not data:
            self._protocol.receive_eof()
            self._end("eof", "")
            return
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            assert isinstance(event, Frame)
            self._take(event)
        if self._protocol.parser_exc is not None:
            self._end("broken", f"RFC 6455: {self._protocol.parser_exc}")
        self._flush()  # pongs, and the answer to a Close

    def _take(self, frame: Frame) -> None:
        data = bytes(frame.data)
        if frame.opcode is Opcode.CLOSE:
            close = Close.parse(data)
            self._waiting.append(
                self._record(Way.IN, Kind.CLOSE, code=int(close.code), text=close.reason)
            )
        elif frame.opcode in _KINDS:
            self._waiting.append(self._record(Way.IN, _KINDS[frame.opcode], data=data))
        else:
            self._parts.append(frame)
            if frame.fin:
                self._take_message()

    def _take_message(self) -> None:
        parts, self._parts = self._parts, []
        data = b"".join(bytes(part.data) for part in parts)
        info = {"fragments": len(parts)} if len(parts) > 1 else {}
        if parts[0].opcode is Opcode.BINARY:
            self._waiting.append(self._record(Way.IN, Kind.BINARY, data=data, info=info))
            return
        try:
            text, raw = data.decode(), None
        except UnicodeDecodeError:
            text, raw = None, data
        self._waiting.append(self._record(Way.IN, Kind.TEXT, text=text, data=raw, info=info))

    # The end

    def _end(self, how: str, detail: str) -> None:
        if not self._ended:
            self._ended = True
            info = {"how": how, **({"detail": detail} if detail else {})}
            self._waiting.append(self._record(Way.IN, Kind.END, info=info))

    def abort(self) -> None:
        """End the connection with a reset."""
        if self._socket is not None and not self._ended:
            self._ended = True
            self._record(Way.OUT, Kind.END, info={"how": "abort"})
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.release()

    def release(self) -> None:
        """Let go of the connection."""
        self._ended = True
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _unchunk(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16)
        except ValueError:
            return whole + body
        if not length:
            return whole
        whole, body = whole + rest[:length], rest[length + 2 :]
    return whole
