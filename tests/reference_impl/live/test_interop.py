"""Our client with a server that nobody here wrote, and with ours in all its ways: item by item."""

import asyncio
from contextlib import ExitStack
from functools import cache

import pytest

from risp.reference_impl.live.client.failures import LiveError
from tests.peers.applications import Meeting
from tests.peers.places import PLACES
from tests.peers.runtime import need_runtime

from .interop import MEETINGS, STEPS, hold, lacks, pauses

DEFAULT = pytest.mark.filterwarnings("default")  # a stranger's warnings are the stranger's
ITEMS = [
    pytest.param(
        *meeting,
        step,
        id="-".join((*meeting, step.__name__)),
        marks=DEFAULT if "deployed" in meeting else (),
    )
    for meeting in MEETINGS
    for step in STEPS
    if not lacks(*meeting, step)
]


@pytest.fixture(scope="module")
def place_called():
    """A server by its name, started when it is first asked for."""
    with ExitStack() as held:

        @cache
        def start(name):
            if name == "runtime":
                need_runtime()
            return held.enter_context(PLACES[name]())

        yield start


@pytest.mark.parametrize(("client", "name", "step"), ITEMS)
def test_the_two_understand_each_other(place_called, client, name, step):
    asyncio.run(hold(client, place_called(name), step))


def test_where_nothing_can_be_paused_our_client_says_so(place_called):
    with pytest.raises(LiveError) as told:
        asyncio.run(pauses(Meeting("ours", place_called("flat"))))
    assert told.value.code == "unsupported"
