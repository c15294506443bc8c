"""The error table against the design's, written out again on purpose."""

import pytest

from risp.protocol.action.codes import CODES, find

DESIGN = {
    (False, False, ()): "bad_frame unknown_type already_open invalid_observation invalid_image "
    "out_of_order duplicate_request",
    (False, True, ()): "too_many_in_flight rate_limited inference_failed budget_exceeded "
    "shutting_down",
    (True, False, (1008, 1002)): "not_open",
    (True, False, (1008,)): "invalid_open unknown_model unknown_lora unknown_adapter",
    (True, True, (1013,)): "unavailable",
    (True, True, (1001,)): "idle_timeout",
    (True, True, (1011,)): "internal",
}


def test_the_table_is_the_design_s():
    due = {code: means for means, codes in DESIGN.items() for code in codes.split()}
    assert {c.code: (c.fatal, c.retryable, c.close) for c in CODES.values()} == due


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.code)
def test_a_code_closes_only_if_it_is_fatal_and_says_what_to_do(code):
    assert bool(code.close) == code.fatal
    assert code.meaning.endswith(".")
    assert code.remedy.endswith(".")


def test_a_vendor_s_code_is_in_no_table():
    assert find("x_ours") is None
    assert find("bad_frame") is CODES["bad_frame"]
