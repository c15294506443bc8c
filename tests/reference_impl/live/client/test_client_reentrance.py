"""Handlers that connect and hang up, and what ends in the very moment in which it begins."""

import asyncio

import pytest

from risp.reference_impl.live.client import LiveClient, LiveError, Status

from .misdeeds import Reached, says
from .playing import LOST, READY
from .scripted import KEY, Scripted
from .test_client_wire import ready, scene, until


def test_a_handler_of_a_failed_connect_may_try_again_at_once():
    """As soon as an error is told, or the status is DISCONNECTED, all can be begun anew."""

    async def main():
        for event in ("error", "status_changed"):
            busy = says({"code": "no_capacity"}, 503, times=2)
            async with scene(faults={"offer": busy}) as (client, server):
                calls = []

                async def again(given, client=client, calls=calls):
                    if given == "disconnected" or isinstance(given, LiveError):
                        calls.append(client.reconnect())
                        await calls[-1]

                client.on(event, again)
                with pytest.raises(LiveError, match="no_capacity"):
                    await client.connect()
                await until(lambda client=client: client.get_status() == "ready")
                assert len(calls) == 2
                assert server.ended == 2
                client.off(event, again)

    asyncio.run(main())


def test_a_sync_handler_of_a_lost_connection_may_begin_to_reconnect():
    async def main():
        async with scene() as (client, server):
            tasks = []

            def again(error):
                assert client.get_status() == "disconnected"
                tasks.append(asyncio.create_task(client.reconnect()))

            client.on_error(again)
            peer = await ready(client, server)
            await peer.close()
            await until(lambda: tasks)
            await tasks[0]
            assert client.get_status() == "ready"
            assert client.get_session_id() == "sess-1"

    asyncio.run(main())


def test_a_handler_may_hang_up_in_the_middle_of_connect():
    async def main():
        for status in ("connecting", "waiting", "ready"):
            async with scene() as (client, server):

                async def leave(_, client=client):
                    await client.disconnect()

                client.on_status(Status(status))(leave)
                (outcome,) = await asyncio.gather(client.connect(), return_exceptions=True)
                assert getattr(outcome, "code", "disconnected") == "disconnected"
                await until(lambda client=client: client.get_status() == "disconnected")
                await until(lambda client=client: not client._handlers.running)
                assert server.ended == len(server.of("create"))

    asyncio.run(main())


def test_a_handler_that_connects_as_the_block_ends_leaves_nothing_connected():
    async def main():
        async with Scripted() as server:
            client = LiveClient("probe", KEY, server.url)

            refused = []

            async def again(_):
                try:
                    await client.connect()
                except LiveError as error:
                    refused.append(error.code)

            async with client:
                await client.connect()
                client.on_status(Status.DISCONNECTED)(again)
            assert client.get_status() == "disconnected"
            assert refused == ["disconnected"]
            assert server.ended == len(server.of("create")) == 1
            client.off("status_changed", again)
            async with client:
                await client.connect()

    asyncio.run(main())


def test_hanging_up_twice_at_once_ends_the_session_once():
    async def main():
        held = Reached()
        async with scene(faults={"offer": held}) as (client, server):
            task = asyncio.create_task(client.connect())
            held = server.faults["offer"]
            await held.now.wait()
            await asyncio.gather(client.disconnect(), client.disconnect(), client.disconnect())
            with pytest.raises(LiveError, match="disconnected"):
                await task
            assert server.ended == 1
            server.faults.clear()
            await client.connect()
            await asyncio.gather(client.disconnect(), client.disconnect())
            assert server.ended == 2

    asyncio.run(main())


def test_a_connect_that_is_cancelled_as_it_succeeds_is_not_left_connected():
    async def main():
        async with scene() as (client, server):
            task = asyncio.create_task(client.connect())

            @client.on_status(Status.READY)
            def cancel(_):
                # Then `connect()` has its result, and has not yet returned it.
                asyncio.get_running_loop().call_soon(task.cancel)

            with pytest.raises(asyncio.CancelledError):
                await task
            assert client.get_status() == "disconnected"
            assert server.ended == 1

    asyncio.run(main())


def test_a_session_that_ends_as_it_opens_is_never_ready():
    async def main():
        for reason in ("ended", "lost"):

            def prepare(server, reason=reason):
                if reason == "ended":
                    server.on_open = lambda peer: peer.tell("sessionEnded", {"reason": "over"})
                else:
                    server.on_open = lambda peer: server.later(peer.close())

            async with scene(prepare=prepare) as (client, _server):
                statuses, told = [], []
                client.on_status(statuses.append)
                client.on_error(told.append)
                raised = None
                try:
                    await client.connect()
                except LiveError as error:
                    raised = error
                await until(lambda told=told: told)
                assert statuses[-1] == "disconnected"
                assert len(told) == 1
                assert raised in (None, told[0])
                due = {"ended": {"session_ended"}, "lost": {"connection_lost", "channel_timed_out"}}
                assert told[0].code in due[reason]
                assert statuses in ([*LOST], [*READY[:2], "disconnected"])

    asyncio.run(main())


def test_an_upload_that_is_under_way_as_the_connection_ends_says_so():
    async def main():
        held = Reached()
        async with scene(faults={"put": held}) as (client, server):
            peer = await ready(client, server)
            task = asyncio.create_task(client.upload_file(b"abc"))
            await server.faults["put"].now.wait()
            await peer.close()
            with pytest.raises(LiveError) as caught:
                await task
            assert caught.value.code == "connection_lost"

    asyncio.run(main())
