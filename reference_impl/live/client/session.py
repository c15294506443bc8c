"""A session as its client sees it: begun, looked at, come back to, ended; hosted or local."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import ValidationError

from risp.protocol.live.bodies import (
    ClientInfo,
    ModelChoice,
    SessionRequest,
    StartRequest,
    TrackCapability,
    Transport,
)
from risp.protocol.live.codes import HTTP_CODES
from risp.protocol.live.http import (
    CREATE_SESSION,
    END_SESSION,
    GET_LOCAL,
    GET_SESSION,
    START_LOCAL,
    STOP_LOCAL,
)
from risp.protocol.live.limits import WEBRTC_VERSION
from risp.protocol.live.session import HOSTED, LOCAL, State
from risp.protocol.version import PROTOCOL_VERSION

from .api import Api, bad_answer, number_of, object_of, text_of
from .failures import Component, LiveError, refused
from .timeouts import Timeouts, polls

OVER = frozenset({HOSTED[State.CLOSED], "INACTIVE", LOCAL[State.CLOSED], "closing"})
"""The states, on both wires, from which a session does not come back."""
CLIENT_INFO = ClientInfo(sdk_version=PROTOCOL_VERSION, sdk_type="python")
"""Who asks."""
MAX_TRACKS = 64
"""A model of more tracks than this is none that can be connected to."""
BUSY_POLL_S = 0.1
"""A local session that is just ending is looked at so often, in seconds."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A session that can be connected to."""

    session_id: str
    tracks: tuple[TrackCapability, ...]
    """In the order of the capabilities, which is that of the offer."""
    tree: dict[str, Any]
    """The whole answer, as it came."""

    @property
    def capabilities(self) -> dict[str, Any]:
        """What the model offers, as it came."""
        found: dict[str, Any] = self.tree["capabilities"]
        return found

    @property
    def expires_at(self) -> float | None:
        """When the session ends at the latest, in Unix seconds."""
        found = number_of(self.tree.get("expires_at"), math.inf)
        return found if math.isfinite(found) else None

    @classmethod
    def of(cls, tree: dict[str, Any], what: str) -> Descriptor | None:
        """Read a descriptor; None while it names no way to connect. Raises LiveError."""
        session_id = text_of(tree, "session_id", what)
        if not (tree.get("selected_transport") and tree.get("capabilities")):
            return None
        given: Any = object_of(tree, "capabilities", what).get("tracks")
        if not isinstance(given, list):
            raise bad_answer(what, "/capabilities/tracks", "a list")
        listed: list[Any] = given  # pyright: ignore[reportUnknownVariableType]
        if len(listed) > MAX_TRACKS:
            raise bad_answer(what, "/capabilities/tracks", f"at most {MAX_TRACKS} tracks")
        try:
            tracks = tuple(TrackCapability.model_validate(one) for one in listed)
        except ValidationError:
            raise bad_answer(
                what, "/capabilities/tracks", "a name, kind and direction for each track"
            ) from None
        if len({track.name for track in tracks}) != len(tracks):
            raise bad_answer(what, "/capabilities/tracks", "a name of its own for each track")
        return cls(session_id, tracks, tree)


class Sessions(Protocol):
    """How sessions are had from a server."""

    async def begin(self) -> str:
        """Ask for a session; returns its id. Raises LiveError."""
        ...

    async def reach(self, session_id: str) -> Descriptor:
        """Wait until the session can be connected to. Raises LiveError."""
        ...

    async def back(self, session_id: str) -> Descriptor:
        """Look at a session to come back to. Raises LiveError: `session_ended` where it is over."""
        ...

    async def end(self, session_id: str) -> None:
        """End it. Raises LiveError."""
        ...


