"""A client as it is deployed: an emulator, written from facts about the wire alone.

It is careless where deployed clients are: what comes with the handshake is lost, pings wait until
the application waits, answers are paired by position, close codes are not read, and the end of the
TCP connection follows the Close frame at once.
"""

import base64
import hashlib
import json
import os
import socket
import struct
import time
from typing import Any
from urllib.parse import urlsplit

SOCKET_TIMEOUT_S = 15.0
RETRY_WINDOW_S = 30.0
BACK_OFF = (0.5, 1.6, 5.0)
"""First pause in seconds, its growth, the longest pause."""
RETRIED = {403, 404, 408, 425, 429, 500, 502, 503, 504}
ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Failed(Exception):
    """The handshake or the opening has failed for good."""


class ErrorFrame(Exception):
    """The server has sent an error; the socket stays usable."""

    def __init__(self, frame: Any) -> None:
        super().__init__(frame)
        self.frame = frame


class Retry(Exception):
    """Worth another try."""


def dialled(url: str) -> str:
    """The address that is dialled for the one that a user gives."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}/v1/actions"
    if parts.path in ("", "/") and not parts.query:
        return f"{parts.scheme}://{parts.netloc}/v1/actions"
    return url


class DeployedClient:
    """One stream of one deployed client."""

    def __init__(self, url: str, key: str | None = None, timeout: float = SOCKET_TIMEOUT_S) -> None:
        self.url = dialled(url)
        self.key = key
        self.timeout = min(timeout, SOCKET_TIMEOUT_S)
        self.window = min(timeout, RETRY_WINDOW_S)
        self.next_seq = 0
        self.session_id = ""
        self.ready: dict[str, Any] = {}
        self.tries = 0
        self._raw: socket.socket | None = None
        self._had = b""

    def open(self, prompt: str = "do something", **members: Any) -> dict[str, Any]:
        """Connect, trying again for a while, and open the session."""
        end = time.monotonic() + self.window
        pause, growth, longest = BACK_OFF
        while True:
            self.tries += 1
            try:
                self._connect()
                self.session_id = str(members.get("session_id", ""))
                opening = {
                    "type": "session.open",
                    "session_id": self.session_id,
                    "prompt": prompt,
                    "cameras": [],
                    **members,
                }
                self.send_raw({k: v for k, v in opening.items() if v is not None})
                return self._await_ready()
            except Failed:
                self._drop()
                raise
            except (Retry, OSError) as error:
                self._drop()
                if time.monotonic() + pause > end:
                    raise Failed(str(error)) from error
                time.sleep(pause)
                pause = min(pause * growth, longest)

    def _connect(self) -> None:
        parts = urlsplit(self.url)
        self._raw = socket.create_connection(
            (parts.hostname or "", parts.port or 80), timeout=self.timeout
        )
        key = base64.b64encode(os.urandom(16))
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"GET {target} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key.decode()}",
            "Sec-WebSocket-Version: 13",
        ]
        if self.key is not None:
            lines.append(f"Authorization: Bearer {self.key}")
        lines.append("User-Agent: deployed/1.0")
        self._raw.sendall("\r\n".join([*lines, "", ""]).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            part = self._raw.recv(4096)
            if not part:
                raise Retry("the connection ended during the handshake")
            head += part
        status_line, _, fields = head.partition(b"\r\n\r\n")[0].partition(b"\r\n")
        if b" 101 " not in status_line:
            status = int(status_line.split()[1])
            raise Retry(str(status)) if status in RETRIED else Failed(str(status))
        accept = base64.b64encode(hashlib.sha1(key + ACCEPT).digest())
        if b"sec-websocket-accept: " + accept.lower() not in fields.lower():
            raise Failed("a wrong Sec-WebSocket-Accept")
        # Here is the carelessness: what came after the head, in the same segment, is gone.
        self._had = b""

    def _await_ready(self) -> dict[str, Any]:
        frame = self._receive()
        if not isinstance(frame, dict) or frame.get("type") != "session.ready":
            self._raw_send(b"", 8)
            self._drop()
            raise Failed(f"{frame} in place of session.ready")
        self.ready = frame
        self.session_id = frame.get("session_id", self.session_id)
        return frame

    def send_observation(self, state: list[Any], images: dict[str, Any] | None = None, **more: Any):
        """Send an observation; bytes become an object that says JPEG, whatever they are."""
        given = more.pop("seq", None)
        seq = self.next_seq if given is None else given
        self.next_seq = max(self.next_seq, seq + 1)
        pictures = {
            name: {"encoding": "jpeg_base64", "data": base64.b64encode(value).decode()}
            if isinstance(value, bytes)
            else value
            for name, value in (images or {}).items()
        }
        frame = {"type": "observation", "seq": seq, "state": state, "images": pictures, **more}
        self.send_raw({k: v for k, v in frame.items() if v is not None})
        return seq

    def send_observation_frame(self, frame: dict[str, Any]) -> None:
        """Send an observation that is made already, in its own order of keys."""
        frame = {**frame, "type": "observation"}
        frame.setdefault("seq", self.next_seq)
        self.next_seq = max(self.next_seq, frame["seq"] + 1)
        self.send_raw(frame)

    def send_raw(self, frame: dict[str, Any]) -> None:
        """One frame: compact, ASCII, and bare NaN for careless callers."""
        self._raw_send(json.dumps(frame, separators=(",", ":")).encode())

    def recv_action(self) -> dict[str, Any]:
        """The next chunk, whatever its `seq`; frames of other types are skipped, errors raised."""
        while True:
            frame = self._receive()
            if not isinstance(frame, dict) or frame.get("type") == "error":
                raise ErrorFrame(frame)
            if frame.get("type") == "action_chunk":
                return frame

    def close(self) -> None:
        """Say so, send an empty Close, cut the connection, wait for nothing."""
        self.send_raw({"type": "session.close", "session_id": self.session_id})
        self._raw_send(b"", 8)
        self._drop()

    def __enter__(self) -> "DeployedClient":
        return self

    def __exit__(self, *_: object) -> None:
        if self._raw is not None:
            self.close()

    def _drop(self) -> None:
        if self._raw is not None:
            self._raw.close()
            self._raw = None

    def _raw_send(self, payload: bytes, opcode: int = 1) -> None:
        assert self._raw is not None, "open first"
        size = len(payload)
        if size < 126:
            length = struct.pack("!B", 0x80 | size)
        elif size < 1 << 16:
            length = struct.pack("!BH", 0x80 | 126, size)
        else:
            length = struct.pack("!BQ", 0x80 | 127, size)
        mask = os.urandom(4)
        many = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        hidden = (int.from_bytes(payload, "big") ^ many).to_bytes(size, "big")
        self._raw.sendall(bytes([0x80 | opcode]) + length + mask + hidden)

    def _take(self, count: int) -> bytes:
        assert self._raw is not None, "open first"
        while len(self._had) < count:
            part = self._raw.recv(1 << 16)
            if not part:
                raise Retry("the connection ended")
            self._had += part
        taken, self._had = self._had[:count], self._had[count:]
        return taken

    def _receive(self) -> Any:
        """The next JSON value; fragments are beyond it, binary messages are nothing to it."""
        while True:
            first, second = self._take(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
            payload = self._take(size)
            opcode, is_whole = first & 15, bool(first & 128)
            assert is_whole, "a fragment: a deployed client breaks here"
            if opcode == 9:
                self._raw_send(payload, 10)
            elif opcode == 8:
                raise Retry("the server closed")
            elif opcode == 1:
                return json.loads(payload)


def infer_once(url: str, frame: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    """One-shot inference: open, one observation that repeats the whole dict, one chunk, close."""
    lifted = {
        k: frame[k] for k in ("session_id", "model", "lora", "hz", "chunk_size") if k in frame
    }
    client = DeployedClient(url, key)
    client.open(frame.get("prompt", "do something"), **lifted)
    try:
        client.send_observation_frame(frame)
        return client.recv_action()
    finally:
        client.close()
