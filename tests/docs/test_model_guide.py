"""The models that the README and the guide print are served, and do what is said of them."""

import asyncio
import re

import pytest

from tests.live_client import client
from tests.live_server import serving
from tests.support import ROOT

PAGES = {"README.md": "brightness", "docs/guides/model.md": "file"}


def printed(page):
    text = (ROOT / page).read_text()
    blocks = re.findall(r"```python[^\n]*\n(.*?)```", text, re.DOTALL)
    (found,) = [one for one in blocks if "class Glow(LiveModel)" in one]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_printed_model_is_served(page, tmp_path):
    (tmp_path / "my_model.py").write_text(printed(page))

    async def scene(url):
        async with client(url) as own:
            link = own.link(await own.create("glow"))
            await link.open()
            await link.until(lambda: link.frames > 0 and 80 < link.pixel()[0] < 120)
            assert await link.ask("set_colour", {"colour": "blue"}) == []
            await link.until(lambda: 80 < link.pixel()[2] < 120)
            (refusal,) = await link.ask("set_brightness", {"brightness": 9})
            assert refusal["data"]["type"] == "commandRejected"
            if PAGES[page] != "file":
                return
            place = {"name": "a", "size": 3, "mime_type": "a/b"}
            file = (await own.http.post(f"/sessions/{link.session}/uploads", json=place)).json()
            await own.http.put(file["presigned_url"], content=b"abc")
            reference = {"upload_id": file["presigned_id"], **place}
            link.say("application", "set_file", {}, uploads={"file": reference})
            (reply,) = await link.fenced()
            assert reply["data"] == {"type": "got", "data": {"size": 3}}

    with serving(model="my_model:Glow", cwd=tmp_path) as server:
        asyncio.run(scene(server.url))
