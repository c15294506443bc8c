"""Verdicts, deadlines and exit codes, with checks and servers made for the purpose."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from risp.conformance import check as registry
from risp.conformance.check import Case, Check
from risp.conformance.diagnosis import Diagnosis, Exit
from risp.conformance.peers.websocket import KitError
from risp.conformance.runner import Options, Run
from risp.conformance.selection import Selection
from risp.conformance.verdict import DidNotInfer, Inconclusive, NotSeen, Violation
from risp.protocol.action.requirements import handshake, opening
from tests.null_servers import answering, null_server
from tests.scripted_server import READY

from .conftest import KEY, run

ONLY = "made_up"


@contextlib.contextmanager
def a_check(script, requirement=opening.ALREADY_OPEN, timing=False):
    """Register one more check for a while."""
    name = f"{ONLY}.{script.__name__}"
    registry.CHECKS[name] = Check(name, (requirement,), script, timing)
    try:
        yield Options(key=KEY, selection=Selection(only=(name,)))
    finally:
        del registry.CHECKS[name]


def verdict_of(script, reference, **how):
    with a_check(script, **how) as options:
        kept = run(reference, options)
    (check,) = [c for name, c in kept.checks.items() if name.startswith(ONLY)]
    return kept.finished, check


def test_a_check_that_returns_has_passed(reference):
    finished, check = verdict_of(lambda case: None, reference)
    assert (check.verdict, finished.exit_code) == ("pass", 0)


def test_a_violation_of_a_must_fails_the_run(reference):
    def script(case: Case) -> None:
        raise Violation("this", "that", hint="mend it")

    finished, check = verdict_of(script, reference)
    assert (check.verdict, finished.exit_code) == ("fail", 1)
    (judged,) = finished.requirements
    (finding,) = judged.findings
    assert (finding.expected, finding.seen, finding.hint) == ("this", "that", "mend it")


def test_a_violation_of_a_should_only_warns(reference):
    def script(case: Case) -> None:
        raise Violation("this", "that")

    finished, check = verdict_of(script, reference, requirement=handshake.SELECT_JSON)
    assert (check.verdict, finished.exit_code) == ("warn", 0)


def test_a_check_that_did_not_see_its_event_leaves_the_run_incomplete(reference):
    def script(case: Case) -> None:
        raise NotSeen("the moon was down")

    finished, check = verdict_of(script, reference)
    assert (check.verdict, check.reason) == ("not-tested", "the moon was down")
    assert (finished.exit_code, finished.complete) == (3, False)


def test_inconclusive_is_neither_pass_nor_fail(reference):
    def script(case: Case) -> None:
        raise Inconclusive("too close")

    finished, check = verdict_of(script, reference)
    assert (check.verdict, finished.exit_code) == ("inconclusive", 3)


@pytest.mark.parametrize("error", [RuntimeError("oops"), KitError("wrong frame"), KeyError("x")])
def test_whatever_else_goes_wrong_is_the_kits_own_error(reference, error):
    def script(case: Case) -> None:
        raise error

    finished, check = verdict_of(script, reference)
    assert (check.verdict, finished.exit_code) == ("kit-error", 5)
    assert type(error).__name__ in check.reason


def test_a_kit_that_means_to_send_a_sound_frame_and_does_not_is_at_fault(reference):
    def script(case: Case) -> None:
        case.opened().send({"type": "observation", "seq": "zero", "state": []})

    finished, check = verdict_of(script, reference)
    assert (check.verdict, finished.exit_code) == ("kit-error", 5)


def test_a_kit_that_means_to_err_and_does_not_is_at_fault(reference):
    def script(case: Case) -> None:
        peer = case.opened()
        peer.send_wrong(peer.observation(), "bad_frame")

    assert verdict_of(script, reference)[1].verdict == "kit-error"


def test_what_shows_once_and_not_again_is_flaky_and_no_pass(reference):
    times = []

    def script(case: Case) -> None:
        times.append(1)
        if len(times) == 1:
            raise Violation("this", "that")

    finished, check = verdict_of(script, reference)
    assert (check.verdict, finished.exit_code, len(times)) == ("flaky", 1, 2)


def test_a_clock_that_decided_once_and_not_again_accuses_nobody(reference):
    times = []

    def script(case: Case) -> None:
        times.append(1)
        if len(times) == 1:
            raise Violation("in time", "late")

    finished, check = verdict_of(script, reference, timing=True)
    assert (check.verdict, check.retried, finished.exit_code) == ("pass", True, 0)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(("failures", "verdict"), [(2, "pass"), (3, "not-tested")])
def test_what_may_befall_any_observation_is_met_by_another_try_and_is_never_a_fault(
    reference, jobs, failures, verdict
):
    times = []

    def script(case: Case) -> None:
        times.append(1)
        # Held beside others, a check is held once more alone, whatever comes of it.
        if len(times) <= failures + jobs - 1:
            raise DidNotInfer("rate_limited")

    with a_check(script) as options:
        kept = run(reference, replace(options, jobs=jobs))
    (check,) = [c for name, c in kept.checks.items() if name.startswith(ONLY)]
    assert (check.verdict, len(times)) == (verdict, 3 + jobs - 1)
    assert check.findings == ()


def test_a_spent_budget_is_said_and_leaves_no_exit_0(reference):
    def script(case: Case) -> None:
        case.connect().event(within=600)

    with a_check(script) as options:
        finished = Run(
            reference, Options(KEY, selection=options.selection, budget_s=1.5), []
        ).execute()
    assert (finished.exit_code, finished.complete) == (3, False)
    assert finished.seconds < 10


def test_an_interrupted_run_tells_what_it_knows_and_does_not_end_with_0(reference):
    def script(case: Case) -> None:
        raise KeyboardInterrupt

    with a_check(script) as options:
        finished = Run(reference, options, []).execute()
    assert (finished.exit_code, finished.complete) == (3, False)
    assert finished.diagnosis is not None
    assert finished.diagnosis.message == "interrupted"


@pytest.mark.parametrize("jobs", ["1", "4"])
@pytest.mark.parametrize("until", ["starting", "it declares"])
def test_a_run_that_is_terminated_leaves_an_incomplete_report_and_no_target_behind(
    tmp_path, jobs, until
):
    report = tmp_path / "report.json"
    pid_file = tmp_path / "pid"
    serve = (
        "import os, pathlib, runpy, sys\n"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid()))\n"
        "sys.argv = ['x', 'serve', '--port', '0']\n"
        "runpy.run_module('risp.reference_impl', run_name='__main__')\n"
    )
    command = [sys.executable, "-m", "risp.command", "test", "--slow", "--jobs", jobs]
    process = subprocess.Popen(
        [*command, "--report", f"json={report}", "--", sys.executable, "-c", serve],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    if until != "starting":
        assert process.stdout is not None
        assert any(until in line for line in process.stdout)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == Exit.INCOMPLETE, out
    document = json.loads(report.read_text())
    assert (document["complete"], document["diagnosis"]) == (False, "interrupted")
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_a_target_that_speaks_but_takes_no_observation_is_incomplete_with_the_remedy():
    def answer(payload: bytes) -> bytes:
        frame = json.loads(payload)
        if frame["type"] == "session.open":
            return json.dumps(READY).encode()
        error = {
            "type": "error",
            "code": "invalid_observation",
            "message": "no",
            "seq": frame["seq"],
        }
        return json.dumps(error | {"fatal": False, "retryable": False}).encode()

    with serving(answering(answer)) as url:
        finished = run(url).finished
    assert finished.exit_code == Exit.INCOMPLETE
    assert finished.diagnosis is not None
    assert "no acceptable observation found" in finished.diagnosis.message
    assert "--observation FILE" in finished.diagnosis.hint


def test_a_target_that_goes_away_in_the_middle_gets_no_pass_for_the_rest():
    served = []

    def answer(payload: bytes) -> bytes:
        served.append(payload)
        if len(served) > 2:
            raise OSError("gone")
        frame = json.loads(payload)
        if frame["type"] == "session.open":
            return json.dumps(READY).encode()
        chunk = {"type": "action_chunk", "seq": frame["seq"], "actions": [[0.0]]}
        metadata = {"model": "m", "inference_ms": 1, "queue_ms": 0}
        return json.dumps(chunk | {"metadata": metadata}).encode()

    options = Options(selection=Selection(only=("observation.*", "closing.close")))
    with serving(answering(answer)) as url:
        finished = run(url, options).finished
    assert finished.exit_code in (Exit.VIOLATION, Exit.INCOMPLETE)
    assert not finished.complete


@contextlib.contextmanager
def serving(handler):
    from tests import null_servers

    null_servers.HANDLERS[ONLY] = handler
    try:
        with null_server(ONLY) as url:
            yield url
    finally:
        del null_servers.HANDLERS[ONLY]


def test_a_bad_address_is_a_usage_error_that_shows_a_good_one():
    with pytest.raises(Diagnosis, match="ws://host:port/v1/actions") as caught:
        Run("localhost:8080", Options(), [])
    assert caught.value.code is Exit.USAGE


def test_unknown_patterns_are_named():
    assert Selection(only=("A-OPEN-*", "A-NONE-*"), skip=("nothing",)).unknown() == [
        "A-NONE-*",
        "nothing",
    ]


def test_a_skipped_requirement_is_not_reported(reference):
    options = Options(key=KEY, selection=Selection(only=("opening",), skip=("A-OPEN-2?",)))
    ids = {one.requirement.id for one in run(reference, options).finished.requirements}
    assert "A-OPEN-2" in ids
    assert "A-OPEN-28" not in ids
