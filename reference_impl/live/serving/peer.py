"""One WebRTC connection, from an offer to its end. aiortc is imported here, and nowhere before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCIceCandidate,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidStateError

from risp.protocol.live.model import Direction

from ..media import read_frames
from ..webrtc import ENDED, close, packets
from .offers import MAX_CANDIDATES, Read
from .tracks import OutTrack

logger = logging.getLogger("risp.live")

TOO_MUCH = 8 << 20
"""Bytes that a client may leave unread on a channel before it is cut off."""
HOARDED = 3 << 20
"""Bytes of unfinished messages, beyond aiortc's window of 1 MiB, at which a client is cut off.

aiortc looks through all of them at each packet, and joins messages of any length.
"""
FLUSH_S = 0.5
"""How long the last words may take to be sent, in seconds."""


class Listener(Protocol):
    """Who hears of a connection."""

    def on_open(self, label: str) -> None:
        """A channel is open."""
        ...

    def on_message(self, label: str, message: str | bytes) -> None:
        """A message has come on a channel."""
        ...

    def on_frame(self, track: str, frame: Any) -> None:
        """A frame has come: `(H, W, 3)` uint8 RGB."""
        ...

    def wants(self, track: str) -> bool:
        """Whether frames of an input are to be handed over."""
        ...

    def on_gone(self) -> None:
        """The connection has ended."""
        ...


class Peer:
    """A connection to one client; each new offer makes a new one."""

    def __init__(self, listener: Listener, ice_servers: Sequence[str]) -> None:
        servers = [RTCIceServer(urls=[url]) for url in ice_servers]
        # Without a configuration aiortc would ask a STUN server on the internet.
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._listener = listener
        self._channels: dict[str, RTCDataChannel] = {}
        self._readers: list[asyncio.Task[None]] = []
        self._primary: str | None = None
        self._added = 0
        self._is_over = False
        self.outputs: dict[str, OutTrack] = {}
        """The outputs that the offer asks for, by name."""
        self.inputs: set[str] = set()
        """The inputs that the offer has, by name."""
        self._pc.on("datachannel", self._on_channel)
        self._pc.on("connectionstatechange", self._on_state)

    async def answer(self, offer: Read, paused: bool) -> str:
        """Answer the offer; returns SDP. Raises whatever aiortc does for what it cannot answer."""
        description = RTCSessionDescription(offer.sdp, "offer")
        await self._pc.setRemoteDescription(description)
        self._primary = offer.primary
        for transceiver in self._pc.getTransceivers():
            section = offer.sections.get(transceiver.mid or "")
            if section is None:
                transceiver.direction = "inactive"
            elif section.track.direction is Direction.OUT:
                track = self.outputs[section.track.name] = OutTrack(section.track, paused)
                transceiver.sender.replaceTrack(track)
                transceiver.direction = "sendonly"
            else:
                transceiver.direction = "recvonly"
                self._read(section.track.name, transceiver.receiver.track)
        answer = await self._pc.createAnswer()
        await self._pc.setLocalDescription(answer)
        return str(self._pc.localDescription.sdp)

    def _read(self, name: str, track: Any) -> None:
        if track is None:
            return  # the section is there, but not to send
        self.inputs.add(name)
        reading = read_frames(
            track,
            lambda: self._listener.wants(name),
            lambda frame: self._listener.on_frame(name, frame),
        )
        self._readers.append(asyncio.create_task(reading))

    async def add(self, candidate: RTCIceCandidate) -> None:
        """Take a candidate; one that does not fit the offer, or one too many, is passed over."""
        if self._added >= MAX_CANDIDATES:
            return
        self._added += 1
        if self._primary is not None:
            candidate.sdpMid, candidate.sdpMLineIndex = self._primary, None
        with suppress(ValueError, InvalidStateError):
            await self._pc.addIceCandidate(candidate)

    def is_open(self, label: str) -> bool:
        """Whether messages can be sent on a channel."""
        channel = self._channels.get(label)
        return channel is not None and channel.readyState == "open"

    def send(self, label: str, text: str) -> None:
        """Send a message, if the channel is open; a client that does not read is cut off."""
        channel = self._channels.get(label)
        if channel is None or channel.readyState != "open":
            return
        if channel.bufferedAmount > TOO_MUCH:
            logger.warning("a client does not read its messages, and is cut off")
            self._gone()
            return
        with suppress(InvalidStateError):
            channel.send(text)

    def hoards(self) -> bool:
        """Whether a client sends a message that does not end."""
        room: int = getattr(self._pc.sctp, "_advertised_rwnd", 0)  # aiortc tells it to nobody else
        return room < -HOARDED

    async def packets(self) -> int:
        """How many packets have come so far; those of ICE do not count."""
        return await packets(self._pc)

    async def flush(self) -> None:
        """Wait until all messages are sent, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                while any(  # noqa: ASYNC110  # there is no event for an empty channel
                    c.bufferedAmount for c in self._channels.values() if c.readyState == "open"
                ):
                    await asyncio.sleep(0.01)

    async def close(self) -> None:
        """End the connection and free all of it."""
        self._is_over = True
        for track in self.outputs.values():
            track.stop()
        await close(self._pc)
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)
        self._pc.remove_all_listeners()
        for channel in self._channels.values():
            channel.remove_all_listeners()

    def _on_channel(self, channel: RTCDataChannel) -> None:
        label = channel.label
        if label in self._channels or label not in ("data", "control"):
            return
        self._channels[label] = channel

        def came(message: str | bytes) -> None:
            self._on_message(label, message)

        channel.on("message", came)
        if label == "data":
            channel.on("close", self._gone)
        self._listener.on_open(label)

    def _on_message(self, label: str, message: str | bytes) -> None:
        if self._is_over:
            return
        try:
            self._listener.on_message(label, message)
        except Exception:  # raised into aiortc, it would be the connection's silent end (L-CHAN-9)
            logger.exception("a message could not be taken")

    def _on_state(self) -> None:
        if self._pc.connectionState in ENDED:
            self._gone()

    def _gone(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._listener.on_gone()
