"""Every row of the table of faults is seen as it says, and the page is made from the table."""

import asyncio

import pytest

from .faults import FILE, ROWS, page, without_measured
from .playing import check, play


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_caller_sees_what_the_table_says(row):
    check(row, asyncio.run(play(row)))


def test_the_page_is_made_from_the_table():
    assert without_measured(FILE.read_text(encoding="utf-8")) == without_measured(page({}))


def test_what_is_measured_alone_does_not_change_the_page():
    other = page({row.name: 9.0 for row in ROWS})
    assert other != page({})
    assert without_measured(other) == without_measured(page({}))
