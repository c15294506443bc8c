"""The two skins of the client behind one calling form, so that each behaviour is tested on both."""

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from risp.reference_impl.action import (
    ActionStream,
    AsyncActionStream,
    async_infer_actions,
    infer_actions,
)
from risp.reference_impl.action.transport import Network
from tests.scripted_server import ScriptedServer


class Patient:
    """A network whose sleeps pass at once and are recorded; its clock counts them."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.slept: list[float] = []
        self.connect = network.connect

    def now(self) -> float:
        return self._network.now() + sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Blocking:
    """Calls an asynchronous stream's methods to their end, one after the other, on one loop."""

    def __init__(self, stream: AsyncActionStream, runner: asyncio.Runner) -> None:
        self.stream = stream
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.stream, name)
        if not inspect.iscoroutinefunction(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            result = self._runner.run(found(*args, **kwargs))
            return self if result is self.stream else result

        return call

    def __enter__(self) -> "Blocking":
        self._runner.run(self.stream.__aenter__())
        return self

    def __exit__(self, *error: Any) -> None:
        self._runner.run(self.stream.__aexit__(*error))


class Skin:
    """One way to call the client. `stream` and `infer_actions` take the same parameters on both."""

    def __init__(self, runner: asyncio.Runner | None) -> None:
        self._runner = runner

    def stream(self, url: str | None = None, **members: Any) -> Any:
        members.setdefault("prompt", "p")
        members.setdefault("timeout", 5.0)
        members.setdefault("connect_retry_seconds", 0.0)
        if self._runner is None:
            return ActionStream(url=url, **members)
        return Blocking(AsyncActionStream(url=url, **members), self._runner)

    def patient(self, url: str, **members: Any) -> tuple[Any, Patient]:
        """A stream that does not really sleep, and the record of its sleeps."""
        stream = self.stream(url, **members)
        inner = stream if self._runner is None else stream.stream
        inner.network = Patient(inner.network)
        return stream, inner.network

    def infer_actions(self, *args: Any, **kwargs: Any) -> Any:
        if self._runner is None:
            return infer_actions(*args, **kwargs)
        return self._runner.run(async_infer_actions(*args, **kwargs))


@pytest.fixture(params=["sync", "async"])
def skin(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Skin]:
    for name in ("RISP_URL", "RISP_API_KEY", "RISP_CONNECT_RETRY_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    if request.param == "sync":
        yield Skin(None)
        return
    with asyncio.Runner() as runner:
        yield Skin(runner)


@pytest.fixture
def play(skin):
    """Open a stream against a server that opens, runs the script, and waits for the Close."""

    def run(script, use, ready=None, **members):
        def whole(peer):
            peer.open(**(ready or {}))
            script(peer)
            peer.until_closed()

        with ScriptedServer(whole) as server, skin.stream(server.url, **members) as stream:
            use(stream)
        return server

    return run
