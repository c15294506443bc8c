"""Applications as the documents of deployed clients write them: only the import line is another.

Which name, parameter, event or status is shown where: tests/surface.py.
"""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from risp.reference_impl import FileRef, Reactor, ReactorError, ReactorState, ReactorStatus
from risp.reference_impl.live.client.failures import retry_after
from tests.live_server import KEY, Running, serving
from tests.reference_impl.live.deployed import Green

Program = Callable[[Any], Awaitable[None]]
LIFE = ["connecting", "waiting", "ready", "disconnected"]


@pytest.fixture(scope="module")
def here():
    with serving("--resume-window-s", "4") as server:
        yield server


@pytest.fixture(scope="module")
def there():
    with serving("--key", KEY) as server:
        yield server


@pytest.fixture
def local(here: Running, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("RISP_LOCAL_URL", here.url)
    return lambda: Reactor(model_name="probe", local=True)


async def until(what: Callable[[], Any], within: float = 8.0) -> None:
    async with asyncio.timeout(within):
        while not what():  # what is waited for has no event
            await asyncio.sleep(0.005)


@asynccontextmanager
async def connected(reactor: Any) -> AsyncIterator[Any]:
    async with reactor:
        await reactor.connect()
        yield reactor


def test_the_constructor_takes_what_it_is_documented_to_take(there, monkeypatch):
    async def main():
        reactor = Reactor(model_name="probe", api_key=KEY, api_url=there.url)
        assert reactor.get_status() == ReactorStatus.DISCONNECTED
        await reactor.connect()
        assert reactor.get_status() == ReactorStatus.READY
        await reactor.disconnect()

    asyncio.run(main())
    monkeypatch.delenv("RISP_LOCAL_URL", raising=False)
    assert Reactor(model_name="my-model", local=True)._where.base == "http://localhost:8080"
    monkeypatch.delenv("RISP_URL", raising=False)
    with pytest.raises(ValueError, match="api_url"):
        Reactor(model_name="my-model", api_key="rk_your_api_key_here")


def test_authentication_that_fails_and_a_second_connect_are_runtime_errors(there):
    async def main():
        stranger = Reactor(model_name="probe", api_key="rk_unknown", api_url=there.url)
        with pytest.raises(RuntimeError, match="unauthorized"):
            await stranger.connect()
        async with connected(Reactor(model_name="probe", api_key=KEY, api_url=there.url)) as one:
            with pytest.raises(RuntimeError, match="already_connected"):
                await one.connect()

    asyncio.run(main())


def test_async_with_cleans_up(local):
    async def main():
        async with local() as reactor:
            await reactor.connect()
            assert reactor.get_status() == ReactorStatus.READY
        assert reactor.get_status() == ReactorStatus.DISCONNECTED
        assert reactor.get_session_id() is None

    asyncio.run(main())


def test_the_complete_example(local):
    frames: list[Any] = []
    messages: list[Any] = []
    said: list[str] = []

    async def main():
        reactor = local()

        @reactor.on_frame
        def on_frame(frame):
            frames.append(frame)

        @reactor.on_status(ReactorStatus.READY)
        def on_ready(status):
            said.append(f"ready: {status}")

        @reactor.on_status(ReactorStatus.DISCONNECTED)
        def on_disconnected(status):
            said.append(f"disconnected: {status}")

        @reactor.on_message
        def on_message(message):
            messages.append(message)

        @reactor.on_error
        def on_error(error: ReactorError):
            said.append(f"error: {error.code}")

        await reactor.connect()
        if reactor.get_status() == ReactorStatus.READY:
            await reactor.send_command("set_prompt", {"prompt": "a sunset"})
            await reactor.send_command("add", {"a": 1})
        try:
            async with asyncio.timeout(8):
                while reactor.get_status() != ReactorStatus.DISCONNECTED:
                    await asyncio.sleep(0.01)
                    if len(frames) > 3 and len(messages) == 2:
                        break
        finally:
            await reactor.disconnect()

    asyncio.run(main())
    assert [m["type"] for m in messages] == ["prompt_set", "sum"]
    assert {frame.shape for frame in frames} == {(240, 320, 3)}
    assert {frame.dtype for frame in frames} == {np.dtype("uint8")}
    assert said == ["ready: ready", "disconnected: disconnected"]


def test_statuses_come_to_handlers_of_all_of_one_and_of_several(local):
    every: list[Any] = []
    one: list[Any] = []
    several: list[Any] = []
    event: list[Any] = []

    async def main():
        reactor = local()

        @reactor.on_status
        def handle_status(status):
            every.append(status)

        @reactor.on_status(ReactorStatus.READY)
        async def handle_ready(status):
            await asyncio.sleep(0)
            one.append(status)
            await reactor.send_command("set_seed", {"seed": 1})

        @reactor.on_status([ReactorStatus.CONNECTING, ReactorStatus.WAITING])
        def handle_pending(status):
            several.append(status)

        reactor.on("status_changed", event.append)
        async with connected(reactor):
            await until(lambda: one)
        await asyncio.sleep(0)

    asyncio.run(main())
    assert [status.value for status in every] == LIFE
    assert event == every
    assert one == [ReactorStatus.READY]
    assert several == [ReactorStatus.CONNECTING, ReactorStatus.WAITING]


def test_the_eight_events_carry_what_they_are_documented_to_carry(local):
    seen: dict[str, list[Any]] = {}

    async def main():
        reactor = local()
        for event in (
            "status_changed",
            "session_id_changed",
            "message",
            "runtime_message",
            "track_received",
            "error",
            "session_expiration_changed",
            "capabilities_received",
        ):
            reactor.on(event, lambda *told, event=event: seen.setdefault(event, []).append(told))
        async with connected(reactor):
            await reactor.send_command("broadcast", {"text": "hello"})
            await reactor.send_command("set_brightness", {"brightness": 5.0})
            await until(lambda: "error" in seen and "message" in seen)
            session = reactor.get_session_id()
        assert seen["session_id_changed"] == [(session,), (None,)]

    asyncio.run(main())
    assert [told[0].value for told in seen["status_changed"]] == LIFE
    assert seen["message"] == [({"type": "lifecycle", "data": {"what": "hello"}},)]
    assert seen["runtime_message"][0][0]["type"] == "commandRejected"
    ((name, track),) = seen["track_received"]
    assert (name, track.kind) == ("main_video", "video")
    ((error,),) = seen["error"]
    assert isinstance(error, ReactorError)
    assert (error.code, error.component, error.recoverable) == ("invalid_command", "model", False)
    (at,), (none,) = seen["session_expiration_changed"]
    assert isinstance(at, float)
    assert none is None
    ((capabilities,),) = seen["capabilities_received"]
    assert [one["name"] for one in capabilities["tracks"]] == ["webcam", "main_video"]


def test_a_handler_is_called_no_more_once_it_is_off(local):
    seen: list[Any] = []
    older: list[Any] = []

    async def main():
        reactor = local()
        reactor.on("new_message", older.append)
        reactor.on("message", seen.append)
        async with connected(reactor):
            await reactor.send_command("add", {"a": 1})
            await until(lambda: seen and older)
            reactor.off("new_message", older.append)
            await reactor.send_command("add", {"a": 2})
            await until(lambda: len(seen) == 2)

    asyncio.run(main())
    assert [m["data"]["total"] for m in older] == [2]
    assert [m["data"]["total"] for m in seen] == [2, 3]


def test_frames_come_by_callback_until_it_is_taken_away(local):
    frames: list[Any] = []

    async def main():
        reactor = local()
        reactor.set_frame_callback(frames.append)
        async with connected(reactor):
            await until(lambda: len(frames) > 2)
            reactor.set_frame_callback(None)
            count = len(frames)
            await asyncio.sleep(0.3)
            assert len(frames) == count

    asyncio.run(main())
    assert frames[0].shape == (240, 320, 3)


def test_files_come_from_a_path_from_bytes_and_from_an_open_file(local, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"from a path")
    replies: list[Any] = []

    async def main():
        reactor = local()
        reactor.on("message", replies.append)
        with pytest.raises(RuntimeError, match="not_ready"):
            await reactor.upload_file(path)
        async with connected(reactor):
            with path.open("rb") as f:
                refs = [
                    await reactor.upload_file(str(path)),
                    await reactor.upload_file(path),
                    await reactor.upload_file(b"bytes", name="photo.jpg"),
                    await reactor.upload_file(b"bytes"),
                    await reactor.upload_file(b"bytes", mime_type="image/webp"),
                    await reactor.upload_file(f),
                    await reactor.upload_file(io.BytesIO(b"stream")),
                ]
            for ref in refs:
                assert isinstance(ref, FileRef)
                await reactor.send_command("set_image", {"image": ref, "caption": "mixed"})
            await until(lambda: len(replies) == len(refs))
        told = [(ref.name, ref.mime_type, ref.size) for ref in refs]
        assert told == [
            ("photo.jpg", "image/jpeg", 11),
            ("photo.jpg", "image/jpeg", 11),
            ("photo.jpg", "image/jpeg", 5),
            ("upload", "application/octet-stream", 5),
            ("upload", "image/webp", 5),
            ("photo.jpg", "image/jpeg", 11),
            ("upload", "application/octet-stream", 6),
        ]
        assert len({ref.upload_id for ref in refs}) == len(refs)

    asyncio.run(main())
    assert [m["data"]["size"] for m in replies] == [11, 11, 5, 5, 5, 11, 6]


def test_a_track_is_published_and_unpublished_by_name_and_without(local):
    greens: list[int] = []

    async def main():
        reactor = local()
        reactor.set_frame_callback(lambda frame: greens.append(int(frame[120, 160, 1])))
        async with connected(reactor):
            for named in (("webcam",), ()):
                await reactor.publish_track(*named, Green())
                await until(lambda: greens and greens[-1] > 150)
                await reactor.unpublish_track(*named)
                await until(lambda: greens[-1] < 30)
            with pytest.raises(ValueError, match="webcam"):
                await reactor.publish_track("camera", Green())

    asyncio.run(main())


def test_the_models_tracks_are_there_by_name(local):
    async def main():
        reactor = local()
        assert (reactor.get_remote_tracks(), reactor.get_remote_track()) == ({}, None)
        async with connected(reactor):
            (track,) = reactor.get_remote_tracks().values()
            assert reactor.get_remote_track() is track
            frame = await asyncio.wait_for(track.recv(), 5)
            assert (frame.width, frame.height) == (320, 240)
        assert reactor.get_remote_tracks() == {}

    asyncio.run(main())


def test_what_is_known_of_the_session_is_told(local):
    async def main():
        reactor = local()
        assert reactor.get_state() == ReactorState(ReactorStatus.DISCONNECTED, None)
        assert reactor.get_capabilities() is reactor.get_session_info() is None
        async with connected(reactor):
            assert reactor.get_state().status == ReactorStatus.READY
            capabilities = reactor.get_capabilities()
            assert {"tracks", "commands", "emission_fps"} <= set(capabilities)
            info = reactor.get_session_info()
            assert info["session_id"] == reactor.get_session_id()
            assert info["capabilities"] == capabilities
            assert reactor.get_last_error() is None
            await reactor.send_command("set_nothing", {})
            await until(reactor.get_last_error)
            assert reactor.get_state().last_error is reactor.get_last_error()

    asyncio.run(main())


def test_a_session_is_resumed_with_its_state(local):
    messages: list[Any] = []

    async def main():
        reactor = local()
        reactor.on("message", messages.append)
        with pytest.raises(RuntimeError, match="nothing_to_resume"):
            await reactor.reconnect()
        async with connected(reactor):
            session = reactor.get_session_id()
            await reactor.send_command("set_prompt", {"prompt": "kept"})
            await until(lambda: messages)
            await reactor.disconnect(recoverable=True)
            assert reactor.get_session_id() == session
            await reactor.reconnect()
            assert reactor.get_session_id() == session
            await reactor.send_command("get_state")
            await until(lambda: len(messages) == 2)
            assert messages[-1]["data"]["prompt"] == "kept"
            await reactor.disconnect()
            with pytest.raises(RuntimeError, match="nothing_to_resume"):
                await reactor.reconnect()

    asyncio.run(main())


def test_a_lost_connection_is_recoverable_and_a_handler_can_recover_it(local):
    """As it is documented: wait as long as the error says, or three seconds, then reconnect."""
    errors: list[ReactorError] = []
    messages: list[Any] = []

    async def main():
        reactor = local()
        reactor.on("message", messages.append)

        @reactor.on_error
        async def on_error(error: ReactorError):
            errors.append(error)
            if error.recoverable:
                await asyncio.sleep(error.retry_after or 0.1)
                await reactor.reconnect()

        async with connected(reactor):
            await reactor.send_command("set_prompt", {"prompt": "kept"})
            await until(lambda: messages)
            # The network's end: the transport below everything is gone.
            peer = reactor._connection._peer._pc
            await peer.sctp.transport.stop()
            await until(lambda: errors)
            await until(lambda: reactor.get_status() == ReactorStatus.READY)
            await reactor.send_command("get_state")
            await until(lambda: len(messages) == 2)

    asyncio.run(main())
    assert messages[-1]["data"]["prompt"] == "kept"
    ((error),) = errors
    assert (error.code, error.component, error.recoverable) == (
        "connection_lost",
        "connection",
        True,
    )
    assert error.message
    assert error.retry_after is None


def test_the_wait_that_a_server_asks_for_is_told_in_seconds():
    assert retry_after("7") == 7.0
    assert retry_after(None) is None


def test_the_key_may_come_from_the_environment(there, monkeypatch):
    monkeypatch.setenv("RISP_API_KEY", KEY)
    monkeypatch.setenv("RISP_URL", there.url)

    async def main():
        async with connected(Reactor(model_name="probe")) as reactor:
            assert reactor.get_status() == ReactorStatus.READY

    asyncio.run(main())
    assert os.environ["RISP_API_KEY"] == KEY
