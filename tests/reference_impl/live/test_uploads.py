"""The files of one session."""

import asyncio
import stat
from pathlib import Path

import pytest

from risp.protocol.live.bodies import UploadRequest
from risp.reference_impl.live.refusal import Refusal
from risp.reference_impl.live.settings import LiveSettings
from risp.reference_impl.live.uploads import Uploads, harmless

BASE = "http://127.0.0.1:8080"


class Desk:
    """Uploads with a clock that stands."""

    def __init__(self, **settings):
        self.now = 0.0
        self.uploads = Uploads(LiveSettings(**settings), "sid", lambda: self.now)

    def reserve(self, size=3, name="a.png", **members):
        request = UploadRequest(name=name, size=size, mime_type="image/png", **members)
        place = self.uploads.reserve(request, BASE)
        return place, place.presigned_url.rpartition("/")[2]

    async def put(self, secret, *chunks):
        place = self.uploads.find(secret)
        if place is None:
            raise Refusal("unknown_upload", "")
        await place.receive(each(*chunks))

    @property
    def folder(self):
        return self.uploads._folder


async def each(*chunks):
    for chunk in chunks:
        yield chunk


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    desk = Desk()
    yield desk
    desk.uploads.close()
    assert list(tmp_path.iterdir()) == []


async def refused(work):
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value.code.code


def refusal(call, *arguments, **members):
    with pytest.raises(Refusal) as caught:
        call(*arguments, **members)
    return caught.value


@pytest.mark.requirement("L-UP-1")
@pytest.mark.requirement("L-UP-2")
def test_a_place_has_an_id_and_a_url_that_nobody_can_guess(desk):
    one, secret = desk.reserve(name="photo.png")
    other, _ = desk.reserve()
    assert one.path == f"sessions/sid/uploads/{one.presigned_id}/photo.png"
    assert one.presigned_url == f"{BASE}/uploads/{secret}"
    assert one.presigned_id not in one.presigned_url
    assert len(secret) * 6 >= 120
    assert one.presigned_url != other.presigned_url
    assert one.presigned_id != other.presigned_id


@pytest.mark.requirement("L-UP-3")
def test_a_file_is_taken_once_and_is_there_with_all_that_was_said_of_it(desk):
    place, secret = desk.reserve(5)

    async def run():
        await desk.put(secret, b"ab", b"", b"cde")
        return await refused(desk.put(secret, b"abcde"))

    assert desk.uploads.get(place.presigned_id) is None
    assert asyncio.run(run()) == "already_uploaded"
    file = desk.uploads.get(place.presigned_id)
    assert file is not None
    assert (file.name, file.mime_type, file.size) == ("a.png", "image/png", 5)
    assert (file.upload_id, file.data) == (place.presigned_id, b"abcde")


def test_a_large_file_is_written_as_it_comes(desk):
    chunk = bytes(range(256)) * 256
    place, secret = desk.reserve(len(chunk) * 20)
    asyncio.run(desk.put(secret, *([chunk] * 20)))
    assert desk.uploads.get(place.presigned_id).data == chunk * 20


@pytest.mark.requirement("L-UP-4")
def test_a_wrong_number_of_bytes_is_refused_and_may_be_mended(desk):
    place, secret = desk.reserve(3)

    async def run():
        assert await refused(desk.put(secret, b"ab")) == "wrong_length"
        assert await refused(desk.put(secret, b"ab", b"cd")) == "wrong_length"
        assert await refused(desk.put(secret)) == "wrong_length"
        assert list(desk.folder.iterdir()) == []
        await desk.put(secret, b"abc")

    asyncio.run(run())
    assert desk.uploads.get(place.presigned_id).data == b"abc"


def test_nothing_is_read_past_the_announced_size(desk):
    _, secret = desk.reserve(3)
    read = []

    async def endless():
        while True:
            read.append(1)
            yield b"xx"

    async def run():
        return await refused(desk.uploads.find(secret).receive(endless()))

    assert asyncio.run(run()) == "wrong_length"
    assert len(read) == 2


def test_a_second_put_is_refused_while_the_first_is_on_its_way_and_a_cut_one_may_be_sent_again(
    desk,
):
    place, secret = desk.reserve(3)

    async def run():
        go = asyncio.Event()

        async def slow():
            yield b"a"
            await go.wait()
            yield b"bc"

        first = asyncio.create_task(desk.uploads.find(secret).receive(slow()))
        await asyncio.sleep(0.05)
        assert await refused(desk.put(secret, b"abc")) == "already_uploaded"
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert list(desk.folder.iterdir()) == []
        await desk.put(secret, b"xyz")

    asyncio.run(run())
    assert desk.uploads.get(place.presigned_id).data == b"xyz"


