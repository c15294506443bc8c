"""Tokens and sessions together, on the wire of a server with keys."""

import asyncio
import json

import pytest

from risp.protocol.live.limits import MAX_BODY_BYTES
from tests.live_client import client
from tests.live_server import KEY, serving

rule = pytest.mark.requirement


@pytest.fixture(scope="module")
def hosted():
    with serving("--key", KEY, "--key", "another") as server:
        yield server


async def token(own, key=KEY, **request):
    answer = await own.http.post("/tokens", headers={"Reactor-API-Key": key}, json=request)
    assert answer.status_code == 200, answer.text
    return f"Bearer {answer.json()['jwt']}"


@rule("L-TOKEN-8")
@rule("L-TOKEN-10")
@rule("L-TOKEN-12")
def test_a_session_outlives_its_token_and_belongs_to_the_key(hosted):
    async def scene():
        async with client(hosted.url) as own:
            own.http.headers["Authorization"] = short = await token(own, expires_after=2)
            link = own.link(await own.create())
            await link.open()
            await asyncio.sleep(2.5)
            late = await own.http.get(f"/sessions/{link.session}")
            assert (late.status_code, late.json()["code"]) == (401, "unauthorized")
            assert (await link.state())["seed"] == 42
            own.http.headers["Authorization"] = other = await token(own)
            assert other != short
            assert (await own.poll(link.session))["state"] == "ACTIVE"
            own.http.headers["Authorization"] = await token(own, "another")
            foreign = await own.http.get(f"/sessions/{link.session}")
            assert (foreign.status_code, foreign.json()["code"]) == (404, "unknown_session")
            own.http.headers["Authorization"] = other
            assert (await own.http.delete(f"/sessions/{link.session}")).status_code == 204

    asyncio.run(scene())


@rule("L-HTTP-11")
def test_a_body_of_the_size_that_every_server_takes_is_taken(hosted):
    async def scene():
        async with client(hosted.url) as own:
            body = json.dumps({"expires_after": 60, "padding": ""})
            padded = body.replace('""', '"' + "x" * (MAX_BODY_BYTES - len(body)) + '"')
            assert len(padded) == MAX_BODY_BYTES
            for content, status in ((padded, 200), (padded + " ", 413)):
                headers = {"Reactor-API-Key": KEY}
                answer = await own.http.post("/tokens", headers=headers, content=content)
                assert answer.status_code == status

    asyncio.run(scene())


def test_sessions_made_and_ended_as_fast_as_can_be_leave_the_server_as_it_was(hosted):
    async def scene():
        async with client(hosted.url) as own:
            own.http.headers["Authorization"] = await token(own)

            async def one():
                made = await own.http.post("/sessions", json={"model": {"name": "probe"}})
                assert made.status_code == 201, made.text
                path = f"/sessions/{made.json()['session_id']}"
                assert (await own.http.delete(path)).status_code == 204

            await asyncio.gather(*(one() for _ in range(30)))
            link = own.link(await own.create())
            await link.open()
            assert (await link.state())["seed"] == 42
            await own.http.delete(f"/sessions/{link.session}")

    asyncio.run(scene())
