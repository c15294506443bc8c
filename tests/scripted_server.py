"""A server that plays a script: a real listening socket in a thread, and full control of the bytes.

::

    def script(peer):
        peer.upgrade()
        peer.expect("session.open")
        peer.send({"type": "session.ready", "session_id": "sess_0123456789abcdef"})
        peer.until_closed()

    with ScriptedServer(script) as server:
        ActionStream(prompt="p", url=server.url).open().close()

Each connection plays the next script. Every wait is bounded; what a script raises, leaving the
`with` raises again.
"""

import base64
import contextlib
import hashlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

PATIENCE_S = 5.0
TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 0x1, 0x2, 0x0, 0x8, 0x9, 0xA
READY = {"type": "session.ready", "session_id": "sess_0123456789abcdef"}
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

Script = Callable[["Peer"], None]


class Hung(Exception):
    """The client went away where the script expected it to speak."""


class Peer:
    """One accepted connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.head = b""
        """The request's head, as it came."""
        self.frames: list[dict[str, Any]] = []
        """Every text message so far, parsed."""
        self.texts: list[bytes] = []
        """The same messages as they came."""
        self.control: list[tuple[int, bytes]] = []
        """Every control frame so far: opcode and payload."""
        self._buffer = b""

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(n, v.strip()) for n, _, v in (line.partition(":") for line in lines if line)]

    def header(self, name: str) -> str | None:
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    def read_head(self) -> bytes:
        while b"\r\n\r\n" not in self._buffer:
            self._read()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        self.head = head + b"\r\n\r\n"
        return self.head

    def raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def refuse(
        self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> None:
        """Read the request and answer it with an HTTP status."""
        self.read_head()
        fields = {"Content-Length": str(len(body)), **(headers or {})}
        lines = [f"HTTP/1.1 {status} Refused", *(f"{n}: {v}" for n, v in fields.items())]
        self.raw("\r\n".join([*lines, "", ""]).encode() + body)

    def upgrade(self, early: bytes = b"", **replaced: str) -> None:
        """Read the request and accept it; `early` goes out in the same segment."""
        self.read_head()
        key = (self.header("Sec-WebSocket-Key") or "").encode()
        fields = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode(),
            **{name.replace("_", "-"): value for name, value in replaced.items()},
        }
        head = "HTTP/1.1 101 Switching Protocols\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
        self.raw(head.encode() + b"\r\n" + early)

    def open(self, **ready: Any) -> dict[str, Any]:
        """Upgrade, take the `session.open`, answer it; returns it."""
        self.upgrade()
        frame = self.expect("session.open")
        self.send({**READY, **ready})
        return frame

    def expect(self, *kinds: str) -> dict[str, Any]:
        """The next text message, which must be of one of these types."""
        while True:
            opcode, payload = self._frame()
            if opcode == TEXT:
                break
            self.control.append((opcode, payload))
            if opcode == CLOSE:
                raise Hung(f"a Close came in place of {kinds}")
        frame = json.loads(payload)
        self.texts.append(payload)
        self.frames.append(frame)
        assert frame.get("type") in kinds, f"{kinds} expected, not {frame}"
        return frame

    def expect_control(self, opcode: int) -> bytes:
        """The payload of the next frame, which must be this control frame."""
        found, payload = self._frame()
        self.control.append((found, payload))
        assert found == opcode, f"opcode {opcode} expected, not {found}"
        return payload

    def send(self, frame: Any) -> None:
        self.raw(server_frame(TEXT, json.dumps(frame).encode()))

    def chunk(self, seq: int | None, *rows: list[float], **members: Any) -> None:
        """Answer an observation."""
        answer = {"type": "action_chunk", "seq": seq, "actions": list(rows) or [[1.0]], **members}
        self.send({name: value for name, value in answer.items() if value is not None})

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.raw(server_frame(CLOSE, struct.pack("!H", code) + reason.encode()))

    def until_closed(self, *, answer: bool = True) -> None:
        """Read on to the client's Close or the end of the stream, and answer the Close."""
        with contextlib.suppress(Hung, ConnectionError):
            while True:
                opcode, payload = self._frame()
                if opcode == TEXT:
                    self.texts.append(payload)
                    self.frames.append(json.loads(payload))
                    continue
                self.control.append((opcode, payload))
                if opcode == CLOSE:
                    if answer:
                        self.raw(server_frame(CLOSE, payload))
                    return

    def until_gone(self) -> None:
        """Wait for the end of the stream."""
        with contextlib.suppress(ConnectionError):
            while self.socket.recv(65536):
                pass

    def _frame(self) -> tuple[int, bytes]:
        first, second = self._take(2)
        assert first & 0x80, "a client sends no fragments"
        assert second & 0x80, "a client masks its frames"
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(self._take(2))
        elif size == 127:
            size = int.from_bytes(self._take(8))
        mask, data = self._take(4), self._take(size)
        repeated = (mask * (size // 4 + 1))[:size]
        plain = int.from_bytes(data) ^ int.from_bytes(repeated)
        return first & 0x0F, plain.to_bytes(size)

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._read()
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def _read(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise Hung("the client hung up")
        self._buffer += data


class ScriptedServer:
    """Plays one script per connection, in order; `peers` are the connections so far."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self._scripts = scripts
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE_S)
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._leaving = threading.Event()
        self.peers: list[Peer] = []
        self.errors: list[BaseException] = []
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"ws{'s' * (self._tls is not None)}://127.0.0.1:{self.port}/v1/actions"

    @property
    def peer(self) -> Peer:
        """The latest connection."""
        return self.peers[-1]

    def wait(self) -> None:
        """Wait until every script has been played."""
        self._thread.join(PATIENCE_S * 2)

    def _play(self) -> None:
        for script in self._scripts:
            try:
                sock, _ = self._listener.accept()
            except OSError as error:
                if not self._leaving.is_set():
                    self.errors.append(error)
                return
            with sock:
                self._run(script, sock)

    def _run(self, script: Script, sock: socket.socket) -> None:
        sock.settimeout(PATIENCE_S)
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
            peer = Peer(sock)
            self.peers.append(peer)
            script(peer)
        except BaseException as error:
            self.errors.append(error)
        finally:
            sock.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leaving.set()
        if error is None:
            self.wait()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(PATIENCE_S)
        if error is None and self.errors:
            raise self.errors[0]


def server_frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """An unmasked frame."""
    head = bytes([0x80 * fin | opcode])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 1 << 16:
        return head + b"\x7e" + len(payload).to_bytes(2) + payload
    return head + b"\x7f" + len(payload).to_bytes(8) + payload
