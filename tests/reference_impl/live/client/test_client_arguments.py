"""Wrong arguments, tracks that end, another event loop: nothing is sent, and nothing breaks."""

import asyncio
import functools
import gc
import warnings

import numpy as np
import pytest
from aiortc import AudioStreamTrack, VideoStreamTrack
from aiortc.mediastreams import MediaStreamError

from risp.reference_impl.live.client import LiveClient, LiveError
from tests.reference_impl.live.deployed import Green

from .misdeeds import refuses
from .playing import SLOW_S
from .scripted import KEY, Scripted
from .test_client_wire import ready, scene, until


@pytest.mark.parametrize(
    "data",
    [
        {"a": float("nan")},
        {"a": {1, 2}},
        {"a": np.float32(1)},
        {"a": b"x"},
        {1: 2},
        {"a": "\ud800"},
        {"a": 1 << 70},
        [1],
        0,
        "text",
        {"a": object()},
        functools.reduce(lambda inner, _: {"a": inner}, range(5000), {}),
    ],
    ids=[str(n) for n in range(12)],
)
def test_what_json_cannot_say_is_refused_before_anything_is_sent(data):
    async def main():
        async with scene() as (client, server):
            peer = await ready(client, server)
            with pytest.raises((ValueError, TypeError, RecursionError)):
                await client.send_command("a", data)
            await client.send_command("b", {"none": None, "large": 2**53})
            await until(lambda: peer.said("b"))
            assert peer.said("b")[0][1] == {"none": None, "large": 2**53}
            assert not peer.said("a")

    asyncio.run(main())


@pytest.mark.parametrize("name", ["", 5, None, "x" * 300, "\ud800"])
def test_a_command_that_is_no_name_is_refused(name):
    async def main():
        async with scene() as (client, server):
            await ready(client, server)
            with pytest.raises((ValueError, TypeError)):
                await client.send_command(name)

    asyncio.run(main())


def test_wrong_tracks_are_refused_before_anything_is_asked():
    async def main():
        async with scene() as (client, server):
            peer = await ready(client, server)
            for given, error in (
                (("webcam", None), TypeError),
                (("webcam", "webcam"), TypeError),
                ((5,), TypeError),
                ((Green(), Green()), TypeError),
                (("main_video", Green()), ValueError),
                (("nowhere", Green()), ValueError),
                (("webcam", AudioStreamTrack()), ValueError),
            ):
                with pytest.raises(error):
                    await client.publish_track(*given)
            with pytest.raises(ValueError, match="no input"):
                await client.unpublish_track("main_video")
            with pytest.raises(ValueError, match="no output"):
                await client.pause_track("webcam")
            assert not peer.said("publish_track")

    asyncio.run(main())


class Ending(VideoStreamTrack):
    """A few frames, and then an end of some kind."""

    def __init__(self, end):
        super().__init__()
        self.left, self.end = 3, end

    async def recv(self):
        self.left -= 1
        if self.left < 0:
            if isinstance(self.end, BaseException):
                raise self.end
            return self.end
        return await super().recv()


@pytest.mark.parametrize(
    "end",
    [MediaStreamError(), ValueError("x"), None, np.zeros(3)],
    ids=lambda end: type(end).__name__,
)
def test_another_track_can_follow_one_that_has_ended_or_failed(end):
    async def main():
        async with scene() as (client, server):
            peer = await ready(client, server)
            (receiver,) = [one.receiver for one in peer.pc.getTransceivers() if one.mid == "1"]
            first = Ending(end)
            await client.publish_track("webcam", first)
            await until(lambda: first.left < 0)
            second = Green()
            await client.publish_track("webcam", second)
            async with asyncio.timeout(SLOW_S):
                while True:
                    frame = await receiver.track.recv()
                    if frame.to_ndarray(format="rgb24")[..., 1].mean() > 150:
                        break
            await client.unpublish_track()
            await client.disconnect()
            assert second.readyState == "live", "the track is the application's"

    asyncio.run(main())


@pytest.mark.parametrize("is_left", [False, True])
def test_a_client_can_be_used_in_another_event_loop(is_left):
    holder = {}

    async def first(server_url):
        client = holder["client"] = LiveClient("probe", KEY, server_url)
        client.on("message", _waits)
        await client.connect()
        if not is_left:
            await client.disconnect()

    async def _waits(_):
        await asyncio.Event().wait()

    async def main():
        async with Scripted() as server:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                await asyncio.to_thread(asyncio.run, first(server.url))
                client = holder["client"]
                await asyncio.wait_for(client.disconnect(), SLOW_S)
                await client.connect()
                assert client.get_status() == "ready"
                await client.disconnect()
                assert client.get_status() == "disconnected"
                holder.clear()
                del client
                gc.collect()

    asyncio.run(main())


def test_the_key_is_in_no_repr_and_no_error():
    async def main():
        async with scene(faults={"create": refuses(401)}) as (client, _server):
            with pytest.raises(LiveError) as caught:
                await client.connect()
            for one in (client, client._where, caught.value, caught.value.__dict__):
                assert KEY not in repr(one)

    asyncio.run(main())
