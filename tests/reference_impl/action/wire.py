"""Raw sockets and short conversations for tests over a real network."""

import base64
import json
import os
import socket
import struct
from contextlib import contextmanager

from websockets.sync.client import ClientConnection, connect

WITHIN = 5.0


@contextmanager
def talking(url: str, **options):
    """A WebSocket that is not opened yet."""
    with connect(url, proxy=None, compression=None, ping_interval=None, **options) as peer:
        yield peer


def hear(peer: ClientConnection, within: float = WITHIN):
    return json.loads(peer.recv(timeout=within))


def opened(peer: ClientConnection, **members):
    peer.send(json.dumps({"type": "session.open", "prompt": "p", **members}))
    ready = hear(peer)
    assert ready["type"] == "session.ready", ready
    return ready


def observe(peer: ClientConnection, seq: int, *state: float, **members):
    frame = {"type": "observation", "seq": seq, "state": list(state), **members}
    peer.send(json.dumps(frame))


def request(port: int, *headers: str, path: str = "/v1/actions", origin: str = "") -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


@contextmanager
def plugged(port: int):
    """A bare TCP connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN) as raw:
        yield raw


def head(raw: socket.socket) -> tuple[bytes, bytes]:
    """A response up to its empty line, and what came along with it."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = raw.recv(4096)
        assert part, data
        data += part
    before, _, after = data.partition(b"\r\n\r\n")
    return before, after


def answer(port: int, *headers: str, path: str = "/v1/actions"):
    """What a handshake is answered: status, headers by lower-case name, body."""
    with plugged(port) as raw:
        raw.sendall(request(port, *headers, path=path))
        return whole(raw)


def whole(raw: socket.socket):
    before, body = head(raw)
    first, *lines = before.decode().split("\r\n")
    fields = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    while len(body) < int(fields.get("content-length", 0)):
        body += raw.recv(4096)
    return int(first.split()[1]), fields, body


def masked(payload: bytes, opcode: int = 1, fin: bool = True) -> bytes:
    """One frame of a client's."""
    size = len(payload)
    if size < 126:
        length = struct.pack("!B", 0x80 | size)
    elif size < 1 << 16:
        length = struct.pack("!BH", 0x80 | 126, size)
    else:
        length = struct.pack("!BQ", 0x80 | 127, size)
    mask = os.urandom(4)
    hidden = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    return bytes([0x80 * fin | opcode]) + length + mask + hidden


def frame(raw: socket.socket, had: bytes = b"") -> tuple[int, bool, bytes]:
    """One short frame of a server's: opcode, fin, payload."""

    def take(count: int) -> bytes:
        nonlocal had
        while len(had) < count:
            part = raw.recv(4096)
            assert part, "the connection ended"
            had += part
        taken, had = had[:count], had[count:]
        return taken

    first, second = take(2)
    size = second & 127
    if size == 126:
        (size,) = struct.unpack("!H", take(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", take(8))
    payload = take(size)
    assert had == b"", "more than one frame came"
    return first & 15, bool(first & 128), payload
