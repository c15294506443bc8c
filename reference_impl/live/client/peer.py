"""One WebRTC connection, from the client's side. aiortc is imported here and in `media`."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)

from risp.protocol.live import channel, control
from risp.protocol.live.bodies import TrackCapability
from risp.protocol.live.limits import MAX_MESSAGE_BYTES
from risp.protocol.live.signaling import IceServer, TrackMapping

from ..media import NewestFrame, read_frames
from ..webrtc import ENDED, close, own_tasks, packets
from .failures import Component, LiveError
from .source import Source

logger = logging.getLogger("risp.live.client")

FULL_BYTES = 1 << 20
"""With so many bytes on their way, a message waits until some have left."""
LOOK_S = 0.01
"""How often a full channel is looked at, in seconds: it has no event for all that is needed."""
FLUSH_S = 0.5
"""How long the last words may take to leave, in seconds."""
RECEIVES = "recvonly"
SENDS = "sendonly"

_ICE_URI = re.compile(
    r"(stuns?:[^?:]+(:\d{1,5})?|turns?:[^?:]+(:\d{1,5})?(\?transport=(udp|tcp))?)"
)
"""What aiortc can read of RFC 7064 and RFC 7065."""
_MAX_MESSAGE = re.compile(r"^a=max-message-size:([0-9]{1,15})\s*$", re.MULTILINE)


_LATE: set[asyncio.Task[None]] = set()
"""What closes connections behind the application's back."""


class Listener(Protocol):
    """Who hears of a connection."""

    def on_message(self, label: str, text: str | bytes) -> None:
        """A message has come on a channel."""
        ...

    def on_frame(self, name: str, frame: Any) -> None:
        """A frame has come: `(H, W, 3)` uint8 RGB."""
        ...

    def wants(self, name: str) -> bool:
        """Whether frames of a track are to be decoded."""
        ...

    def on_lost(self, why: str) -> None:
        """The connection has ended, and nobody asked for it."""
        ...


