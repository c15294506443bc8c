"""Law 5, a control: without its one override, a broken server keeps what it broke.

Else the override might not be what the court notices.
"""

import pytest

from risp.conformance.verdict import Verdict
from tests.broken import FAULTS, Fault
from tests.broken.court import narrow, trial

ONCE = {(f.sound, f.served, f.breaks.id, f.by, f.during): f for f in reversed(FAULTS)}
"""One fault of those that become the same server."""
CASES = [
    pytest.param(fault, id=fault.name, marks=[pytest.mark.slow] if fault.slow else [])
    for fault in ONCE.values()
]


@pytest.mark.parametrize("fault", CASES)
def test_without_its_override_the_same_server_keeps_what_it_broke(fault: Fault):
    held = trial(fault.sound, fault.served, narrow(fault))
    assert held.finished.diagnosis is None
    judged = held.of(fault.breaks)
    assert (judged.verdict, judged.findings) == (Verdict.PASS, ()), judged.reason
    assert set(fault.by) <= set(judged.checks)
