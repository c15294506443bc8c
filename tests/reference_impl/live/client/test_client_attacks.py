"""Handlers of a hostile application: the client survives them, and tells of what they raise."""

import asyncio
import functools

import pytest

from risp.reference_impl.live.client import LiveClient, Status, Timeouts
from tests.reference_impl.live.deployed import Green

from .playing import SLOW_S
from .scripted import TRACKS
from .test_client_wire import ready, scene, until


class Broken(Exception):
    def __str__(self):
        raise ValueError("no text")


class Outside(BaseException):
    """Neither an Exception nor what ends a program."""


@pytest.mark.parametrize("error", [ValueError("x"), Broken(), Outside(), asyncio.CancelledError()])
@pytest.mark.parametrize("is_coroutine", [False, True])
@pytest.mark.parametrize("event", ["status_changed", "message", "runtime_message", "frame"])
def test_a_handler_that_raises_is_told_of_and_hurts_nobody_else(error, is_coroutine, event):
    heard, told = [], []

    def fails(*_):
        raise error

    async def fails_later(*_):
        raise error

    function = fails_later if is_coroutine else fails

    async def main():
        def prepare(server):
            server.sends = [Green()] if event == "frame" else []

        async with scene(prepare=prepare) as (client, server):
            client.on("error", told.append)
            if event == "frame":
                client.set_frame_callback(function)
            else:
                client.on(event, function)
                client.on(event, heard.append)
            peer = await ready(client, server)
            peer.tell("a", {}, "application")
            peer.tell("b", {})
            await until(lambda: told and (heard or event == "frame"))
            await client.send_command("still")
            await until(lambda: peer.said("still"))
            assert client.get_status() == "ready"
        assert {(one.code, one.component, one.recoverable) for one in told} == {
            ("handler_failed", "application", False)
        }

    asyncio.run(main())


@pytest.mark.parametrize("is_coroutine", [False, True])
def test_an_error_handler_that_raises_is_not_called_for_its_own_error(is_coroutine):
    told = []

    def fails(error):
        told.append(error)
        raise ValueError("x")

    async def fails_later(error):
        fails(error)

    async def main():
        async with scene() as (client, server):
            client.on_error(fails_later if is_coroutine else fails)
            peer = await ready(client, server)
            peer.tell("commandRejected", {"command": "a"})
            await until(lambda: told)
            peer.tell("commandRejected", {"command": "b"})
            await until(lambda: len(told) == 2)
            await asyncio.sleep(0.05)
            assert [one.code for one in told] == ["invalid_command"] * 2

    asyncio.run(main())


def test_a_cancelled_handler_leaves_its_calls_in_order():
    seen = []

    async def handler(message):
        if message["data"]["n"] == 0:
            await asyncio.sleep(0.05)
            raise asyncio.CancelledError
        await asyncio.sleep(0)
        seen.append(message["data"]["n"])

    async def main():
        async with scene() as (client, server):
            client.on_message(handler)
            peer = await ready(client, server)
            for n in range(20):
                peer.tell("a", {"n": n}, "application")
                await asyncio.sleep(0.004)
            await until(lambda: len(seen) == 19)
            assert seen == list(range(1, 20))

    asyncio.run(main())


def test_a_handler_that_is_off_is_called_no_more_not_even_for_what_waits():
    seen = []

    async def slow(message):
        seen.append(message["data"]["n"])
        await asyncio.sleep(0.05)

    async def main():
        async with scene() as (client, server):
            client.on("new_message", slow)
            peer = await ready(client, server)
            for n in range(5):
                peer.tell("a", {"n": n}, "application")
            await until(lambda: seen)
            client.off("message", slow)
            await asyncio.sleep(0.2)
            assert seen == [0]

    asyncio.run(main())


@pytest.mark.parametrize("which", [Status.READY, [Status.READY, Status.DISCONNECTED], None])
def test_a_handler_of_some_statuses_can_be_taken_off_as_well(which):
    seen = []

    async def main():
        async with scene() as (client, server):
            client.on_status(which)(seen.append)
            await ready(client, server)
            before = list(seen)
            client.off("status_changed", seen.append)
            await client.disconnect()
            await client.connect()
            assert seen == before
            assert Status.READY in before

    asyncio.run(main())


def test_a_handler_that_takes_another_off_is_the_last_to_be_called():
    seen = []

    async def main():
        async with scene() as (client, server):
            client.on_status(lambda _: client.off("status_changed", seen.append))
            client.on_status(seen.append)
            await ready(client, server)
            assert seen == []

    asyncio.run(main())


def test_any_callable_is_a_handler():
    seen = []

    class Thing:
        def __call__(self, message):
            seen.append(("object", message["type"]))

        async def method(self, message):
            seen.append(("method", message["type"]))

    class Later:
        async def __call__(self, *given):
            seen.append(("later", str(given[-1])))

    async def partly(word, message):
        seen.append((word, message["type"]))

    thing = Thing()

    async def main():
        async with scene() as (client, server):
            for one in (thing, thing.method, functools.partial(partly, "partial")):
                client.on("message", one)
            client.on_status(Status.READY)(Later())
            client.on_status([Status.READY])(functools.partial(Later(), 1))
            peer = await ready(client, server)
            peer.tell("a", {}, "application")
            await until(lambda: len(seen) == 5)
            assert set(seen) == {
                ("later", "ready"),
                ("object", "a"),
                ("method", "a"),
                ("partial", "a"),
            }
            client.off("message", thing.method)
            peer.tell("b", {}, "application")
            await until(lambda: ("partial", "b") in seen)
            assert ("method", "b") not in seen

    asyncio.run(main())


@pytest.mark.parametrize("wrong", [None, 5, "f", []])
def test_what_is_no_function_is_no_handler(wrong):
    client = LiveClient("probe", local=True)
    with pytest.raises(TypeError):
        client.on("message", wrong)
    with pytest.raises(ValueError, match="no event"):
        client.on("massage", print)


def test_what_handlers_are_given_is_theirs_to_change():
    def spoil(tree):
        tree.clear()
        tree["tracks"] = "spoilt"

    async def main():
        async with scene() as (client, server):
            told = []
            client.on("capabilities_received", spoil)
            client.on("runtime_message", spoil)
            client.on("error", told.append)
            peer = await ready(client, server)
            client.get_session_info().clear()
            spoil(client.get_capabilities())
            assert client.get_capabilities()["tracks"] == TRACKS
            assert client.get_session_info()["session_id"] == client.get_session_id()
            asking = asyncio.create_task(client.request_schema())
            await until(lambda: peer.said("requestSchema"))
            peer.tell("modelSchema", {"openapi": "3.1.0"})
            assert await asking == {"openapi": "3.1.0"}
            peer.tell("commandRejected", {"command": "a", "code": "no", "message": "because"})
            await until(lambda: told)
            assert (told[0].code, told[0].message) == ("no", "a: because")

    asyncio.run(main())


def test_a_handler_that_never_returns_holds_up_nobody():
    async def forever(*_):
        await asyncio.Event().wait()

    async def main():
        async with scene(timeouts=Timeouts(close_s=0.2)) as (client, server):
            seen = []
            client.on_status(forever)
            client.on("message", forever)
            client.on("message", seen.append)
            peer = await ready(client, server)
            for _ in range(3):
                peer.tell("a", {}, "application")
            await until(lambda: len(seen) == 3)
            await asyncio.wait_for(client.disconnect(), SLOW_S)
            assert len(asyncio.all_tasks()) > 1
        assert not [one for one in asyncio.all_tasks() if "Handler" in repr(one)]

    asyncio.run(main())
