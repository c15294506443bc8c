"""A client that nobody here wrote, unmodified, in both modes: item by item."""

import asyncio

import pytest

from tests.live_server import serving

from .deployed import MODES, STEPS

pytestmark = pytest.mark.filterwarnings("default")  # a stranger's warnings are the stranger's


@pytest.fixture(scope="module", params=list(MODES))
def place(request):
    with serving(*MODES[request.param]) as server:
        yield request.param, server


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_deployed_client_is_served(place, step):
    mode, server = place
    asyncio.run(step(mode, server))
