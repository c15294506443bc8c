"""Live servers with a probe, by name: the runtime that nobody here wrote, and ours in its ways."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from risp.protocol.live.endpoint import Endpoint
from risp.reference_impl.live.web.handlers import Handlers
from tests.live_models import Probe
from tests.live_server import KEY, serving
from tests.reference_impl.live.here import served

from .runtime import running

REASON = {"reason": "as it was asked to"}
FREE_S = 3.0
"""How long the one session of a local server may take to be over, in seconds."""


@dataclass(frozen=True)
class Place:
    """A server that runs, and what it is."""

    url: str
    key: str | None = None
    """None: it has one session at a time, by the local routes."""
    is_ours: bool = True
    """Ours tells who has sent a refused command, takes integers for what they are, and so on."""
    is_flat: bool = False
    """It has the flat signaling routes only, and so no channel `control`."""

    async def state(self) -> str:
        """The state of the local session."""
        return str((await self._ask("GET", "/session"))["state"])

    async def schema(self) -> Any:
        """What the model publishes, where that is public."""
        return await self._ask("GET", "/schema")

    async def freed(self) -> None:
        """Wait until the local session is over."""
        async with asyncio.timeout(FREE_S):
            while await self.state() != "ready":
                await asyncio.sleep(0.02)

    async def is_over(self, session: str) -> None:
        """Wait until a session is over; one of many is over at once."""
        if self.key is None:
            await self.freed()
        else:
            seen = await self._ask("GET", f"/sessions/{session}")
            assert seen["state"] == "CLOSED"

    async def end(self, session: str) -> None:
        """End a session from outside."""
        if self.key is None:
            # Without a reason the runtime tells nobody, and closes the channels.
            await self._ask("POST", "/stop_session", **({} if self.is_ours else {"json": REASON}))
        else:
            await self._ask("DELETE", f"/sessions/{session}")

    async def clear(self) -> None:
        """End the local session, if a client has left one."""
        if self.key is None and await self.state() != "ready":
            await self.end("")
            await self.freed()

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        """Ask the server; returns the JSON of its answer, None where there is none."""
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as http:
            if self.key is not None:
                token = await http.post("/tokens", headers={"Reactor-API-Key": self.key})
                more["headers"] = {"Authorization": f"Bearer {token.json()['jwt']}"}
            answer = await http.request(method, path, **more)
            # Its client may have ended a local session just now.
            assert answer.is_success or answer.status_code == 409, answer.text
            return answer.json() if answer.text else None


@contextmanager
def _runtime() -> Generator[Place]:
    with running() as runtime:
        yield Place(runtime.url, is_ours=False)


@contextmanager
def _ours(key: str | None) -> Generator[Place]:
    with serving(*(("--key", key) if key else ())) as server:
        yield Place(server.url, key)


class FlatOnly(Handlers):
    """A server of the first generation: it has no routes by connection."""

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """All others."""
        return [row for row in super().endpoints if "/connections" not in row.path]


@contextmanager
def _flat() -> Generator[Place]:
    with served(handlers_class=FlatOnly, model=Probe) as here:
        yield Place(str(here.http.base_url).rstrip("/"), is_flat=True)


PLACES: dict[str, Callable[[], AbstractContextManager[Place]]] = {
    "runtime": _runtime,
    "local": lambda: _ours(None),
    "hosted": lambda: _ours(KEY),
    "flat": _flat,
}
"""Each by its name."""
