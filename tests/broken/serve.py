"""Serve one broken server: `python -m tests.broken.serve NAME`; its first line is its URL."""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import threading
from collections.abc import Iterator
from typing import Any

from risp.reference_impl.action.server import ServerSession
from risp.reference_impl.action.serving.engine import Engine
from risp.reference_impl.action.serving.gate import Gate
from risp.reference_impl.action.serving.settings import Settings
from risp.reference_impl.app import Server, make_server
from risp.reference_impl.transport import WebSocketProtocol

from .catalogue import PLAIN, Served


def build(server_class: type, how: Served, on_listening: Any, uvloop: bool = False) -> Server:
    """The reference, with one of its classes replaced."""
    settings = Settings(**{"port": 0, **dict(how.settings)})
    policy = how.policy()
    classes: dict[str, Any] = {"uvloop": uvloop}
    if issubclass(server_class, ServerSession):
        classes["session_class"] = server_class
    elif issubclass(server_class, Gate):
        classes["gate_class"] = server_class
    server = make_server(settings, policy, on_listening, **classes)
    if issubclass(server_class, WebSocketProtocol):
        server.config.ws = server_class
    elif issubclass(server_class, Engine):
        server.service.engine = server_class(policy)
    return server


@contextlib.contextmanager
def serving(server_class: type = ServerSession, how: Served = PLAIN) -> Iterator[str]:
    """Serve in a thread until the block ends; gives the URL."""
    listening: queue.SimpleQueue[int] = queue.SimpleQueue()
    server = build(server_class, how, listening.put)
    thread = threading.Thread(target=server.run, name=server_class.__name__, daemon=True)
    thread.start()
    path = dict(how.settings).get("path", "/v1/actions")
    try:
        yield f"ws://127.0.0.1:{listening.get(timeout=10)}{path}"
    finally:
        # It ends within moments, by itself; its policy's idle thread goes with the process.
        server.should_exit = True


def main(name: str) -> None:
    """Serve a fault by its name until a signal comes."""
    from . import FAULTS
    from .odd import ODD
    from .sessions import PLANTED

    found = {one.name: (one.server, one.served) for one in FAULTS}
    found |= {one.name: (one.server, one.served) for one in (*ODD, *PLANTED)}
    if name not in found:
        sys.exit(f"no such server: {name}; one of\n  " + "\n  ".join(sorted(found)))
    server_class, how = found[name]
    path = dict(how.settings).get("path", "/v1/actions")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    build(
        server_class, how, lambda port: print(f"ws://127.0.0.1:{port}{path}", flush=True), True
    ).run()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
