"""Faults in HTTP beside a first `connect()`: coming back, uploading, leaving, breaking off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from risp.reference_impl.live.client import LiveError, Timeouts

from .faults_http import WRONG, at_every_step
from .misdeeds import Reached, refuses, says
from .playing import QUICK, READY, SLOW_S, WAITED, Row, Scene, statuses_at, ways
from .scripted import SESSION, gone

LATER = Timeouts(request_s=1.0, close_s=1.0)
"""Requests are not waited for long; but for some of them, the server plays its part."""


async def comes_back(scene: Scene) -> None:
    """connect(), disconnect(recoverable=True); the fault begins, and reconnect() meets it."""
    faults, scene.server.faults = scene.server.faults, {}
    await scene.ready()
    await scene.client.disconnect(recoverable=True)
    scene.server.faults = faults
    if gone in faults.values():
        await scene.server.leave()
    scene.restart()
    await scene.client.reconnect()


async def uploads(scene: Scene) -> None:
    """connect(), upload_file()"""
    await scene.ready()
    await scene.client.upload_file(b"abc", name="a.png")


def _coming_back() -> Iterator[Row]:
    steps = ("token", "poll", "ice_servers", "register", "offer", "answer")
    every = at_every_step()
    names = ("connection refused", "no answer", "an answer in HTML", "503 loading, Retry-After: 1")
    for local in (False, True):
        for step in steps:
            if local and step == "token":
                continue
            at = "look" if local and step == "poll" else step
            statuses = (
                (*READY, "disconnected", "connecting", "disconnected")
                if step in ("token", "poll")
                else (*READY, "disconnected", *WAITED)
            )
            for fault in names:
                if fault == "connection refused" and step not in ("token", "poll"):
                    continue
                made, sees = every[fault]
                if "timeouts" in sees:
                    sees = {**sees, "timeouts": LATER}
                yield Row(
                    fault=f"{fault}, on reconnect()",
                    step=step,
                    local=local,
                    act=comes_back,
                    faults={at: made()},
                    statuses=statuses,
                    keeps=True,
                    **sees,
                )
            if step == "token":
                continue
            for code in ("unknown_session", "session_closed"):
                status = 404 if code == "unknown_session" else 409
                told = "session_ended" if at == "poll" and status == 404 else code
                yield Row(
                    fault=f"{status} {code}, on reconnect()",
                    step=step,
                    local=local,
                    act=comes_back,
                    faults={at: refuses(status, code)},
                    statuses=statuses,
                    code=told,
                    ends=False,
                )
    for local, body in (
        (False, {"session_id": SESSION, "state": "CLOSED"}),
        (True, {"state": "ready"}),
    ):
        yield Row(
            fault="the session is over",
            step="reconnect()",
            local=local,
            act=comes_back,
            faults={"look" if local else "poll": says(body)},
            statuses=(*READY, "disconnected", "connecting", "disconnected"),
            code="session_ended",
            ends=False,
        )


def _uploading() -> Iterator[Row]:
    every = at_every_step()
    raised: dict[str, Any] = {"how": "raised", "statuses": READY, "act": uploads, "keeps": True}
    for step in ("reserve", "put"):
        for fault in (
            "connection refused",
            "reset in the middle of the answer",
            "no answer",
            "an answer that drips for ever",
            "500",
            "429, Retry-After: 7",
        ):
            if fault == "connection refused" and step == "reserve":
                continue  # nothing is asked for before it
            made, sees = every[fault]
            if "timeouts" in sees:
                sees = {**sees, "timeouts": LATER}
            yield Row(fault=fault, step=step, faults={step: made()}, **raised, **sees)
        for status, code in (
            (413, "too_large"),
            (404, "unknown_upload"),
            (409, "already_uploaded"),
        ):
            misdeed = refuses(status, code)
            yield Row(
                fault=f"{status} {code}", step=step, faults={step: misdeed}, code=code, **raised
            )
    misdeed = refuses(400, "wrong_length")
    yield Row(fault="400", step="put", faults={"put": misdeed}, code="wrong_length", **raised)
    for n, body in enumerate(WRONG["reserve"]):
        name = f"a member is missing or wrong ({n + 1})"
        misdeed = says(body, 201)
        yield Row(
            fault=name, step="reserve", faults={"reserve": misdeed}, code="bad_answer", **raised
        )
    for url in ("file:///etc/hostname", "/uploads/x", "http://", "http://[", "ftp://127.0.0.1/x"):
        misdeed = says({"presigned_id": "a", "presigned_url": url}, 201)
        name = f"the place is {url}"
        yield Row(
            fault=name, step="reserve", faults={"reserve": misdeed}, code="bad_answer", **raised
        )


def _leaving() -> Iterator[Row]:
    """The server misbehaves at the session's end: nobody is told, and it takes no longer."""

    async def leaves(scene: Scene) -> None:
        await scene.ready()
        scene.restart()
        await scene.client.disconnect()

    async def is_refused(scene: Scene) -> None:
        await scene.ready()
        await scene.server.leave()
        scene.restart()
        await scene.client.disconnect()

    statuses = (*READY, "disconnected")
    for local in (False, True):
        for fault, (made, sees) in at_every_step().items():
            bounds = ("close_s",) if "bounds" in sees else ()
            timeouts = Timeouts(close_s=0.3) if bounds else QUICK
            yield Row(
                fault=fault,
                step="end",
                local=local,
                act=is_refused if fault == "connection refused" else leaves,
                faults={"end": made()},
                statuses=statuses,
                ends=False,
                timeouts=timeouts,
                bounds=bounds,
            )


def _breaking_off() -> Iterator[Row]:
    """The application breaks off at each step."""
    for local in (False, True):
        for step in ways(local):
            statuses = statuses_at(step)
            for act, code in ((_disconnects, "disconnected"), (_cancels, "")):
                yield Row(
                    fault="disconnect() meanwhile" if code else "cancelled",
                    step=step,
                    local=local,
                    act=act,
                    faults={step: Reached()},
                    statuses=statuses,
                    code=code,
                    component="connection",
                    how="raised",
                    bounds=("close_s",),
                )


async def _begun(scene: Scene) -> asyncio.Task[None]:
    held = next(iter(scene.server.faults.values()))
    task = asyncio.create_task(scene.client.connect())
    await asyncio.wait_for(held.now.wait(), SLOW_S)
    scene.restart()
    return task


async def _disconnects(scene: Scene) -> None:
    task = await _begun(scene)
    await scene.client.disconnect()
    await task


async def _cancels(scene: Scene) -> None:
    task = await _begun(scene)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return
    except LiveError as error:
        raise AssertionError("it was cancelled") from error
    raise AssertionError("it was cancelled")


ROWS: tuple[Row, ...] = (*_coming_back(), *_uploading(), *_leaving(), *_breaking_off())
