"""The reference before the court, as a stranger: by URL or by command, over the wire only."""

import subprocess
import sys

import pytest

from risp.conformance.runner import Options
from risp.conformance.selection import Selection
from risp.conformance.verdict import Verdict
from risp.protocol.action.profile import ACTION
from risp.protocol.requirement import Level, Role, Seen
from tests.support import spawn_server

from .conftest import KEY, run


def applicable_musts() -> set[str]:
    """What a run against a server with a key and every capability has to judge."""
    return {
        rule.id
        for rule in ACTION.requirements.values()
        if rule.role is Role.SERVER
        and rule.level is Level.MUST
        and rule.seen in (Seen.PROVOKED, Seen.DECLARED)
        and rule.needs not in ("keyless", "cameras", "only_fifo")
    }


def test_the_reference_keeps_every_must_that_applies_to_it(full_run):
    passed = {id_ for id_, verdict in full_run.verdicts().items() if verdict == "pass"}
    assert applicable_musts() <= passed
    assert full_run.finished.exit_code == 0
    assert full_run.finished.complete


def test_the_reference_follows_every_should(full_run):
    shoulds = [o for o in full_run.finished.requirements if o.requirement.level is Level.SHOULD]
    assert {one.requirement.id: one.verdict for one in shoulds} == {
        one.requirement.id: Verdict.PASS for one in shoulds
    }


def test_no_check_is_a_kit_error_and_none_had_to_be_repeated(full_run):
    wrong = {
        check.name: check.reason
        for check in full_run.checks.values()
        if check.verdict is Verdict.KIT_ERROR or check.findings
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--terse"],
        ["--without", "tensor_b64"],
        ["--without", "max_age"],
        ["--without", "queue_latest"],
        ["--without", "gpu_budget"],
        ["--without", "status"],
        ["--max-frame-bytes", "300000"],
        ["--max-in-flight", "64"],
        ["--answer-timeout-ms", "3000"],
        ["--path", "/some/where/else"],
    ],
    ids=" ".join,
)
def test_a_reference_that_declares_otherwise_is_held_to_that_and_conformant(arguments):
    with spawn_server(*arguments) as server:
        kept = run(server.url)
    failed = [o for o in kept.finished.requirements if o.verdict in (Verdict.FAIL, Verdict.FLAKY)]
    assert failed == []
    assert kept.finished.exit_code == 0


def test_what_is_not_declared_is_not_applicable_and_not_counted():
    with spawn_server("--without", "gpu_budget") as server:
        kept = run(server.url)
    assert kept.verdicts()["A-OBS-44"] == "not-applicable"
    assert kept.verdicts()["A-HAND-9"] == "not-applicable"


def test_the_same_seed_holds_the_same_conversations(reference):
    def said(kept):
        return {
            name: [e.text for e in t.events if e.way == "out" and e.frame_type == "observation"]
            for name, t in kept.transcripts.items()
            # Bursts grow until something is overtaken: how often depends on the target.
            if name != "queue.supersede"
        }

    options = Options(key=KEY, seed=7, selection=Selection(only=("observation", "retries.*")))
    first, second = run(reference, options), run(reference, options)
    assert said(first) == said(second)
    other = Options(key=KEY, seed=8, selection=Selection(only=("observation", "retries.*")))
    assert said(run(reference, other)) != said(first)


def test_without_its_key_the_target_is_not_judged_but_named(reference):
    kept = run(reference)
    assert kept.finished.exit_code == 4
    assert kept.finished.diagnosis is not None
    assert "wants a key" in kept.finished.diagnosis.message
    wrong = run(reference, Options(key="another"))
    assert wrong.finished.diagnosis is not None
    assert "refuses the key" in wrong.finished.diagnosis.message


def test_the_demo_command_ends_with_all_musts_kept():
    command = [
        *(sys.executable, "-m", "risp.command", "test", "--key", KEY, "--"),
        *(sys.executable, "-m", "risp.reference_impl", "serve", "--port", "0", "--key", KEY),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    due = len(applicable_musts())
    assert f"{due} of {due} MUSTs" in done.stdout
    assert "complete: true" in done.stdout
