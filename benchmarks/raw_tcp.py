"""The limit: the bytes of the same JSON messages over a bare socket, with nothing read in them.

`python -m benchmarks.raw_tcp serve` and `python -m benchmarks.raw_tcp rounds URL FOLDER`.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import orjson
import pybase64

from .policies import numbers
from .rounds import CAMERAS, JOINTS, PROMPT, STATE, serve_rounds

HEAD = 8
"""Bytes that say how long a message is."""


def observation(folder: Path) -> bytes:
    images = {
        camera: {
            "encoding": "jpeg_base64",
            "data": pybase64.b64encode_as_string((folder / f"{camera}.jpg").read_bytes()),
        }
        for camera in CAMERAS
    }
    return orjson.dumps(
        {"type": "observation", "seq": 0, "state": STATE, "images": images, "prompt": PROMPT}
    )


def chunk() -> bytes:
    flat = numbers().tolist()
    rows = [flat[at : at + JOINTS] for at in range(0, len(flat), JOINTS)]
    metadata = {"model": "Null", "inference_ms": 0.002, "queue_ms": 0.05}
    return orjson.dumps({"type": "action_chunk", "seq": 0, "actions": rows, "metadata": metadata})


def send(sock: socket.socket, message: bytes) -> None:
    sock.sendall(len(message).to_bytes(HEAD, "big") + message)


def receive(sock: socket.socket, buffer: bytearray) -> bool:
    """Take one message into the buffer; False at the end."""
    view, got = memoryview(buffer), 0
    while got < HEAD or got < HEAD + int.from_bytes(view[:HEAD], "big"):
        count = sock.recv_into(view[got:])
        if count == 0:
            return False
        got += count
    return True


def serve() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(f"tcp://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        sock, _ = listening.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer, buffer = chunk(), bytearray(1 << 18)
        while receive(sock, buffer):
            send(sock, answer)


def rounds(url: str, folder: Path) -> None:
    host, port = url.removeprefix("tcp://").split(":")
    with socket.create_connection((host, int(port))) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        message, buffer = observation(folder), bytearray(1 << 18)

        def round_trip() -> None:
            send(sock, message)
            assert receive(sock, buffer)

        serve_rounds(round_trip)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        rounds(sys.argv[2], Path(sys.argv[3]))
