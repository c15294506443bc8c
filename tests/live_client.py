"""A client of the live profile for tests: it does what it is told, and no more."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

POLL_S = 0.02


class Link:
    """One connection to a session."""

    def __init__(self, http: httpx.AsyncClient, session: str, tracks: list[dict[str, str]]) -> None:
        self.http = http
        self.session = session
        self.base = f"/sessions/{session}/transport/webrtc"
        self.declared = [dict(track) for track in tracks]
        self.tracks = tracks
        self.id = 0
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channels: dict[str, Any] = {}
        self.messages: list[dict[str, Any]] = []
        """What came on `data`, parsed, in order."""
        self.controls: list[dict[str, Any]] = []
        self.frames = 0
        self.newest: Any = None
        """The newest frame, as aiortc decoded it."""
        self.times: list[float] = []
        """When each frame came."""
        self.closed = asyncio.Event()
        self._came = asyncio.Event()
        self._readers: list[asyncio.Task[None]] = []

    async def open(
        self,
        labels: tuple[str, ...] = ("control", "data"),
        *,
        method: str = "POST",
        flat: bool = False,
        connection: int | None = None,
        mapping: bool = True,
        publish: dict[str, MediaStreamTrack] | None = None,
        reorder: Callable[[list[dict[str, str]]], list[dict[str, str]]] = lambda tracks: tracks,
        resume: bool = True,
        within: float = 10.0,
    ) -> None:
        """Connect, and wait until `data` is open."""
        for label in labels:
            self._watch(label, self.pc.createDataChannel(label))
        self.pc.on("track", self._on_track)
        self.pc.on("connectionstatechange", self._on_state)
        order = reorder(self.tracks)
        for track in order:
            source = (publish or {}).get(track["name"])
            transceiver = self.pc.addTransceiver(
                source or track["kind"], direction=track["direction"]
            )
            track["_transceiver"] = transceiver  # type: ignore[assignment]
        await self.pc.setLocalDescription(await self.pc.createOffer())
        body: dict[str, Any] = {"sdp_offer": self.pc.localDescription.sdp}
        if mapping:
            body["track_mapping"] = [
                {
                    "mid": track["_transceiver"].mid,  # type: ignore[attr-defined]
                    **{k: track[k] for k in ("name", "kind", "direction")},
                }
                for track in order
            ]
        if flat:
            path = f"{self.base}/sdp_params"
        else:
            if connection is None:
                answer = await self.http.post(f"{self.base}/connections")
                assert answer.status_code == 201, answer.text
                connection = answer.json()["connection_id"]
            self.id = connection
            path = f"{self.base}/connections/{connection}/sdp_params"
        taken = await self.http.request(method, path, json=body)
        assert taken.status_code == 202, taken.text
        async with asyncio.timeout(within):
            while (answer := await self.http.get(path)).status_code == 202:
                await asyncio.sleep(POLL_S)
            assert answer.status_code == 200, answer.text
            description = RTCSessionDescription(answer.json()["sdp_answer"], "answer")
            await self.pc.setRemoteDescription(description)
            while "data" in labels and self.channels["data"].readyState != "open":
                await asyncio.sleep(0.005)
            while "control" in labels and self.channels["control"].readyState != "open":
                await asyncio.sleep(0.005)
        if resume and "control" in labels:
            for track in self.tracks:
                if track["direction"] == "recvonly":
                    self.notify("resume_track", track["name"])

    def _watch(self, label: str, channel: Any) -> None:
        self.channels[label] = channel

        def came(message: Any) -> None:
            (self.messages if label == "data" else self.controls).append(json.loads(message))
            self._came.set()

        channel.on("message", came)
        channel.on("close", self.closed.set)

    def _on_state(self) -> None:
        if self.pc.connectionState in ("closed", "failed"):
            self.closed.set()

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._readers.append(asyncio.ensure_future(self._read(track)))

    async def _read(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                self.newest = await track.recv()
                self.frames += 1
                self.times.append(time.monotonic())
                self._came.set()
        except MediaStreamError:
            pass

    # Saying and hearing

    def say(self, scope: str, kind: str, data: Any = None, **more: Any) -> None:
        """Send a message on `data`."""
        body = {"type": kind, "data": {} if data is None else data, **more}
        self.raw(json.dumps({"scope": scope, "data": body}))

    def raw(self, message: str | bytes, label: str = "data") -> None:
        self.channels[label].send(message)

    def notify(self, event: str, name: str) -> None:
        message = {"type": "notification", "event": event, "data": {"name": name}}
        self.raw(json.dumps(message), "control")

    async def publish(self, name: str, request_id: str = "ctrl_1") -> dict[str, Any]:
        """Ask to publish; returns the response."""
        request = {
            "type": "request",
            "method": "publish_track",
            "request_id": request_id,
            "data": {"name": name},
        }
        self.raw(json.dumps(request), "control")
        await self.until(lambda: bool(self.responses(request_id)))
        return self.responses(request_id)[-1]

    def responses(self, request_id: str) -> list[dict[str, Any]]:
        """What came on `control` with this id."""
        return [one for one in self.controls if one.get("request_id") == request_id]

    async def until(self, what: Callable[[], bool], within: float = 5.0) -> None:
        """Wait for something that a message or a frame brings about."""
        async with asyncio.timeout(within):
            while not what():
                self._came.clear()
                try:
                    async with asyncio.timeout(0.05):
                        await self._came.wait()
                except TimeoutError:
                    pass

    async def fenced(self) -> list[dict[str, Any]]:
        """What comes until all that was said is answered: the messages between, parsed."""
        start = len(self.messages)
        self.say("runtime", "requestSchema")
        await self.until(
            lambda: any(m["data"]["type"] == "modelSchema" for m in self.messages[start:])
        )
        came = self.messages[start:]
        return [m for m in came if m["data"]["type"] != "modelSchema"]

    async def ask(self, command: str, data: Any = None, **more: Any) -> list[dict[str, Any]]:
        """Send a command; returns all that comes until it is answered."""
        self.say("application", command, data, **more)
        return await self.fenced()

    async def state(self) -> dict[str, Any]:
        """The values of the public fields."""
        start = len(self.messages)
        self.say("runtime", "requestState")
        is_state = "modelState"
        await self.until(lambda: any(m["data"]["type"] == is_state for m in self.messages[start:]))
        found = next(m for m in self.messages[start:] if m["data"]["type"] == is_state)
        return dict(found["data"]["data"])

    def pixel(self, x: float = 0.25, y: float = 0.5) -> tuple[int, int, int]:
        """A pixel of the newest frame, by its place in it."""
        image = self.newest.to_ndarray(format="rgb24")
        height, width, _ = image.shape
        red, green, blue = image[int(y * height), int(x * width)]
        return int(red), int(green), int(blue)

    async def close(self) -> None:
        """Hang up."""
        await self.pc.close()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def vanish(self) -> None:
        """Stop sending without a word, as a killed process does."""
        for transport in {t.receiver.transport for t in self.pc.getTransceivers()}:
            await transport.transport._connection.close()


class Client:
    """A client of one server."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.links: list[Link] = []

    async def start(self) -> dict[str, Any]:
        """Start the local session; returns its descriptor."""
        answer = await self.http.post("/start_session", json={})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def stop(self) -> None:
        """End the local session."""
        answer = await self.http.post("/stop_session")
        assert answer.status_code in (200, 409), answer.text

    async def create(self, model: str = "probe", **more: Any) -> dict[str, Any]:
        """Create a session and poll it until it is active; returns its descriptor."""
        answer = await self.http.post("/sessions", json={"model": {"name": model}, **more})
        assert answer.status_code == 201, answer.text
        return await self.poll(answer.json()["session_id"])

    async def poll(self, session: str, within: float = 10.0) -> dict[str, Any]:
        """Look at a session until it has capabilities."""
        async with asyncio.timeout(within):
            while True:
                answer = await self.http.get(f"/sessions/{session}")
                assert answer.status_code == 200, answer.text
                if answer.json().get("capabilities"):
                    return dict(answer.json())
                await asyncio.sleep(POLL_S)

    def link(self, descriptor: dict[str, Any]) -> Link:
        """A connection that is not yet open."""
        tracks = [dict(track) for track in descriptor["capabilities"]["tracks"]]
        link = Link(self.http, descriptor["session_id"], tracks)
        self.links.append(link)
        return link


@asynccontextmanager
async def client(url: str, **headers: str) -> AsyncIterator[Client]:
    """A client; what it opened is closed."""
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as http:
        made = Client(http)
        try:
            yield made
        finally:
            await asyncio.gather(*(link.close() for link in made.links))
