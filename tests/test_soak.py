"""The soak counts what it holds, says what that proves, and is honest when it is cut short."""

from risp.conformance.diagnosis import Diagnosis, Exit
from risp.conformance.events import CheckFinished, RunFinished
from risp.conformance.runner import INTERRUPTED
from risp.conformance.transcript import Transcript
from risp.conformance.verdict import Finding, Verdict
from risp.protocol.action.requirements import closing
from tests import soak as tested


def finished(verdict=Verdict.PASS, findings=(), retried=False):
    return CheckFinished(
        "closing.close", "t", (closing.CLOSE,), verdict, "", findings,
        Transcript("closing.close"), 0.1, retried,
    )  # fmt: skip


def counted(*events):
    soak = tested.Soak(1, 1, 1)
    for event in events:
        soak.whole.take(event)
    return soak


FINDING = Finding(closing.CLOSE, "closing.close", "this", "that")
KEPT = RunFinished(Exit.CONFORMANT, True, (), 1.0)


def test_what_is_kept_proves_a_bound():
    soak = counted(*[finished()] * 300, KEPT)
    assert soak.is_kept
    text = tested.table(soak, "abc1234")
    assert "| **all** | 300 | 0 | < 1.0e-02 | 0 | 0 | 0 | 300 | 0 |" in text
    assert "exit codes of the runs: 1 times 0" in text
    assert "accused by: nothing" in text
    assert "`abc1234`" in text


def test_an_accusation_is_counted_and_proves_no_bound():
    soak = counted(finished(Verdict.FLAKY, (FINDING,)), finished())
    assert not soak.is_kept
    text = tested.table(soak, "x")
    assert "| **all** | 2 | 1 | 1 in 2 | 1 |" in text
    assert "accused by: `closing.close` (1)" in text
    assert "undecided in: `closing.close` (1)" in text


def test_clocks_may_be_doubted_once_in_a_hundred_times():
    assert counted(finished(retried=True), *[finished()] * 99).is_kept
    assert not counted(finished(retried=True), *[finished()] * 98).is_kept


def test_the_slow_ones_are_left_out():
    names = {check.name for check in tested.timing_checks()}
    assert "closing.close" in names
    assert not names & {"limits.idle", "opening.open_in_time", "closing.close_by_another_name"}


def test_it_is_held_under_load_and_written(tmp_path, monkeypatch):
    only = [check for check in tested.timing_checks() if check.name == "closing.close"]
    monkeypatch.setattr(tested, "timing_checks", lambda: only)
    path = tmp_path / "SOAK.md"
    assert tested.main(["--runs", "0", "--times", "2", "--out", str(path)]) == 0
    assert "| `closing.close` alone | 2 | 0 |" in path.read_text()
    assert "Interrupted" not in path.read_text()


def test_what_is_interrupted_says_so_with_the_numbers_until_then(tmp_path, monkeypatch):
    stopped = Diagnosis(Exit.INCOMPLETE, INTERRUPTED)

    class Interrupted:
        def __init__(self, url, options, reporters):
            self.reporters = reporters

        def execute(self):
            for reporter in self.reporters:
                reporter(finished())
            return RunFinished(Exit.INCOMPLETE, False, (), 1.0, stopped)

    monkeypatch.setattr(tested, "Run", Interrupted)
    path = tmp_path / "SOAK.md"
    assert tested.main(["--runs", "3", "--times", "1", "--out", str(path)]) == 1
    assert "**Interrupted" in path.read_text()
    assert "| **all** | 1 | 0 |" in path.read_text()
