"""Generated frames convict, too: for each sentence that they speak of, a server that breaks it."""

import pytest

from risp.conformance.check import CHECKS
from risp.conformance.generate.sentences import SENTENCES
from risp.conformance.verdict import Verdict
from tests.broken import FAULTS
from tests.broken.court import Narrow, trial, words

RULES = list(dict.fromkeys(SENTENCES.values()))


def name(rule):
    return f"frames.{rule.id.lower().replace('-', '_')}"


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_a_server_that_breaks_the_sentence_is_convicted_by_a_small_generated_frame(rule):
    tried = {}
    for fault in (fault for fault in FAULTS if fault.breaks is rule):
        held = trial(fault.server, fault.served, Narrow(rule=rule, held=(name(rule),)))
        finished = next(check for check in held.checks if check.name == name(rule))
        if finished.verdict in (Verdict.FAIL, Verdict.WARN):
            assert [finding.requirement for finding in finished.findings[:1]] == [rule]
            # Only what shows the fault is left, and the end of its connections.
            assert len(finished.transcript.channels) <= 2
            return
        tried[fault.name] = (finished.verdict, [words(one) for one in finished.findings])
    raise AssertionError(tried)


def test_every_sentence_has_its_check():
    assert {name(rule) for rule in RULES} == {one for one in CHECKS if one.startswith("frames.")}
