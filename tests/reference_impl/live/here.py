"""The whole server in a thread of this process, where a test can reach into it."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from risp.reference_impl.action.serving.settings import Settings
from risp.reference_impl.action.toy import ToyPolicy
from risp.reference_impl.app import Server, make_server
from risp.reference_impl.live.modelling.loading import load_model
from risp.reference_impl.live.service import LiveService
from risp.reference_impl.live.settings import LiveSettings
from risp.reference_impl.live.toy import Toy
from risp.reference_impl.live.web.handlers import Handlers

WITHIN = 10.0
KEYS = ("rk_first", "rk_second")
OWN = "http://localhost:3000"
"""The origin of a page of this machine."""


@dataclass
class Here:
    """A server that runs, and a client for it."""

    http: httpx.Client
    server: Server
    live: LiveService
    loop: asyncio.AbstractEventLoop

    @property
    def port(self) -> int:
        return int(self.http.base_url.port or 0)

    def token(self, key: str = KEYS[0], **request: Any) -> str:
        """A token for a key."""
        answer = self.http.post("/tokens", headers={"Reactor-API-Key": key}, json=request or None)
        assert answer.status_code == 200, answer.text
        text: str = answer.json()["jwt"]
        return text

    def bearer(self, key: str = KEYS[0], **request: Any) -> dict[str, str]:
        """The header with a token for a key."""
        return {"Authorization": f"Bearer {self.token(key, **request)}"}

    def create(self, **headers: str) -> str:
        """A session's id."""
        answer = self.http.post("/sessions", json={"model": {"name": "toy"}}, headers=headers)
        assert answer.status_code == 201, answer.text
        text: str = answer.json()["session_id"]
        return text

    def reserve(self, session: str, size: int = 3, **headers: str) -> str:
        """The path of a place for a file."""
        body = {"name": "a.png", "size": size, "mime_type": "image/png"}
        answer = self.http.post(f"/sessions/{session}/uploads", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return httpx.URL(answer.json()["presigned_url"]).path


@contextmanager
def served(
    *,
    handlers_class: type[Handlers] = Handlers,
    model: Any = Toy,
    loaded: bool = True,
    **settings: Any,
) -> Iterator[Here]:
    """Serve in a thread, with a client on the address."""
    there = threading.Event()
    found: dict[str, Any] = {}

    def listening(port: int) -> None:
        found.update(port=port, loop=asyncio.get_running_loop())
        there.set()

    live = LiveService(LiveSettings(**settings), load_model(model), version="test")
    server = make_server(
        Settings(port=0, keys=settings.get("keys", ()), grace_s=1.0),
        ToyPolicy(0.0),
        listening,
        live=live,
        handlers_class=handlers_class,
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    assert there.wait(WITHIN)
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{found['port']}", timeout=WITHIN, trust_env=False
        ) as http:
            here = Here(http, server, live, found["loop"])
            while loaded and live.loading:
                http.get("/health")
            yield here
    finally:
        found["loop"].call_soon_threadsafe(server.end)
        thread.join(WITHIN)
        assert not thread.is_alive()


def upgrade(here: Here, query: str) -> int:
    """The status that a handshake of the action profile earns."""
    lines = [
        f"GET /v1/actions{query} HTTP/1.1",
        f"Host: 127.0.0.1:{here.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
    ]
    with socket.create_connection(("127.0.0.1", here.port), timeout=5) as raw:
        raw.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(raw.recv(4096).split()[1])
