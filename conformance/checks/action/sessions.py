"""Whole sessions: conversations made from the state table, several at a time."""

from risp.protocol.action.requirements import closing

from ...check import Case, check
from ...exploring.quiet import leave_no_files


@check(closing.ISOLATED, waits_s=120, explores=True)  # to shorten takes up to 90 s
def whole_sessions(case: Case) -> None:
    """Hold conversations made from the state table, and look for one that shows a fault."""
    leave_no_files()
    from ...exploring.search import explore  # Hypothesis is heavy

    explore(case)
