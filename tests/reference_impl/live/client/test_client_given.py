"""What a client is given: files, clocks, addresses and keys, also those of the environment."""

import asyncio

import pytest

from risp.reference_impl.live.client import LiveClient, Timeouts

from .misdeeds import says
from .scripted import KEY, Scripted
from .test_client_wire import ready, scene


@pytest.mark.parametrize("given", [b"", "missing", "folder", "text", 5, None])
def test_what_is_no_file_is_refused_before_anything_is_asked(given, tmp_path):
    async def main():
        async with scene() as (client, server):
            await ready(client, server)
            path = tmp_path / "notes.txt"
            path.write_text("notes")
            errors = {"missing": OSError, "folder": OSError, "text": TypeError, b"": ValueError}
            with path.open(encoding="utf-8") as text:
                files = {"missing": tmp_path / "none", "folder": tmp_path, "text": text}
                with pytest.raises(errors.get(given, TypeError)):
                    await client.upload_file(files.get(given, given))
            for wrong in ({"name": ""}, {"name": "x" * 256}, {"mime_type": "a\r\nb"}):
                with pytest.raises(ValueError, match=r"name|MIME"):
                    await client.upload_file(b"x", **wrong)
            assert not server.of("reserve")

    asyncio.run(main())


@pytest.mark.parametrize("body", [None, ""])
def test_an_answer_without_a_body_will_do_where_nothing_is_read(body):
    async def main():
        async with scene() as (client, server):
            server.faults["put"] = says(body)
            await ready(client, server)
            assert (await client.upload_file(b"abc")).size == 3

    asyncio.run(main())


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"model_name": ""}, ValueError),
        ({"api_url": None}, ValueError),
        ({"api_url": "127.0.0.1:8080"}, ValueError),
        ({"api_url": "ftp://127.0.0.1"}, ValueError),
        ({"api_url": "http://"}, ValueError),
        ({"api_url": "http://127.0.0.1:99999"}, ValueError),
        ({"api_url": "http://key@127.0.0.1"}, ValueError),
        ({"api_url": "http://127.0.0.1/?key=1"}, ValueError),
        ({"api_key": "a b"}, ValueError),
        ({"api_key": "a\r\nX-Other: b"}, ValueError),
        ({"api_key": "schlüssel"}, ValueError),
    ],
)
def test_what_cannot_be_used_is_refused_by_the_constructor(given, error, monkeypatch):
    for name in ("RISP_URL", "RISP_API_KEY", "RISP_LOCAL_URL"):
        monkeypatch.delenv(name, raising=False)
    usual = {"model_name": "probe", "api_key": KEY, "api_url": "http://127.0.0.1:1"}
    LiveClient(**usual)
    with pytest.raises(error):
        LiveClient(**{**usual, **given})


@pytest.mark.parametrize("wrong", [0, -1, float("nan")])
def test_clocks_are_greater_than_zero(wrong):
    with pytest.raises(ValueError, match="request_s"):
        Timeouts(request_s=wrong)


def test_the_environment_stands_for_what_is_left_out(monkeypatch):
    async def main():
        async with Scripted() as server:
            monkeypatch.setenv("RISP_URL", server.url.replace("http", "ws") + "/v1/actions")
            monkeypatch.setenv("RISP_API_KEY", "rk_of_the_environment")
            async with LiveClient("probe") as client:
                await ready(client, server)
            (token,) = server.of("token")[:1]
            assert token.headers["Reactor-API-Key"] == "rk_of_the_environment"
            monkeypatch.setenv("RISP_LOCAL_URL", server.url)
            async with LiveClient("probe", local=True) as client:
                await ready(client, server)
            assert server.of("start")

    asyncio.run(main())
