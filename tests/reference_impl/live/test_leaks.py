"""A server is, after sessions, as it was before them. What it takes in memory: tests/LIVE.md."""

import pytest

from tests.live_load import Held, hold_sessions, in_another, is_back, settled
from tests.live_models import Probe

from .here import served


@pytest.mark.requirement("L-SESS-23")
def test_sessions_in_a_row_leave_no_task_descriptor_thread_or_connection():
    with served(model=Probe) as here:
        url = str(here.http.base_url)
        in_another(hold_sessions, url, 2)  # threads that are there for good
        before = Held.by(here)
        in_another(hold_sessions, url, 8)
        after = settled(here, before)
        assert is_back(after, before), (before, after)
        assert after.peers == 0
