"""A live server in the event loop of a test: it plays its part well, but where it is told not to.

HTTP is real, and so is WebRTC: `Answerer` is the model's end of a connection.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from risp.reference_impl.live.webrtc import close, own_tasks

SESSION = "sess-1"
KEY = "rk_scripted"
TRACKS = [
    {"name": "main_video", "kind": "video", "direction": "recvonly"},
    {"name": "webcam", "kind": "video", "direction": "sendonly"},
]
CAPABILITIES = {"protocol_version": "v0", "tracks": TRACKS, "commands": [], "emission_fps": 30}

HOSTED = ("token", "create", "poll", "ice_servers", "register", "offer", "answer")
"""The steps of `connect()` with a key, in order."""
LOCAL = ("start", "ice_servers", "register", "offer", "answer")
"""Those on one machine."""

Misdeed = Callable[["Scripted", web.Request], Awaitable[web.StreamResponse | None]]
"""What a server does in place of a good answer; None: answer well after all."""


@dataclass
class Asked:
    """A request as it came."""

    step: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    def json(self) -> Any:
        return json.loads(self.body)


class Answerer:
    """The model's end of one connection: it takes what comes, and says what it is told to."""

    def __init__(self, server: Scripted) -> None:
        self.server = server
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pc.on("datachannel", self._on_channel)
        self.channels: dict[str, Any] = {}
        self.messages: list[tuple[float, str, Any]] = []
        """When what came on which channel."""
        self.ordered: dict[str, tuple[bool, int | None, int | None]] = {}
        self.here = asyncio.Event()

    async def answer(self, sdp: str) -> str:
        """Answer an offer; only channels that are to open are taken."""
        await self.pc.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        for track in self.server.sends:
            self.pc.addTrack(track)
        sctp: Any = self.pc.sctp
        if sctp is not None and not self.server.reads:
            self._deafen(sctp)
        if sctp is not None and self.server.deaf_to:
            receive = sctp._data_channel_receive

            async def filtered(stream: int, kind: int, data: bytes) -> None:
                if not any(data.endswith(one.encode()) for one in self.server.deaf_to):
                    await receive(stream, kind, data)

            sctp._data_channel_receive = filtered
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        own_tasks(self.pc)
        return str(self.pc.localDescription.sdp)

    def _deafen(self, sctp: Any) -> None:
        """Read no message but the first few: a window that fills is the client's problem."""
        receive, left = sctp._receive_data_chunk, [40]

        async def ignored(chunk: Any) -> None:
            left[0] -= 1
            if left[0] > 0:
                await receive(chunk)

        sctp._receive_data_chunk = ignored

    def _on_channel(self, channel: Any) -> None:
        self.channels[channel.label] = channel
        self.ordered[channel.label] = (
            channel.ordered,
            channel.maxPacketLifeTime,
            channel.maxRetransmits,
        )

        def came(message: Any) -> None:
            tree = json.loads(message)
            self.messages.append((time.monotonic(), channel.label, tree))
            if tree.get("method") == "publish_track" and self.server.on_publish is not None:
                told = {"type": "response", "method": "publish_track"}
                told |= {"request_id": tree["request_id"], **self.server.on_publish}
                channel.send(json.dumps(told))

        channel.on("message", came)
        if set(self.channels) == self.server.labels:
            self.here.set()
            self.server.on_open(self)

    def say(self, message: Any, label: str = "data") -> None:
        """Send a message, as JSON if it is a dict."""
        self.channels[label].send(json.dumps(message) if isinstance(message, dict) else message)

    def tell(self, kind: str, data: Any = None, scope: str = "runtime") -> None:
        """Send a message of a type."""
        self.say({"scope": scope, "data": {"type": kind, "data": {} if data is None else data}})

    def said(self, kind: str) -> list[tuple[float, Any]]:
        """What came of a type (or an event, or a method), with its time."""
        found: list[tuple[float, Any]] = []
        for at, _, tree in self.messages:
            inner = tree.get("data", {})
            names = (inner.get("type"), tree.get("event"), tree.get("method"))
            if kind in names:
                found.append((at, inner.get("data") if "scope" in tree else inner))
        return found

    async def close(self) -> None:
        await close(self.pc)


