"""Uploads on the wire: reserved, put, told of, used."""

import asyncio
import time

import pytest

rule = pytest.mark.requirement


def kinds(messages):
    return [message["data"]["type"] for message in messages]


async def reserve(own, link, **changes):
    body = {"name": "photo.png", "size": 3, "mime_type": "image/png", **changes}
    return await own.http.post(f"/sessions/{link.session}/uploads", json=body)


def reference(place, **changes):
    return {
        "upload_id": place["presigned_id"],
        "name": "photo.png",
        "mime_type": "image/png",
        "size": 3,
        **changes,
    }


@rule("L-UP-1")
@rule("L-UP-2")
@rule("L-UP-3")
@rule("L-UP-4")
@rule("L-UP-10")
def test_a_file_is_put_once_and_used(meet):
    async def scene(own, link):
        answer = await reserve(own, link)
        assert answer.status_code == 201
        place = answer.json()
        assert place["presigned_url"].startswith(str(own.http.base_url).rstrip("/"))
        for wrong in (b"ab", b"abcd", b""):
            refused = await own.http.put(place["presigned_url"], content=wrong)
            assert (refused.status_code, refused.json()["code"]) == (400, "wrong_length")
        assert (await own.http.put(place["presigned_url"], content=b"abc")).status_code == 200
        twice = await own.http.put(place["presigned_url"], content=b"abc")
        assert (twice.status_code, twice.json()["code"]) == (409, "already_uploaded")
        link.say("runtime", "fileUploaded", reference(place))
        link.say("application", "set_image", {"caption": "c"}, uploads={"image": reference(place)})
        (reply,) = await link.fenced()
        assert reply["data"]["data"] == {"file_name": "photo.png", "size": 3, "first": ord("a")}

    meet(scene)


@rule("L-UP-6")
@rule("L-UP-8")
def test_there_is_no_place_that_was_not_reserved_or_whose_session_has_ended(meet):
    async def scene(own, link):
        nobody = await own.http.put("/uploads/nobody", content=b"abc")
        assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown_upload")
        place = (await reserve(own, link)).json()
        by_id = await own.http.put(f"/uploads/{place['presigned_id']}", content=b"abc")
        assert by_id.status_code == 404, "the id is no secret"
        await own.stop()
        late = await own.http.put(place["presigned_url"], content=b"abc")
        assert (late.status_code, late.json()["code"]) == (404, "unknown_upload")

    meet(scene)


@rule("L-UP-9")
@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b\\c", "..", "\x00\x1b[31m", "ß" * 200])
def test_a_name_is_never_a_path(meet, name):
    async def scene(own, link):
        place = (await reserve(own, link, name=name)).json()
        assert {"", ".", ".."}.isdisjoint(place["path"].split("/"))
        assert len(place["path"].split("/")) == 5
        assert (await own.http.put(place["presigned_url"], content=b"abc")).status_code == 200
        link.say("application", "set_image", {}, uploads={"image": reference(place)})
        (reply,) = await link.fenced()
        assert reply["data"]["data"]["file_name"] == name

    meet(scene)


@rule("L-UP-11")
def test_a_command_waits_for_its_file_and_holds_up_nobody(meet):
    async def scene(own, link):
        place = (await reserve(own, link)).json()
        link.say(
            "application", "set_image", {}, uploads={"image": reference(place)}, request_id="late"
        )
        assert kinds(await link.ask("get_state")) == ["snapshot"]
        await asyncio.sleep(0.3)
        assert "got" not in kinds(link.messages)
        await own.http.put(place["presigned_url"], content=b"abc")
        await link.until(lambda: "got" in kinds(link.messages))
        assert link.messages[-1]["data"]["request_id"] == "late"

    meet(scene)


@pytest.mark.slow
@rule("L-UP-11")
@rule("L-UP-12")
def test_a_command_whose_file_does_not_come_is_refused_after_its_time(meet):
    async def scene(own, link):
        place = (await reserve(own, link)).json()
        started = time.monotonic()
        link.say("application", "set_image", {}, uploads={"image": reference(place)})
        await link.until(lambda: "commandRejected" in kinds(link.messages), within=13)
        assert time.monotonic() - started >= 9.5
        said = link.messages[-1]["data"]["data"]
        assert (said["code"], said["param"]) == ("unresolved_upload", "image")

    meet(scene)


@rule("L-UP-12")
def test_a_file_that_was_never_reserved_is_refused_at_once(meet):
    async def scene(own, link):
        unknown = reference({"presigned_id": "nobody"})
        link.say("application", "set_image", {}, uploads={"image": unknown})
        await link.until(lambda: "commandRejected" in kinds(link.messages), within=1)
        assert link.messages[-1]["data"]["data"]["code"] == "unresolved_upload"

    meet(scene)


@rule("L-UP-5")
@rule("L-UP-14")
def test_what_is_too_large_or_taken_is_refused(meet):
    async def scene(own, link):
        huge = await reserve(own, link, size=2**50)
        assert (huge.status_code, huge.json()["code"]) == (413, "too_large")
        assert (await reserve(own, link, upload_id="mine")).status_code == 201
        twice = await reserve(own, link, upload_id="mine")
        assert (twice.status_code, twice.json()["code"]) == (409, "upload_reserved")

    meet(scene)
