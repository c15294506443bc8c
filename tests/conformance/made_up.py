"""Runs that were never held, for reporters: every verdict, and a target with bad manners."""

from risp.conformance.diagnosis import Diagnosis, Exit
from risp.conformance.events import CheckFinished, RequirementJudged, RunFinished, RunStarted
from risp.conformance.transcript import Event, Kind, Transcript, Way
from risp.conformance.verdict import Finding, Verdict
from risp.protocol.action.requirements import action, closing, error, handshake, opening

NASTY = "a\x00\x1b[31m\x9b]]>\r\n::error::x\n##[error]y ```` </details> <b>|\ud800 \u202e\ufffe&é"
"""What a target may say to whoever reads its words."""
STARTED = RunStarted("ws://h:1/v1/actions", 7, slow=False)


def finding(rule, check="opening.second_open", seen=NASTY):
    return Finding(rule, check, "this", seen, at=1, pointer="/code", hint=f"mend {NASTY}")


def held(rule, check="opening.second_open"):
    """A check in which something was found."""
    events = [
        Event(0, 1, Way.OUT, Kind.TEXT, '{"type":"session.open"}'),
        Event(1, 1, Way.IN, Kind.TEXT, NASTY),
    ]
    transcript = Transcript(check, 0, "ws://h:1", events)
    found = (finding(rule, check),)
    return CheckFinished(check, "t", (rule,), Verdict.FAIL, "", found, transcript, 1.25)


def judged(rule, verdict, reason="", *found):
    return RequirementJudged(rule, verdict, reason, ("opening.second_open",), found)


EVERY = (
    judged(opening.ALREADY_OPEN, Verdict.FAIL, "", finding(opening.ALREADY_OPEN)),
    judged(opening.ANSWER_OPEN, Verdict.PASS),
    judged(opening.PROMPT_REQUIRED, Verdict.FLAKY, "", finding(opening.PROMPT_REQUIRED)),
    judged(handshake.SELECT_JSON, Verdict.WARN, "", finding(handshake.SELECT_JSON)),
    judged(handshake.UNKNOWN_PATH, Verdict.FLAKY, "", finding(handshake.UNKNOWN_PATH)),
    judged(closing.CLOSE, Verdict.NOT_TESTED, f"no session {NASTY}"),
    judged(error.NOT_JSON, Verdict.INCONCLUSIVE, "too close"),
    judged(opening.OPEN_IN_TIME, Verdict.NOT_TESTED, "needs --slow"),
    judged(action.FINITE, Verdict.NOT_APPLICABLE, "not declared"),
    judged(action.NOT_EMPTY, Verdict.KIT_ERROR, f"KeyError: {NASTY}"),
)
FINISHED = RunFinished(Exit.KIT_ERROR, False, EVERY, 12.5)
KEPT = RunFinished(Exit.CONFORMANT, True, EVERY[1:2], 0.5)
SPENT = RunFinished(Exit.INCOMPLETE, False, EVERY[1:2], 0.5)
DEAD = RunFinished(
    Exit.UNREACHABLE, False, (), 0.1, Diagnosis(Exit.UNREACHABLE, f"dead {NASTY}", hint="try")
)


def tell(reporter, finished):
    """Tell a reporter of a whole run."""
    for event in (STARTED, held(opening.ALREADY_OPEN), finished):
        reporter(event)
