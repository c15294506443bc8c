"""A server that shows all, and a way to meet it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.live_client import Client, Link, client
from tests.live_server import Running, serving

from .here import KEYS, Here, served

Scene = Callable[[Client, Link], Awaitable[None]]


@pytest.fixture(scope="session")
def probe() -> Iterator[Running]:
    """The probe model, in local mode."""
    with serving("--resume-window-s", "4") as server:
        yield server


@pytest.fixture
def meet(probe: Running) -> Callable[..., None]:
    """Hold a scene on a connection to a local session of its own."""

    async def hold(scene: Scene, **how: object) -> None:
        async with client(probe.url) as own:
            link = own.link(await own.start())
            try:
                await link.open(**how)  # type: ignore[arg-type]
                await scene(own, link)
            finally:
                await own.stop()

    return lambda scene, **how: asyncio.run(hold(scene, **how))


@pytest.fixture(scope="module")
def keyless() -> Iterator[Here]:
    """The toy in a thread of this process, without keys."""
    with served() as here:
        yield here


@pytest.fixture(scope="module")
def keyed() -> Iterator[Here]:
    """The same with keys."""
    with served(keys=KEYS) as here:
        yield here
