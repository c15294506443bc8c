"""Media: outputs that are paused and resumed, inputs that are published."""

import asyncio
from fractions import Fraction

import numpy as np
import pytest
from aiortc import VideoStreamTrack
from av import VideoFrame

from tests.live_client import client
from tests.live_server import serving

rule = pytest.mark.requirement


class Green(VideoStreamTrack):
    """A picture that is green all over, at 30 frames a second."""

    async def recv(self):
        pts, base = await self.next_timestamp()
        picture = np.zeros((120, 160, 3), np.uint8)
        picture[:, :, 1] = 200
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, Fraction(base)
        return frame


class Still(Green):
    """The same, but nothing is sent until it is told."""

    def __init__(self):
        super().__init__()
        self.go = asyncio.Event()

    async def recv(self):
        await self.go.wait()
        return await super().recv()


async def another(own):
    return own.link((await own.http.get("/session")).json())


async def granted(link, within=5.0):
    """Ask until it is granted: the other connection's word may be still on its way."""
    async with asyncio.timeout(within):
        number = 0
        while "error" in await link.publish("webcam", f"ask_{number}"):
            number += 1
            await asyncio.sleep(0.05)


@rule("L-MEDIA-1")
@rule("L-MEDIA-2")
@rule("L-MEDIA-4")
def test_outputs_start_paused_and_flow_when_they_are_resumed(meet):
    async def scene(own, link):
        await asyncio.sleep(0.6)
        assert link.frames == 0
        link.notify("resume_track", "main_video")
        await link.until(lambda: link.frames > 3)

    meet(scene, resume=False)


@rule("L-MEDIA-3")
@rule("L-MEDIA-5")
@rule("L-MEDIA-6")
def test_pausing_stops_the_frames_of_that_connection_only(meet):
    async def scene(own, link):
        other = await another(own)
        await other.open()
        await link.until(lambda: link.frames > 2 and other.frames > 2)
        for _ in range(2):
            link.notify("pause_track", "main_video")
        await asyncio.sleep(0.5)
        paused, running = link.frames, other.frames
        await asyncio.sleep(0.5)
        assert link.frames == paused
        await other.until(lambda: other.frames > running + 5)
        for _ in range(2):
            link.notify("resume_track", "main_video")
        await link.until(lambda: link.frames > paused + 3)

    meet(scene)


@rule("L-MEDIA-15")
def test_no_more_frames_come_than_are_announced(meet):
    async def scene(own, link):
        await link.until(lambda: link.frames > 2)
        descriptor = (await own.http.get("/session")).json()
        begin = link.frames
        await asyncio.sleep(2)
        assert link.frames - begin <= 2 * descriptor["capabilities"]["emission_fps"] + 3

    meet(scene)


@rule("L-MEDIA-8")
@rule("L-MEDIA-9")
@rule("L-MEDIA-13")
def test_a_published_input_reaches_the_model_and_an_unpublished_one_does_not(meet):
    async def scene(own, link):
        await link.until(lambda: link.frames > 10)
        assert link.pixel()[1] < 40, "it is sent, and not published"
        for _ in range(2):
            granted = await link.publish("webcam")
            assert "error" not in granted
            await link.until(lambda: link.pixel()[1] > 150)
            link.notify("unpublish_track", "webcam")
            await link.until(lambda: link.pixel()[1] < 40)

    meet(scene, publish={"webcam": Green()})


@rule("L-MEDIA-10")
@rule("L-MEDIA-11")
def test_an_input_has_one_publisher_until_it_stops_or_is_gone(meet):
    async def scene(own, link):
        other = await another(own)
        await other.open(publish={"webcam": Green()})
        assert "error" not in await link.publish("webcam")
        await link.until(lambda: link.pixel()[1] > 150)
        refused = await other.publish("webcam")
        assert refused["error"]["code"] == "publish_refused"
        assert "error" not in await link.publish("webcam", "again")
        link.notify("unpublish_track", "webcam")
        await granted(other)
        await other.close()
        await granted(link)

    meet(scene, publish={"webcam": Green()})


@rule("L-MEDIA-11")
def test_a_publisher_that_is_silent_can_be_followed():
    async def scene(url):
        async with client(url) as own:
            first = own.link(await own.start())
            await first.open(publish={"webcam": Still()})
            second = await another(own)
            await second.open(publish={"webcam": Green()})
            assert "error" not in await first.publish("webcam")
            refused = await second.publish("webcam", "early")
            assert refused["error"]["code"] == "publish_refused"
            async with asyncio.timeout(20):
                while "error" in await second.publish("webcam", "later"):
                    first.say("runtime", "ping")
                    second.say("runtime", "ping")
                    await asyncio.sleep(0.5)
            await second.until(lambda: second.frames and second.pixel()[1] > 150)
            await own.stop()

    with serving() as server:
        asyncio.run(scene(server.url))


def test_a_client_of_the_flat_routes_publishes_by_sending(meet):
    async def scene(own, link):
        await link.until(lambda: link.frames and link.pixel()[1] > 150)

    meet(scene, labels=("data",), flat=True, publish={"webcam": Green()})