class Hosted:
    """Sessions of a server that has many."""

    def __init__(self, api: Api, model: str, timeouts: Timeouts) -> None:
        self._api = api
        self._model = model
        self._timeouts = timeouts

    async def begin(self) -> str:
        """Create a session."""
        request = SessionRequest(
            model=ModelChoice(name=self._model),
            client_info=CLIENT_INFO,
            supported_transports=[Transport(protocol="webrtc", version=WEBRTC_VERSION)],
        )
        _, tree = await self._api.call(CREATE_SESSION, request)
        return text_of(tree, "session_id", f"{CREATE_SESSION.move}")

    async def reach(self, session_id: str) -> Descriptor:
        """Poll it until it has a place."""
        return await _reached(lambda: self._look(session_id), self._timeouts.place_s)

    async def back(self, session_id: str) -> Descriptor:
        """Look at it; one that waits for a place is waited for."""
        try:
            return await self.reach(session_id)
        except LiveError as error:
            if error.status == 404:
                raise _over("the server does not know it any more") from error
            raise

    async def end(self, session_id: str) -> None:
        """Delete it; one that is unknown is over already."""
        try:
            await self._api.call(END_SESSION, session_id=session_id)
        except LiveError as error:
            if error.status != 404:
                raise

    async def _look(self, session_id: str) -> Descriptor | None:
        _, tree = await self._api.call(GET_SESSION, session_id=session_id)
        if _state(tree) in OVER:
            raise _over(f"the server says {_state(tree)}")
        found = Descriptor.of(tree, f"{GET_SESSION.move}")
        if found is not None and found.session_id != session_id:
            raise bad_answer(f"{GET_SESSION.move}", "/session_id", "the session that was asked for")
        return found


class Local:
    """The one session of a server on this machine."""

    def __init__(self, api: Api, timeouts: Timeouts) -> None:
        self._api = api
        self._timeouts = timeouts
        self._begun: Descriptor | None = None

    async def begin(self) -> str:
        """Start it; where another one is just ending, its end is waited for."""
        end = asyncio.get_running_loop().time() + self._timeouts.busy_s
        while True:
            try:
                _, tree = await self._api.call(START_LOCAL, StartRequest())
                break
            except LiveError as error:
                wait = max(BUSY_POLL_S, error.retry_after or 0.0)  # L-CLIENT-9
                if error.status != 409:
                    raise
                if asyncio.get_running_loop().time() + wait > end:
                    raise _busy(error) from error
            await asyncio.sleep(wait)
        self._begun = Descriptor.of(tree, f"{START_LOCAL.move}")
        return text_of(tree, "session_id", f"{START_LOCAL.move}")

    async def reach(self, session_id: str) -> Descriptor:
        """What starting it has told, or what it tells once the model is there."""
        if self._begun is not None:
            return self._begun
        return await _reached(lambda: self._look(session_id), self._timeouts.place_s)

    async def back(self, session_id: str) -> Descriptor:
        """Look whether it is still the same."""
        found = await self._look(session_id)
        if found is None:
            raise _over("the server has no session that can be connected to")
        return found

    async def end(self, session_id: str) -> None:
        """Stop it; where there is none, or only somebody else's, nothing is to be done."""
        try:
            _, tree = await self._api.call(GET_LOCAL)
            if tree.get("session_id") == session_id:
                await self._api.call(STOP_LOCAL)
        except LiveError as error:
            if error.status not in (404, 409):
                raise

    async def _look(self, session_id: str) -> Descriptor | None:
        _, tree = await self._api.call(GET_LOCAL)
        state = _state(tree)
        if tree.get("session_id") != session_id or state in OVER or state == LOCAL[State.CREATED]:
            raise _over("the server has another session, or none")
        return Descriptor.of(tree, f"{GET_LOCAL.move}")


async def _reached(look: Callable[[], Awaitable[Descriptor | None]], within: float) -> Descriptor:
    try:
        async with asyncio.timeout(within):
            async for _ in polls():
                found = await look()
                if found is not None:
                    return found
    except TimeoutError:
        pass
    message = f"no place for the session within {within:g} s. Try again later."
    raise LiveError("no_place", message, component=Component.API)


def _state(tree: dict[str, Any]) -> str:
    found = tree.get("state")
    return found if isinstance(found, str) else ""


def _busy(error: LiveError) -> LiveError:
    """The same, with a code and a remedy where the server has told none."""
    if error.code in HTTP_CODES:
        return error
    return refused(409, {"code": "session_running", "detail": error.message}, {}, "connect()")


def _over(why: str) -> LiveError:
    return LiveError(
        "session_ended",
        f"the session is over: {why}. Begin a new one with connect().",
        component=Component.API,
    )
