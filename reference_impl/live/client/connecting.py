"""The way from a session to a connection: ICE servers, registration, offer, answer, channels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from risp.protocol.live.http import (
    CREATE_CONNECTION,
    FLAT_GET_ANSWER,
    FLAT_MAKE_OFFER,
    FLAT_REPLACE_OFFER,
    GET_ANSWER,
    GET_ICE_SERVERS,
    MAKE_OFFER,
    REPLACE_OFFER,
)
from risp.protocol.live.limits import GREATEST_CONNECTION, LEAST_CONNECTION
from risp.protocol.live.signaling import IceServer, IceServers, Offer

from .api import Api, bad_answer, text_of
from .failures import GONE, LiveError
from .peer import CONTROL, DATA, ClientPeer, Listener
from .session import CLIENT_INFO, Descriptor
from .timeouts import Timeouts, polls

ANSWERED = 200


@dataclass(frozen=True, slots=True)
class Route:
    """Where the offer of one connection goes."""

    is_flat: bool
    parameters: dict[str, str | int]
    """Of the path."""


async def connected(
    api: Api,
    descriptor: Descriptor,
    listener: Listener,
    timeouts: Timeouts,
    *,
    again: bool,
    flat: bool | None,
) -> tuple[ClientPeer, bool]:
    """Connect to a session; returns the connection, and whether its routes are the flat ones.

    `again`: the session was connected to before. Raises LiveError; nothing is left open then.
    """
    ice_servers = await _ice_servers(api, descriptor.session_id)
    route = await _registered(api, descriptor.session_id, flat)
    labels = (DATA,) if route.is_flat else (CONTROL, DATA)
    peer = ClientPeer(descriptor.tracks, ice_servers, listener, labels=labels)
    try:
        answer = await _answered(api, peer, route, timeouts, again)
        async with _within(timeouts.open_s, "the answer could not be taken"):
            await peer.take(answer)
        await peer.opened(timeouts.open_s)
    except BaseException:
        await peer.close()
        raise
    return peer, route.is_flat


@asynccontextmanager
async def _within(seconds: float, what: str) -> AsyncGenerator[None]:
    """Names are looked up and servers asked in aiortc, with no clock of its own for all of it."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise LiveError("channel_timed_out", f"{what} within {seconds:g} s") from None


async def _ice_servers(api: Api, session_id: str) -> list[IceServer]:
    try:
        _, tree = await api.call(GET_ICE_SERVERS, session_id=session_id)
    except LiveError as error:
        if error.status in (404, 405) and error.code not in GONE:
            return []  # an older server, which has none to tell of
        raise
    try:
        return IceServers.model_validate(tree).ice_servers
    except ValidationError:
        raise bad_answer(f"{GET_ICE_SERVERS.move}", "/ice_servers", "a list of servers") from None


async def _registered(api: Api, session_id: str, flat: bool | None) -> Route:
    """Register a connection; a server that knows no such route has only the flat ones."""
    parameters: dict[str, str | int] = {"session_id": session_id}
    if flat:
        return Route(True, parameters)
    try:
        _, tree = await api.call(CREATE_CONNECTION, session_id=session_id)
    except LiveError as error:
        if flat is None and error.status in (404, 405) and error.code not in GONE:
            return Route(True, parameters)
        raise
    number: Any = tree.get("connection_id")
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise bad_answer(f"{CREATE_CONNECTION.move}", "/connection_id", "a number")
    # The bounds come first: an infinite number is no integer's.
    if not LEAST_CONNECTION <= number <= GREATEST_CONNECTION or number != int(number):
        due = f"an integer from {LEAST_CONNECTION} to {GREATEST_CONNECTION}"
        raise bad_answer(f"{CREATE_CONNECTION.move}", "/connection_id", due)
    return Route(False, {**parameters, "connection_id": int(number)})


async def _answered(
    api: Api, peer: ClientPeer, route: Route, timeouts: Timeouts, again: bool
) -> str:
    """Make the offer, and poll for its answer."""
    make, replace = (
        (FLAT_MAKE_OFFER, FLAT_REPLACE_OFFER) if route.is_flat else (MAKE_OFFER, REPLACE_OFFER)
    )
    ask = FLAT_GET_ANSWER if route.is_flat else GET_ANSWER
    async with _within(timeouts.open_s, "the ICE servers have not answered"):
        sdp, mapping = await peer.offer()
    offer = Offer(sdp_offer=sdp, client_info=CLIENT_INFO, track_mapping=mapping)
    # Deployed clients come back with PUT, and on the flat routes it tells a server to start anew.
    await api.call(replace if again else make, offer, **route.parameters)
    within = timeouts.answer_s
    try:
        async with asyncio.timeout(within):
            async for _ in polls():
                status, tree = await api.call(ask, **route.parameters)
                if status == ANSWERED:
                    return text_of(tree, "sdp_answer", f"{ask.move}")
    except TimeoutError:
        pass
    raise LiveError("no_answer", f"no answer to the offer within {within:g} s. Try again.")
