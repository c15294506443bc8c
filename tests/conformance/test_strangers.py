"""Servers that are wrong where the published sentences alone led someone: the kit sees each."""

from __future__ import annotations

import pytest

from risp.conformance.verdict import Verdict
from tests.broken.catalogue import PLAIN
from tests.broken.court import trial
from tests.strangers.servers import STRANGERS, Stranger


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda one: one.server_class.__name__)
def test_a_stranger_is_seen(stranger: Stranger) -> None:
    finished = trial(stranger.server_class, PLAIN).finished
    (judged,) = [one for one in finished.requirements if one.requirement.id == stranger.breaks]
    assert judged.verdict is Verdict.FAIL, stranger.shows