class Scripted:
    """The server: `faults` says at which step it does what."""

    def __init__(self, faults: Mapping[str, Misdeed] | None = None) -> None:
        self.faults: dict[str, Misdeed] = {
            step: getattr(one, "fresh", lambda one=one: one)()
            for step, one in (faults or {}).items()
        }
        self.asked: list[Asked] = []
        self.peers: list[Answerer] = []
        self.deaf_to: tuple[str, ...] = ()
        """Channels that never open."""
        self.labels = {"control", "data"}
        """Channels that a client opens."""
        self.sends: list[Any] = []
        """Tracks of the model."""
        self.reads = True
        """Whether it takes what comes on the channels."""
        self._tasks: set[asyncio.Future[Any]] = set()
        self.on_open: Callable[[Answerer], None] = lambda _: None
        self.on_publish: dict[str, Any] | None = {"data": {}}
        self.answer: Callable[[str], str] = lambda sdp: sdp
        """What becomes of an answer before it is told."""
        self.descriptor: dict[str, Any] = {}
        """What is told of a session besides the usual."""
        self.ended = 0
        """Sessions that were ended."""
        self.tokens = 0
        self.url = ""
        self.over = asyncio.Event()
        self._answers: dict[str, str] = {}
        self._site: web.TCPSite | None = None
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Scripted:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await self._site.start()
        server: Any = self._site._server
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.over.set()
        for peer in self.peers:
            await peer.close()
        await asyncio.gather(*self._tasks)
        assert self._runner is not None
        await self._runner.cleanup()

    def later(self, what: Awaitable[Any]) -> None:
        """Do something as soon as what is being done is done."""
        self._tasks.add(asyncio.ensure_future(what))

    async def leave(self) -> None:
        """Listen no more; connections are refused from now on."""
        assert self._site is not None
        with suppress(RuntimeError):
            await self._site.stop()

    def steps(self) -> list[str]:
        """What was asked for, in order."""
        return [one.step for one in self.asked]

    def of(self, step: str) -> list[Asked]:
        return [one for one in self.asked if one.step == step]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        step = _step(request.method, request.path)
        body = await request.read()
        self.asked.append(Asked(step, request.method, request.path, request.headers.copy(), body))
        fault = self.faults.get(step)
        if fault is not None:
            answer = await fault(self, request)
            if answer is not None:
                return answer
        answer = await self._good(step, body)
        following = self._following(step)
        if self.faults.get(following) is gone:
            answer.force_close()
            await self.leave()
        return answer

    def _following(self, step: str) -> str:
        for way in (HOSTED, LOCAL):
            if step in way[:-1]:
                return way[way.index(step) + 1]
        return {"reserve": "put"}.get(step, "")

    async def _good(self, step: str, body: bytes) -> web.StreamResponse:
        match step:
            case "token":
                self.tokens += 1
                ends = time.time() + 3600
                return web.json_response({"jwt": f"token-{self.tokens}", "expires_at": ends})
            case "create":
                return web.json_response(self.told(False), status=201)
            case "start" | "look" | "poll":
                return web.json_response(self.told(True))
            case "ice_servers":
                return web.json_response({"ice_servers": []})
            case "register":
                return web.json_response({"connection_id": 5001}, status=201)
            case "offer":
                peer = Answerer(self)
                self.peers.append(peer)
                answer = self.answer(await peer.answer(json.loads(body)["sdp_offer"]))
                self._answers["newest"] = answer
                return web.json_response({"connection_id": 5001}, status=202)
            case "answer":
                told = {"sdp_answer": self._answers["newest"], "connection_id": 5001}
                return web.json_response(told)
            case "reserve":
                url = f"{self.url}/uploads/secret"
                told = {"presigned_id": "up-1", "presigned_url": url, "path": "x"}
                return web.json_response(told, status=201)
            case "put":
                return web.Response()
            case "end":
                self.ended += 1
                return web.Response(status=204)
        return web.json_response({"detail": "nothing is here", "code": "not_found"}, status=404)

    def told(self, is_there: bool) -> dict[str, Any]:
        """What a session is."""
        tree: dict[str, Any] = {
            "session_id": SESSION,
            "cluster": "test",
            "state": "ACTIVE" if is_there else "CREATED",
            "model": {"name": "probe"},
            "server_info": {"server_version": "test"},
            "resume_window_s": 30,
        }
        if is_there:
            tree["selected_transport"] = {"protocol": "webrtc", "version": "1.0"}
            tree["capabilities"] = CAPABILITIES
        return tree | self.descriptor


async def gone(server: Scripted, request: web.Request) -> web.StreamResponse | None:
    """The server is gone before this step: `Scripted` sees to that at the step before."""
    return None


def _step(method: str, path: str) -> str:
    """Which step a request is."""
    last = path.rsplit("/", 1)[-1]
    match method, last:
        case "POST", "tokens":
            return "token"
        case "POST", "sessions":
            return "create"
        case "POST", "start_session":
            return "start"
        case ("POST", "stop_session") | ("DELETE", _):
            return "end"
        case "GET", "session":
            return "look"
        case "GET", "ice_servers":
            return "ice_servers"
        case "POST", "connections":
            return "register"
        case "GET", "sdp_params":
            return "answer"
        case _, "sdp_params":
            return "offer"
        case "POST", "uploads":
            return "reserve"
        case "PUT", _:
            return "put"
        case "GET", _ if path.startswith("/sessions/") and path.count("/") == 2:
            return "poll"
    return "elsewhere"
