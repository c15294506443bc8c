"""Calls that are refused, and calls that cannot be made now."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from risp.protocol.live.limits import MAX_MESSAGE_BYTES
from risp.reference_impl.live.client import LiveError, Timeouts
from tests.reference_impl.live.deployed import Green

from .faults_channels import CONNECTION, changing
from .playing import LOST, READY, SLOW_S, Row, Scene

RAISED: dict[str, Any] = {"how": "raised", "statuses": READY, "keeps": True}
Calls = Callable[[Any], Awaitable[Any]]


class Once(Green):
    """One frame, and then no more."""

    async def recv(self) -> Any:
        if getattr(self, "_shown", 0) >= 3:
            await asyncio.Event().wait()
        self._shown = getattr(self, "_shown", 0) + 1
        return await super().recv()


def _row(fault: str, call: Calls, code: str, **more: Any) -> Row:
    async def calls(scene: Scene) -> None:
        await scene.ready()
        await call(scene.client)

    return Row(**{"fault": fault, "step": "READY", "act": calls, "code": code, **RAISED, **more})


def _calling() -> Iterator[Row]:
    """Calls that are refused."""

    def publishes(client: Any) -> Any:
        return client.publish_track("webcam", Green())

    def answers(told: Any) -> dict[str, Any]:
        return {"prepare": lambda server: setattr(server, "on_publish", told)}

    late: dict[str, Any] = {
        "recoverable": True,
        "timeouts": Timeouts(reply_s=0.4, close_s=1.0),
        "bounds": ("reply_s",),
        **CONNECTION,
    }
    refusal = {"error": {"code": "publish_refused", "message": "taken"}}
    yield _row(
        "publish refused",
        publishes,
        "publish_refused",
        recoverable=True,
        **CONNECTION,
        **answers(refusal),
    )
    unknown = {"error": {"code": "SLOT", "message": "taken"}}
    yield _row("publish refused otherwise", publishes, "SLOT", **CONNECTION, **answers(unknown))
    yield _row("publish has no response", publishes, "timed_out", **late, **answers(None))
    yield _row(
        "publish has a wrong response", publishes, "timed_out", **late, **answers({"error": 5})
    )
    yield _row("no schema comes", lambda c: c.request_schema(), "timed_out", **late)


def _sending() -> Iterator[Row]:
    """Messages that do not leave, and calls that come twice."""
    application = {"component": "application"}
    large = {"text": "x" * MAX_MESSAGE_BYTES}
    yield _row(
        "a message too large",
        lambda c: c.send_command("a", large),
        "message_too_large",
        **application,
    )
    small = re.compile(r"a=max-message-size:\d+")
    yield _row(
        "a message larger than the answer allows",
        lambda c: c.send_command("a", {"text": "x" * 300}),
        "message_too_large",
        prepare=changing(lambda sdp: small.sub("a=max-message-size:300", sdp)),
        **application,
    )

    async def fills(client: Any) -> None:
        async with asyncio.timeout(SLOW_S):
            while True:
                await client.send_command("a", {"text": "x" * 200_000})

    yield _row(
        "a channel that nobody reads",
        fills,
        "timed_out",
        recoverable=True,
        prepare=lambda server: setattr(server, "reads", False),
        timeouts=Timeouts(send_s=0.4, close_s=1.0),
        bounds=("send_s",),
        **CONNECTION,
    )
    yield _row("connect() twice", lambda c: c.connect(), "already_connected", **application)
    yield _row(
        "reconnect() while READY", lambda c: c.reconnect(), "already_connected", **application
    )


CALLS: dict[str, Calls] = {
    "send_command": lambda c: c.send_command("a"),
    "request_schema": lambda c: c.request_schema(),
    "upload_file": lambda c: c.upload_file(b"a"),
    "publish_track": lambda c: c.publish_track("webcam", Green()),
    "unpublish_track": lambda c: c.unpublish_track("webcam"),
    "pause_track": lambda c: c.pause_track("main_video"),
    "resume_track": lambda c: c.resume_track("main_video"),
}


def _outside() -> Iterator[Row]:
    """Calls that cannot be made now."""
    more: dict[str, Any] = {"component": "application", "how": "raised"}
    for name, call in CALLS.items():
        yield Row(
            fault=f"{name}()",
            step="before connect()",
            act=lambda scene, call=call: call(scene.client),
            code="not_ready",
            statuses=(),
            **more,
        )

        async def after(scene: Scene, call: Calls = call) -> None:
            await scene.ready()
            await scene.client.disconnect()
            await call(scene.client)

        yield Row(
            fault=f"{name}()",
            step="after disconnect()",
            act=after,
            code="not_ready",
            statuses=LOST,
            **more,
        )


def _twice() -> Iterator[Row]:
    """Coming without a session, or twice at once."""
    more: dict[str, Any] = {"component": "application", "how": "raised"}
    yield Row(
        fault="reconnect()",
        step="before connect()",
        act=lambda scene: scene.client.reconnect(),
        code="nothing_to_resume",
        statuses=(),
        **more,
    )

    async def twice(scene: Scene, is_again: bool) -> None:
        client = scene.client
        if is_again:
            await scene.ready()
            await client.disconnect(recoverable=True)
        call = client.reconnect if is_again else client.connect
        first, second = await asyncio.gather(call(), call(), return_exceptions=True)
        assert first is None
        assert isinstance(second, LiveError)
        raise second

    yield Row(
        fault="connect() twice at once",
        step="connect()",
        act=lambda scene: twice(scene, False),
        code="already_connected",
        statuses=READY,
        keeps=True,
        **more,
    )
    yield Row(
        fault="reconnect() twice at once",
        step="reconnect()",
        act=lambda scene: twice(scene, True),
        code="already_connected",
        statuses=(*LOST, *READY),
        keeps=True,
        **more,
    )


def _fails(*_: Any) -> None:
    raise ValueError("as it was told to")


async def _fails_later(*_: Any) -> None:
    raise ValueError("as it was told to")


async def _stays(*_: Any) -> None:
    await asyncio.Event().wait()


def _handling() -> Iterator[Row]:
    """Handlers that raise, and some that never return."""

    def sets(event: str, function: Any) -> Callable[[Scene], Awaitable[None]]:
        async def meets(scene: Scene) -> None:
            if event == "frame":
                scene.client.set_frame_callback(function)
            else:
                scene.client.on(event, function)
            peer = await scene.ready()
            peer.tell("a", {}, "application")
            await scene.until(lambda: scene.told)
            scene.client.set_frame_callback(None)

        return meets

    told: dict[str, Any] = {"how": "told", "statuses": READY, "keeps": True}
    told |= {"code": "handler_failed", "component": "application"}
    for kind, function in (("sync", _fails), ("coroutine", _fails_later)):
        for event in ("message", "capabilities_received", "frame"):
            yield Row(
                fault=f"a {kind} handler of {event} raises",
                step="handlers",
                act=sets(event, function),
                prepare=lambda server: server.sends.append(Once()),
                **told,
            )

        async def of_errors(scene: Scene, function: Any = function) -> None:
            scene.client.on_error(function)
            peer = await scene.ready()
            peer.tell("commandRejected", {"command": "a"})
            await scene.until(lambda: scene.told)

        refused = {**told, "code": "invalid_command", "component": "model"}
        fault = f"a {kind} handler of error raises"
        yield Row(fault=fault, step="handlers", act=of_errors, **refused)

    async def leaves(scene: Scene) -> None:
        scene.client.on("message", _stays)
        scene.client.on_status(_stays)
        async with scene.client:
            peer = await scene.ready()
            peer.tell("a", {}, "application")
            await scene.until(lambda: scene.client._handlers.running)

    yield Row(
        fault="a handler that never returns",
        step="handlers",
        act=leaves,
        statuses=LOST,
        timeouts=Timeouts(close_s=0.3),
        bounds=("close_s",),
    )


ROWS: tuple[Row, ...] = (
    *_calling(),
    *_sending(),
    *_outside(),
    *_twice(),
    *_handling(),
)
