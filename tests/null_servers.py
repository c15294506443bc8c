"""Servers that are nothing: a kit passes no requirement of theirs, and says one thing of each."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
Handler = Callable[[socket.socket, threading.Event], None]


def read_head(sock: socket.socket) -> bytes:
    """Read up to the end of an HTTP head, or whatever comes before the end of the stream."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(4096)
        if not more:
            break
        data += more
    return data


def upgrade(sock: socket.socket) -> None:
    """Answer an opening handshake as RFC 6455 demands."""
    head = read_head(sock).decode("latin-1")
    lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    key = {name.lower(): value for name, value in lines.items()}["sec-websocket-key"]
    accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
    sock.sendall(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
    )


def read_message(sock: socket.socket) -> tuple[int, bytes]:
    """Read one masked frame; returns opcode and payload. Raises OSError at the stream's end."""

    def exactly(size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = sock.recv(size - len(data))
            if not more:
                raise OSError("end of stream")
            data += more
        return data

    first, second = exactly(2)
    size = second & 0x7F
    if size == 126:
        size = int.from_bytes(exactly(2))
    elif size == 127:
        size = int.from_bytes(exactly(8))
    mask = exactly(4)
    return first & 0x0F, bytes(b ^ mask[i % 4] for i, b in enumerate(exactly(size)))


def frame(payload: bytes, opcode: int = 1) -> bytes:
    """One unmasked frame."""
    size = len(payload)
    head = bytes([0x80 | opcode])
    if size < 126:
        return head + bytes([size]) + payload
    return head + b"\x7e" + size.to_bytes(2) + payload


def answering(answer: Callable[[bytes], bytes]) -> Handler:
    """A WebSocket that answers each text message, pings and Close as it should."""

    def handle(sock: socket.socket, over: threading.Event) -> None:
        upgrade(sock)
        while not over.is_set():
            opcode, payload = read_message(sock)
            if opcode == 8:
                sock.sendall(frame(payload, 8))
                return
            sock.sendall(frame(payload, 10) if opcode == 9 else frame(answer(payload)))

    return handle


def silent(sock: socket.socket, over: threading.Event) -> None:
    """Accept, read and say nothing."""
    over.wait()


def silent_websocket(sock: socket.socket, over: threading.Event) -> None:
    """Upgrade, read and say nothing."""
    upgrade(sock)
    over.wait()


def closes(sock: socket.socket, over: threading.Event) -> None:
    """Accept and close."""


def closes_websocket(sock: socket.socket, over: threading.Event) -> None:
    """Upgrade and close."""
    upgrade(sock)


def garbage(sock: socket.socket, over: threading.Event) -> None:
    """Answer with bytes that are nothing."""
    read_head(sock)
    sock.sendall(bytes(range(256)) * 4)


def http_only(sock: socket.socket, over: threading.Event) -> None:
    """Answer every request with a page."""
    read_head(sock)
    body = b"<h1>It works!</h1>"
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def http_not_found(sock: socket.socket, over: threading.Event) -> None:
    """Answer every request with 404, as a web server without the endpoint does."""
    read_head(sock)
    body = json.dumps({"code": "not_found", "detail": "no such path"}).encode()
    sock.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def slow_drip(sock: socket.socket, over: threading.Event) -> None:
    """Send the response of the handshake a byte at a time."""
    read_head(sock)
    for byte in b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" * 8:
        if over.wait(0.3):
            return
        sock.sendall(bytes([byte]))


def _error(fatal: bool) -> Callable[[bytes], bytes]:
    text = json.dumps(
        {"type": "error", "code": "internal", "message": "no", "fatal": fatal, "retryable": True}
    )
    return lambda payload: text.encode()


HANDLERS: dict[str, Handler] = {
    "silent": silent,
    "silent-websocket": silent_websocket,
    "closes": closes,
    "closes-websocket": closes_websocket,
    "garbage": garbage,
    "http-only": http_only,
    "http-404": http_not_found,
    "slow-drip": slow_drip,
    "echo": answering(lambda payload: payload),
    "constant-error": answering(_error(False)),
    "constant-fatal-error": answering(_error(True)),
    "not-risp": answering(lambda payload: b'{"jsonrpc":"2.0","error":{"code":-32600},"id":null}'),
    "not-json": answering(lambda payload: b"hello"),
}
NAMES = ("dead", *HANDLERS)


@contextlib.contextmanager
def null_server(name: str) -> Iterator[str]:
    """Run one of them; gives its URL."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"ws://127.0.0.1:{listener.getsockname()[1]}/v1/actions"
    if name == "dead":
        listener.close()
        yield url
        return
    handler = HANDLERS[name]

    def serve(sock: socket.socket) -> None:
        with contextlib.suppress(OSError, KeyError), sock:
            sock.settimeout(60)
            handler(sock, over)

    threads: list[threading.Thread] = []

    def accept() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                sock, _ = listener.accept()
                threads.append(threading.Thread(target=serve, args=(sock,), daemon=True))
                threads[-1].start()

    listener.settimeout(0.1)
    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield url
    finally:
        over.set()
        acceptor.join(5)
        listener.close()
        deadline = time.monotonic() + 5
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
