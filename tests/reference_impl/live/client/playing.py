"""How a row of the table of faults is played, and what comes of it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from risp.reference_impl.live.client import LiveClient, LiveError, Timeouts

from .scripted import KEY, LOCAL, Misdeed, Scripted

SLOW_S = 5.0
"""What any machine may take for what waits for nothing, in seconds."""
QUICK = Timeouts(close_s=1.0)
"""The usual clocks of a client, but for its end."""
DOWN = ("connecting", "disconnected")
WAITED = ("connecting", "waiting", "disconnected")
READY = ("connecting", "waiting", "ready")
LOST = (*READY, "disconnected")

Act = Callable[["Scene"], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One fault, and what the caller sees of it."""

    fault: str
    step: str
    act: Act
    """What the application does meanwhile; what it raises is what the caller sees."""
    faults: Mapping[str, Misdeed] = field(default_factory=dict[str, Misdeed])
    prepare: Callable[[Scripted], None] = lambda _: None
    serve: Callable[[Row], AbstractAsyncContextManager[Any]] | None = None
    """A server of another kind."""
    local: bool = False
    timeouts: Timeouts = QUICK
    code: str = ""
    """Empty: nothing goes wrong for the caller."""
    component: str = "api"
    recoverable: bool = False
    retry_after: float | None = None
    how: str = "raised and told"
    """`raised`, `told` (as an event), or both."""
    statuses: tuple[str, ...] = WAITED
    keeps: bool = False
    """Whether the client still names its session."""
    ends: bool = True
    """Whether the server was told that the session is over, if it had told of one."""
    bounds: tuple[str, ...] = ()
    """The clocks of the client that may have to run down."""

    @property
    def name(self) -> str:
        return f"{self.fault}: {self.step}{', local' if self.local else ''}"

    def within(self, timeouts: Timeouts | None = None) -> float:
        """The seconds that these clocks are, together."""
        return float(sum(getattr(timeouts or self.timeouts, one) for one in self.bounds))


@dataclass
class Scene:
    """A client, and all that it tells."""

    server: Any
    client: LiveClient
    statuses: list[str] = field(default_factory=list)
    told: list[LiveError] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def restart(self) -> None:
        """The fault begins here: what was before does not count for its clock."""
        self.started = time.monotonic()

    async def until(self, what: Callable[[], Any], within: float = 10.0) -> None:
        async with asyncio.timeout(within):
            while not what():
                await asyncio.sleep(0.002)

    async def ready(self) -> Any:
        """Connect; returns the model's end."""
        await self.client.connect()
        self.restart()
        if not isinstance(self.server, Scripted):
            return None
        peer = self.server.peers[-1]
        await peer.here.wait()
        return peer


@dataclass(frozen=True)
class Seen:
    """What came of it."""

    code: str
    component: str
    recoverable: bool
    retry_after: float | None
    how: str
    statuses: tuple[str, ...]
    keeps: bool
    seconds: float
    error: LiveError | None


@asynccontextmanager
async def scripted(row: Row) -> AsyncIterator[Scripted]:
    async with Scripted(row.faults) as server:
        row.prepare(server)
        yield server


def client_of(url: str, row: Row) -> LiveClient:
    with mock.patch.dict(os.environ, {"RISP_LOCAL_URL": url}):
        return LiveClient("probe", KEY, url, row.local, timeouts=row.timeouts)


async def play(row: Row) -> Seen:
    """Play a row; raises whatever the caller must not see."""
    async with (row.serve or scripted)(row) as server:
        scene = Scene(server, client_of(server.url, row))
        client = scene.client
        client.on("status_changed", scene.statuses.append)
        client.on("error", scene.told.append)
        client.on("session_id_changed", scene.ids.append)
        raised: LiveError | None = None
        try:
            await row.act(scene)
        except LiveError as error:
            raised = error
        seconds = time.monotonic() - scene.started
        seen = _seen(scene, raised, seconds)
        if isinstance(server, Scripted) and row.ends and any(scene.ids) and not seen.keeps:
            assert server.ended >= 1, "the session is left behind (L-CLIENT-8)"
        await asyncio.wait_for(client.disconnect(), SLOW_S + client._timeouts.close_s)
        assert client.get_status() == "disconnected"
        assert client.get_session_id() is None
        return seen


def _seen(scene: Scene, raised: LiveError | None, seconds: float) -> Seen:
    error = raised or (scene.told[-1] if scene.told else None)
    is_told = [one for one in scene.told if one is error]
    assert len(is_told) <= 1, "the same error came twice"
    assert not scene.told or scene.told[-1] is scene.client.get_last_error()
    others = [one.code for one in scene.told if one is not error]
    assert others == [], f"other errors came as well: {others}"
    how = " and ".join(
        word for word, has in (("raised", raised is not None), ("told", bool(is_told))) if has
    )
    keeps = scene.client.get_session_id() is not None
    statuses = tuple(str(one) for one in scene.statuses)
    if error is None:
        return Seen("", "", False, None, how, statuses, keeps, seconds, None)
    return Seen(
        error.code,
        error.component,
        error.recoverable,
        error.retry_after,
        how,
        statuses,
        keeps,
        seconds,
        error,
    )


def check(row: Row, seen: Seen) -> None:
    """Hold what was seen against the row. Raises AssertionError."""
    assert (seen.code, seen.how) == (row.code, row.how if row.code else ""), seen.error
    if row.code:
        assert (seen.component, seen.recoverable) == (row.component, row.recoverable), seen.error
    if row.retry_after is None or seen.retry_after is None:
        assert seen.retry_after == row.retry_after
    else:
        assert abs(seen.retry_after - row.retry_after) <= 2, seen.retry_after
    assert seen.statuses == row.statuses, seen.error
    assert seen.keeps == row.keeps
    assert seen.seconds <= row.within() + SLOW_S, f"{seen.seconds:.1f} s"


def statuses_at(step: str) -> tuple[str, ...]:
    """The statuses of a `connect()` that fails at this step."""
    return DOWN if step in ("token", "create", "start") else WAITED


def ways(local: bool) -> tuple[str, ...]:
    from .scripted import HOSTED

    return LOCAL if local else HOSTED