class ClientPeer:
    """A connection to a model."""

    def __init__(
        self,
        tracks: Sequence[TrackCapability],
        ice_servers: Sequence[IceServer],
        listener: Listener,
        *,
        labels: Sequence[str],
    ) -> None:
        # Without a configuration aiortc would ask a STUN server on the internet.
        configuration = RTCConfiguration(iceServers=[_ice(one) for one in ice_servers])
        self._pc = RTCPeerConnection(configuration)
        self._listener = listener
        self._is_over = False
        self._opened = asyncio.Event()
        self._failed: str | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._max_bytes = MAX_MESSAGE_BYTES
        self._tracks = tuple(tracks)
        self._transceivers: dict[str, RTCRtpTransceiver] = {}
        self._sources: dict[str, Source] = {}
        self._gathering: asyncio.Future[None] | None = None
        self.remote: dict[str, NewestFrame] = {}
        """What the model sends, by name."""
        # `control` first, as deployed clients do it.
        self._channels: dict[str, RTCDataChannel] = {}
        for label in labels:
            self._channels[label] = self._watched(self._pc.createDataChannel(label))
        for track in tracks:
            self._transceivers[track.name] = self._pc.addTransceiver(
                track.kind, direction=track.direction
            )
        self._pc.on("connectionstatechange", self._on_state)

    async def offer(self) -> tuple[str, list[TrackMapping]]:
        """Make the offer: SDP, and which of its sections is which track (L-CLIENT-5).

        Raises LiveError: `bad_answer` for ICE servers with which none can be made.
        """
        try:
            offer = await self._pc.createOffer()
            self._gathering = asyncio.ensure_future(self._pc.setLocalDescription(offer))
            await asyncio.shield(self._gathering)
        except Exception as error:
            reason = str(error) or type(error).__name__
            message = f"no offer can be made with these ICE servers: {reason}"
            raise LiveError("bad_answer", message) from error
        mapping = [
            TrackMapping(
                mid=str(self._transceivers[track.name].mid),
                name=track.name,
                kind=track.kind,
                direction=track.direction,
            )
            for track in self._tracks
        ]
        return str(self._pc.localDescription.sdp), mapping

    async def take(self, answer: str) -> None:
        """Take the answer. Raises LiveError: `bad_answer` for one that cannot be used."""
        try:
            await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        except Exception as error:  # aiortc raises whatever its parser stumbles over
            logger.info("the answer cannot be used", exc_info=True)
            reason = str(error) or type(error).__name__
            raise LiveError("bad_answer", f"the SDP answer cannot be used: {reason}") from error
        own_tasks(self._pc)
        found = _MAX_MESSAGE.search(answer)
        if found and int(found[1]) > 0:  # 0: as large as one likes (RFC 8841, 6)
            self._max_bytes = min(MAX_MESSAGE_BYTES, int(found[1]))
        for track in self._tracks:
            if track.direction == RECEIVES:
                self._read(track.name, self._transceivers[track.name])

    def _read(self, name: str, transceiver: RTCRtpTransceiver) -> None:
        source: Any = transceiver.receiver.track
        if source is None or transceiver.currentDirection == "inactive":
            return
        shown = NewestFrame()
        if source.kind == "video":  # sound is read as well, since aiortc would pile it up
            self.remote[name] = shown
        reading = read_frames(
            source,
            lambda: self._listener.wants(name),
            lambda frame: self._listener.on_frame(name, frame),
            shown.show,
        )
        self._readers.append(asyncio.create_task(reading))

    async def opened(self, within: float) -> None:
        """Wait until all channels are open. Raises LiveError."""
        try:
            async with asyncio.timeout(within):
                await self._opened.wait()
        except TimeoutError:
            closed = [k for k, one in self._channels.items() if one.readyState != "open"]
            message = (
                f"{' and '.join(closed)} not open within {within:g} s; the connection is "
                f"{self._pc.connectionState}. Look whether UDP gets through."
            )
            raise LiveError("channel_timed_out", message) from None
        if self._failed is not None:
            raise LiveError("channel_timed_out", self._failed)

    def has(self, label: str) -> bool:
        """Whether messages can be sent on a channel."""
        found = self._channels.get(label)
        return found is not None and found.readyState == "open"

    async def send(self, label: str, text: str, within: float) -> None:
        """Send a message; where too much is on its way already, wait. Raises LiveError."""
        size = len(text.encode())
        if size > self._max_bytes:
            message = f"{size} bytes are more than the {self._max_bytes} that `{label}` takes"
            raise LiveError("message_too_large", message, component=Component.APPLICATION)
        found = self._channels[label]
        try:
            async with asyncio.timeout(within):
                while found.readyState == "open" and found.bufferedAmount > FULL_BYTES:  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            message = f"`{label}` has been full for {within:g} s"
            raise LiveError("timed_out", message) from None
        if found.readyState != "open":
            raise LiveError("connection_lost", f"`{label}` is closed. Call reconnect().")
        found.send(text)

    def publish(self, name: str, track: MediaStreamTrack | None) -> None:
        """Send a track in a section of the offer; None: no more."""
        if name not in self._sources:
            if track is None:
                return
            made = self._sources[name] = Source(track.kind)
            self._transceivers[name].sender.replaceTrack(made)
        self._sources[name].show(track)

    async def flush(self) -> None:
        """Wait until all messages have left, but not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                while any(  # noqa: ASYNC110  # there is no event for an empty channel
                    one.bufferedAmount for one in self._channels.values()
                ):
                    await asyncio.sleep(LOOK_S)

    async def packets(self) -> int:
        """How many packets have come."""
        return await packets(self._pc)

    async def close(self) -> None:
        """End the connection and free all of it."""
        self._is_over = True
        self._pc.remove_all_listeners()
        for one in self._channels.values():
            one.remove_all_listeners()
        if self._gathering is not None and not self._gathering.done():
            # aioice frees what it asks ICE servers with only if it is let end, in five seconds.
            late = asyncio.create_task(self._close_late(self._gathering))
            _LATE.add(late)
            late.add_done_callback(_LATE.discard)
            return
        for track in self.remote.values():
            track.stop()
        await close(self._pc)
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _close_late(self, gathering: asyncio.Future[None]) -> None:
        try:
            await asyncio.gather(gathering, return_exceptions=True)
        finally:  # also where the event loop ends first
            await close(self._pc)

    def _watched(self, made: RTCDataChannel) -> RTCDataChannel:
        label = made.label

        def came(text: str | bytes) -> None:
            if not self._is_over:
                self._guarded(lambda: self._listener.on_message(label, text))

        made.on("message", came)
        made.on("open", self._on_open)
        made.on("close", lambda: self._end(f"the server has closed the channel `{label}`"))
        return made

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:  # raised into aiortc, it would be the connection's silent end
            logger.exception("a message could not be taken")

    def _on_open(self) -> None:
        if all(one.readyState == "open" for one in self._channels.values()):
            self._opened.set()

    def _on_state(self) -> None:
        if self._pc.connectionState in ENDED:
            self._end(f"the connection is {self._pc.connectionState}")

    def _end(self, why: str) -> None:
        if self._is_over:
            return
        self._is_over = True
        if not self._opened.is_set():
            self._failed = why
            self._opened.set()
            return
        self._guarded(lambda: self._listener.on_lost(why))


DATA = channel.LABEL
CONTROL = control.LABEL


def _ice(server: IceServer) -> RTCIceServer:
    given = server.credentials
    for uri in server.uris:
        if not _ICE_URI.fullmatch(uri):
            logger.warning("an ICE server that cannot be used is left out: %r", uri[:80])
    return RTCIceServer(
        urls=[uri for uri in server.uris if _ICE_URI.fullmatch(uri)],
        username=given.username if given else None,
        credential=given.password if given else None,
    )
