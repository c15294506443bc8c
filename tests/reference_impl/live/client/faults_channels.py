"""Faults in WebRTC and on the channels."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from risp.reference_impl.live.client import Timeouts
from tests.reference_impl.live.deployed import Green

from .faults_http import connects
from .playing import LOST, READY, Row, Scene
from .scripted import Answerer, Scripted

OPEN = {"timeouts": Timeouts(open_s=0.6, close_s=1.0), "bounds": ("open_s",)}
CONNECTION = {"component": "connection"}
TOLD: dict[str, Any] = {"how": "told", "statuses": READY, "keeps": True}


def _answers() -> Iterator[Row]:
    """Answers to the offer that lead nowhere."""

    def no_media(sdp: str) -> str:
        return sdp.partition("m=")[0]

    def one_section(sdp: str) -> str:
        return "m=".join(sdp.split("m=")[:2])

    def other_mids(sdp: str) -> str:
        return re.sub(r"a=mid:(\d)", r"a=mid:9\1", sdp).replace("BUNDLE 0 1 2", "BUNDLE 90 91 92")

    bad: dict[str, Callable[[str], str]] = {
        "an answer that is not SDP": lambda _: "garbage",
        "an answer of one line": lambda _: "v=0\r\n",
        "an answer with no media": no_media,
        "an answer with a section too few": one_section,
        "an answer with other mids": other_mids,
        "an answer without ICE": lambda sdp: re.sub(r"a=ice-(ufrag|pwd).*\r\n", "", sdp),
        "an answer with broken candidates": lambda sdp: re.sub(
            r"a=candidate:.*", "a=candidate:x", sdp
        ),
        "an answer with only NULs": lambda _: "\0" * 1000,
        "an answer that is an offer": lambda sdp: sdp.replace("a=setup:active", "a=setup:actpass"),
    }
    for fault, change in bad.items():
        yield Row(
            fault=fault,
            step="answer",
            act=connects,
            prepare=changing(change),
            code="bad_answer",
            **CONNECTION,
        )
    late: dict[str, Callable[[str], str]] = {
        "an answer that leads nowhere": lambda sdp: re.sub(r"a=candidate.*\r\n", "", sdp),
        "an answer without a fingerprint": lambda sdp: re.sub(r"a=fingerprint.*\r\n", "", sdp),
        "a wrong ICE password": lambda sdp: re.sub(r"a=ice-pwd:....", "a=ice-pwd:AAAA", sdp),
        "a wrong fingerprint": lambda sdp: re.sub(r"(a=fingerprint:sha-\d+ )..", r"\g<1>00", sdp),
        "names to look up without an end": lambda sdp: re.sub(
            r"(a=candidate:\S+ \d \S+ \d+) \S+", r"\1 0123-4567.local", sdp
        ),
    }
    for fault, change in late.items():
        yield Row(
            fault=fault,
            step="answer",
            act=connects,
            prepare=changing(change),
            code="channel_timed_out",
            recoverable=True,
            **CONNECTION,
            **OPEN,
        )


def changing(change: Callable[[str], str]) -> Callable[[Scripted], None]:
    return lambda server: setattr(server, "answer", change)


def _opening() -> Iterator[Row]:
    for deaf in (("data",), ("control",), ("data", "control")):
        yield Row(
            fault=f"{' and '.join(deaf)} never opens",
            step="channels",
            act=connects,
            prepare=lambda server, deaf=deaf: setattr(server, "deaf_to", deaf),
            code="channel_timed_out",
            recoverable=True,
            **CONNECTION,
            **OPEN,
        )

    def ends_early(server: Scripted) -> None:
        server.deaf_to, server.labels = ("control",), {"data"}
        server.on_open = lambda peer: peer.tell("sessionEnded", {"reason": "maintenance"})

    yield Row(
        fault="sessionEnded before READY",
        step="channels",
        act=connects,
        prepare=ends_early,
        code="session_ended",
        **CONNECTION,
        **OPEN,
    )

    def hangs_up(server: Scripted) -> None:
        server.deaf_to, server.labels = ("control",), {"data"}
        server.on_open = lambda peer: server.later(peer.close())

    yield Row(
        fault="the server hangs up before READY",
        step="channels",
        act=connects,
        prepare=hangs_up,
        code="channel_timed_out",
        recoverable=True,
        **CONNECTION,
        **OPEN,
    )


def _told(act: Callable[[Scene, Answerer], Any]) -> Callable[[Scene], Awaitable[None]]:
    """Connect, have the server do something, and wait until an error is told."""

    async def meet(scene: Scene) -> None:
        peer = await scene.ready()
        result = act(scene, peer)
        if asyncio.iscoroutine(result):
            await result
        await scene.until(lambda: scene.told)

    return meet


async def _vanishes(scene: Scene, peer: Answerer) -> None:
    for transport in {one.receiver.transport for one in peer.pc.getTransceivers()}:
        await transport.transport._connection.close()


def _losing() -> Iterator[Row]:
    """While READY."""
    lost: dict[str, Any] = {
        "code": "connection_lost",
        "recoverable": True,
        "how": "told",
        "statuses": LOST,
        "keeps": True,
        **CONNECTION,
    }
    yield Row(fault="the server hangs up", step="READY", act=_told(lambda s, p: p.close()), **lost)
    for label in ("data", "control"):
        yield Row(
            fault=f"the server closes {label}",
            step="READY",
            act=_told(lambda s, p, label=label: p.channels[label].close()),
            **lost,
        )
    yield Row(
        fault="the server falls silent",
        step="READY",
        act=_told(_vanishes),
        timeouts=Timeouts(silence_s=2, close_s=1.0),
        bounds=("silence_s",),
        **lost,
    )
    for data in ({"reason": "maintenance"}, {}, None, 5, [1], {"reason": 7}):
        yield Row(
            fault=f"sessionEnded {data}",
            step="READY",
            act=_told(lambda s, p, data=data: p.say(_runtime("sessionEnded", data))),
            code="session_ended",
            how="told",
            statuses=LOST,
            ends=False,
            **CONNECTION,
        )
    whole = {"command": "a", "code": "invalid_command", "message": "b: 5 > le(2)", "param": "b"}
    for data in (whole, {}, None, [1], {"code": 5, "message": None}):
        yield Row(
            fault="a command is refused" if data is whole else f"commandRejected {data}",
            step="READY",
            act=_told(lambda s, p, data=data: p.say(_runtime("commandRejected", data))),
            code="invalid_command",
            component="model",
            **TOLD,
        )


def _runtime(kind: str, data: Any) -> dict[str, Any]:
    return {"scope": "runtime", "data": {"type": kind, "data": data}}


STRANGE: dict[str, Any] = {
    "a message that is not JSON": "garbage",
    "an empty message": "",
    "a message of bytes": b"\x00\xff\x80",
    "a list": "[1]",
    "a message nested too deep": '{"scope":' + "[" * 9999 + "]" * 9999 + "}",
    "a message without data": {"scope": "application"},
    "data that is a list": {"scope": "application", "data": [1]},
    "a type that is a number": {"scope": "application", "data": {"type": 5}},
    "a scope that nobody knows": {"scope": "x", "data": {"type": "a"}},
    "a scope that is a list": {"scope": ["runtime"], "data": {"type": "a"}},
    "a runtime message that nobody knows": _runtime("x", {}),
    "a schema that nobody asked for": _runtime("modelSchema", [1]),
    "half a surrogate pair": '{"scope":"application","data":{"type":"\\ud800"}}',
}
STRANGE_CONTROL: dict[str, Any] = {
    "no JSON on control": "garbage",
    "bytes on control": b"\x00\xff",
    "a response that nobody waits for": {
        "type": "response",
        "method": "publish_track",
        "request_id": "ctrl_77",
        "data": {},
    },
    "a response without an id": {"type": "response", "method": "publish_track"},
    "a request of the server": {"type": "request", "method": "x", "request_id": "1", "data": {}},
}


def _strange() -> Iterator[Row]:
    """What comes on the channels, and is borne: a sound message after it arrives."""
    for label, messages in (("data", STRANGE), ("control", STRANGE_CONTROL)):
        for fault, message in messages.items():

            async def bears(scene: Scene, message: Any = message, label: str = label) -> None:
                heard: list[Any] = []
                scene.client.on("message", heard.append)
                peer = await scene.ready()
                peer.say(message, label)
                peer.tell("sound", {"a": 1}, "application")
                await scene.until(lambda: {"type": "sound", "data": {"a": 1}} in heard)
                await scene.client.publish_track("webcam", Green())

            yield Row(fault=fault, step="READY", act=bears, statuses=READY, keeps=True)


ROWS: tuple[Row, ...] = (*_answers(), *_opening(), *_losing(), *_strange())
