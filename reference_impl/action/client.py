"""The client of the action profile: a stream of observations out, of action chunks back.

`ActionStream` blocks, `AsyncActionStream` awaits; both are the same `stream.Stream`, method for
method. One thread (or, for the twin, one sending and one receiving task) uses a stream at a time.
Pings are answered while it receives, as deployed clients do: nothing runs in the background.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from .books import Json
from .stream import Stream
from .transport import finish
from .transport_async import AsyncioNetwork
from .transport_sync import SocketNetwork

P = ParamSpec("P")
S = TypeVar("S", bound=Stream)
T = TypeVar("T")

DEFAULT_PROMPT = "do something"
"""What `infer_actions` asks for, if the observation does not say."""
_LIFTED = (
    "model",
    "lora",
    "robot",
    "action_adapter",
    "hz",
    "chunk_size",
    "max_gpu_seconds",
)


def _blocking(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[S, P], T]:
    """Give a method of the stream its blocking form, with its signature and documentation."""

    @functools.wraps(method)
    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return finish(method(self, *args, **kwargs))

    return call


class ActionStream(Stream):
    """A session over one blocking WebSocket; a context manager that opens and closes it.

    `timeout`, in seconds, bounds connecting and every wait for a frame; transient failures to
    connect are retried for `connect_retry_seconds` (90, or RISP_CONNECT_RETRY_SECONDS). `url` and
    `api_key` default to RISP_URL and RISP_API_KEY. With `queue="latest"` a server that can serves
    the newest observation only, and `dropped` lists the others. `capabilities` replaces what the
    stream says it understands. Raises ValueError or LocalProtocolError for what no server takes.
    """

    network = SocketNetwork()

    def open(self) -> Self:
        """Connect and wait for `session.ready`; returns the stream.

        Raises WebSocketHandshakeError, ServerError, ConnectionEnded, MalformedFrame, TimeoutError
        or another OSError, when it is final or the time for retries is over.
        """
        finish(self._open())
        return self

    close = _blocking(Stream._close)
    send_observation = _blocking(Stream._send_observation)
    send_observation_frame = _blocking(Stream._send_observation_frame)
    send_raw = _blocking(Stream._send_raw)
    recv_action = _blocking(Stream._recv_action)
    receive = _blocking(Stream._receive)
    infer_once = _blocking(Stream._infer_once)

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncActionStream(Stream):
    """The same session for asyncio: see `ActionStream`, and put `await` before its methods."""

    network = AsyncioNetwork()

    async def open(self) -> Self:
        """Connect and wait for `session.ready`; returns the stream. Raises as the other does."""
        await self._open()
        return self

    close = Stream._close
    send_observation = Stream._send_observation
    send_observation_frame = Stream._send_observation_frame
    send_raw = Stream._send_raw
    recv_action = Stream._recv_action
    receive = Stream._receive
    infer_once = Stream._infer_once

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def infer_actions(
    observation: Json,
    url: str | None = None,
    api_key: str | None = None,
    timeout: float = 30.0,
) -> Json:
    """Open a session for one observation; returns its chunk, with `actions` as a list of rows.

    Besides `state`, `images` and the like, `observation` may say which session is meant: `prompt`,
    `model`, `lora`, `robot`, `action_adapter`, `cameras`, `hz`, `chunk_size`, `max_gpu_seconds`.
    Raises as a stream's methods do.
    """
    wanted = _session(observation)
    # Who asks once waits no longer for a connection than for an answer.
    stream = ActionStream(
        url=url, api_key=api_key, timeout=timeout, connect_retry_seconds=timeout, **wanted
    )
    return stream.infer_once(observation)


async def async_infer_actions(
    observation: Json,
    url: str | None = None,
    api_key: str | None = None,
    timeout: float = 30.0,  # noqa: ASYNC109  # the blocking form's parameters, name for name
) -> Json:
    """Do what `infer_actions` does, for asyncio."""
    wanted = _session(observation)
    stream = AsyncActionStream(
        url=url, api_key=api_key, timeout=timeout, connect_retry_seconds=timeout, **wanted
    )
    return await stream.infer_once(observation)


def _session(observation: Mapping[str, Any]) -> Json:
    """What an observation says about the session that it wants."""
    lifted = {name: observation[name] for name in _LIFTED if observation.get(name) is not None}
    cameras = observation.get("cameras")
    if cameras is None:
        cameras = list(observation.get("images") or ())
    prompt = observation.get("prompt")
    return {"prompt": DEFAULT_PROMPT if prompt is None else prompt, "cameras": cameras, **lifted}