@pytest.mark.requirement("L-UP-9")
@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "..", ".", "a\x00b", "a\nb", "ä ö", "C:\\x", "x" * 255],
)
def test_a_name_is_never_a_path(desk, name):
    place, secret = desk.reserve(3, name=name, upload_id=name)
    asyncio.run(desk.put(secret, b"abc"))
    (kept,) = desk.folder.iterdir()
    assert kept.name.isalnum()
    assert desk.uploads.get(name).name == name
    parts = Path(place.path).parts
    assert parts[:3] == ("sessions", "sid", "uploads")
    assert len(parts) == 5
    assert all(part == harmless(part) for part in parts[3:])


def test_only_this_user_may_look_into_the_folder(desk):
    _, secret = desk.reserve(3)
    assert desk.folder is None, "it is made when it is needed"
    asyncio.run(desk.put(secret, b"abc"))
    assert stat.S_IMODE(desk.folder.stat().st_mode) == 0o700


@pytest.mark.requirement("L-UP-5")
def test_a_file_that_is_too_large_is_refused_at_its_reservation():
    desk = Desk(max_upload_bytes=10, max_session_upload_bytes=25)
    assert refusal(desk.reserve, 11).code.code == "too_large"
    desk.reserve(10)
    desk.reserve(10)
    full = refusal(desk.reserve, 10)
    assert (full.code.code, full.retry_after_s) == ("too_many_uploads", 5)
    desk.reserve(5)


def test_so_many_uploads_and_no_more_until_places_end():
    desk = Desk(max_uploads=2)
    desk.reserve()
    desk.reserve()
    assert refusal(desk.reserve).status == 429
    desk.now = 901
    desk.reserve()


@pytest.mark.requirement("L-UP-14")
def test_an_id_that_is_taken_is_refused(desk):
    place, _ = desk.reserve(upload_id="mine")
    assert place.presigned_id == "mine"
    assert refusal(desk.reserve, upload_id="mine").code.code == "upload_reserved"


@pytest.mark.requirement("L-UP-7")
def test_a_place_ends_after_its_time_also_for_what_is_on_its_way(desk):
    _, secret = desk.reserve()
    _, late = desk.reserve()

    async def slow():
        yield b"ab"
        desk.now = 901.0
        yield b"c"

    desk.now = 900.0
    place = desk.uploads.find(late)

    async def run():
        assert await refused(place.receive(slow())) == "unknown_upload"
        assert await refused(desk.put(secret, b"abc")) == "unknown_upload"

    asyncio.run(run())


@pytest.mark.requirement("L-UP-11")
def test_a_file_is_waited_for(desk):
    place, secret = desk.reserve()

    async def run():
        waiting = asyncio.create_task(desk.uploads.wait(place.presigned_id, 5))
        await asyncio.sleep(0.01)
        await desk.put(secret, b"abc")
        there = await waiting
        return there, await desk.uploads.wait(place.presigned_id, 0)

    one, again = asyncio.run(run())
    assert one is again is desk.uploads.get(place.presigned_id)


@pytest.mark.requirement("L-UP-12")
def test_a_file_that_does_not_come_or_is_unknown_is_not_waited_for_longer(desk):
    place, _ = desk.reserve()

    async def run():
        assert await desk.uploads.wait("unknown", 60) is None
        assert await desk.uploads.wait(place.presigned_id, 0.01) is None

    asyncio.run(asyncio.wait_for(run(), 5))


@pytest.mark.requirement("L-UP-8")
def test_the_end_of_the_session_deletes_everything_and_lets_nobody_wait(desk):
    kept, secret = desk.reserve()
    awaited, later = desk.reserve()

    async def run():
        await desk.put(secret, b"abc")
        folder = desk.folder
        waiting = asyncio.create_task(desk.uploads.wait(awaited.presigned_id, 60))
        await asyncio.sleep(0.01)
        receiving = desk.uploads.find(later)

        async def cut():
            yield b"ab"
            await asyncio.to_thread(desk.uploads.close)
            yield b"c"

        assert await refused(receiving.receive(cut())) == "unknown_upload"
        assert await waiting is None
        assert not folder.exists()
        desk.uploads.close()

    asyncio.run(asyncio.wait_for(run(), 5))
    assert desk.uploads.get(kept.presigned_id) is None
    assert desk.uploads.find(secret) is None
    assert refusal(desk.reserve).code.code == "session_closed"
