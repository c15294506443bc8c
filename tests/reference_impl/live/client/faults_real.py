"""Faults of real servers: the reference as a process of its own, and in a thread of this one."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from risp.reference_impl.live.client import Timeouts
from tests.live_models import Probe
from tests.live_server import PROBE
from tests.reference_impl.live.here import served
from tests.support import ROOT

from .playing import LOST, READY, Row, Scene
from .scripted import KEY

KEYS = (KEY, "rk_other")


@dataclass
class Real:
    """A server, and how it can be hurt."""

    url: str
    process: asyncio.subprocess.Process | None = None

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)


def in_process(*options: str) -> Callable[[Row], AbstractAsyncContextManager[Any]]:
    """A process of its own."""

    @asynccontextmanager
    async def serve(row: Row) -> AsyncGenerator[Real]:
        key = () if row.local else ("--key", KEY)
        command = ["-m", "risp.reference_impl", "serve", "--port", "0", "--json", "--model", PROBE]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, *key, *options, stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        assert process.stdout is not None
        try:
            line = await process.stdout.readline()
            yield Real(json.loads(line)["live"], process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    return serve


def in_thread(**settings: Any) -> Callable[[Row], AbstractAsyncContextManager[Any]]:
    """In a thread of this process."""

    @asynccontextmanager
    async def serve(row: Row) -> AsyncGenerator[Real]:
        keys = () if row.local else KEYS
        held = served(model=Probe, keys=keys, **settings)
        here = await asyncio.to_thread(held.__enter__)
        try:
            yield Real(str(here.http.base_url).rstrip("/"))
        finally:
            await asyncio.to_thread(held.__exit__, None, None, None)

    return serve


def _hurt(number: int) -> Callable[[Scene], Any]:
    async def act(scene: Scene) -> None:
        await scene.ready()
        scene.restart()
        scene.server.signal(number)
        await scene.until(lambda: scene.told)

    return act


async def _waits_for_error(scene: Scene) -> None:
    await scene.ready()
    await scene.until(lambda: scene.told)


async def _comes_back_too_late(scene: Scene) -> None:
    await scene.ready()
    await scene.client.disconnect(recoverable=True)
    await _until_over(scene)
    scene.restart()
    await scene.client.reconnect()


async def _until_over(scene: Scene) -> None:
    """Wait until the server has freed the session, as somebody else sees it."""
    session = scene.client.get_session_id()
    async with httpx.AsyncClient(base_url=scene.server.url, trust_env=False) as http:
        headers: dict[str, str] = {}
        if not scene.client._where.local:
            token = (await http.post("/tokens", headers={"Reactor-API-Key": KEY})).json()["jwt"]
            headers = {"Authorization": f"Bearer {token}"}
        async with asyncio.timeout(10):
            while True:
                path = "/session" if scene.client._where.local else f"/sessions/{session}"
                found = (await http.get(path, headers=headers)).json()
                if found["state"] in ("CLOSED", "ready"):
                    return
                await asyncio.sleep(0.05)


async def _uploads_too_much(scene: Scene) -> None:
    await scene.ready()
    await scene.client.upload_file(b"x" * 2000, name="a.png")


async def _is_refused(scene: Scene) -> None:
    await scene.ready()
    await scene.client.send_command("set_brightness", {"brightness": 5.0})
    await scene.until(lambda: scene.told)


async def _connects(scene: Scene) -> None:
    scene.restart()
    await scene.client.connect()


def _rows() -> Iterator[Row]:
    silent: dict[str, Any] = {
        "timeouts": Timeouts(silence_s=2, close_s=1.0),
        "bounds": ("silence_s",),
    }
    connection = {"component": "connection", "how": "told", "statuses": LOST}
    for local in (False, True):
        more: dict[str, Any] = {"local": local, "step": "READY", **connection}
        yield Row(
            fault="the server's process is killed",
            act=_hurt(signal.SIGKILL),
            serve=in_process(),
            code="connection_lost",
            recoverable=True,
            keeps=True,
            **silent,
            **more,
        )
        yield Row(
            fault="the server is stopped",
            act=_hurt(signal.SIGTERM),
            serve=in_process(),
            code="session_ended",
            **more,
        )
        yield Row(
            fault="the session expires",
            act=_waits_for_error,
            serve=in_process("--session-s", "1.5"),
            code="session_ended",
            **more,
        )
        yield Row(
            fault="the window is over",
            step="reconnect()",
            local=local,
            act=_comes_back_too_late,
            serve=in_process("--resume-window-s", "0.3"),
            code="session_ended",
            statuses=(*LOST, "connecting", "disconnected"),
        )


def _refusals() -> Iterator[Row]:
    for local in (False, True):
        raised: dict[str, Any] = {"how": "raised", "statuses": READY, "keeps": True}
        yield Row(
            fault="a file that is too large",
            step="reserve or put",
            local=local,
            act=_uploads_too_much,
            serve=in_thread(max_upload_bytes=1000),
            code="too_large",
            **raised,
        )
        yield Row(
            fault="the model refuses a command",
            step="READY",
            local=local,
            act=_is_refused,
            serve=in_thread(),
            code="invalid_command",
            component="model",
            how="told",
            statuses=READY,
            keeps=True,
        )
    yield Row(
        fault="every place is taken",
        step="poll",
        act=_connects,
        serve=in_thread(places=0),
        timeouts=Timeouts(place_s=0.5, close_s=1.0),
        bounds=("place_s",),
        code="no_place",
        recoverable=True,
    )


ROWS: tuple[Row, ...] = (*_rows(), *_refusals())
