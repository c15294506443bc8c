"""Frames that nobody wrote down: almost-frames of one sentence, and the faulty one made small.

Each key (a kind of frame, a place in it, a flaw) is drawn a few times; sessions are shared, so that
each frame also shows whether the one before it left the session usable.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import Phase, given, seed
from hypothesis import strategies as st
from hypothesis.errors import HypothesisWarning

from risp.protocol.action.frames import Observation, SessionOpen
from risp.protocol.action.limits import OPEN_ANSWER_S
from risp.protocol.requirement import Requirement

from ..check import Case
from ..generate.malformed import AlmostFrame, by_key
from ..generate.sentences import SENTENCES
from ..peers.websocket import SLACK_S, OutOfTime, Peer
from ..transcript import Kind, Transcript
from ..verdict import DidNotInfer, NotSeen, Violation, Wavering
from .drawing import Found, bounded, hold_each

ROUNDS = 3
"""How often each key is drawn; the first draw is the simplest there is."""
ATTEMPTS = 60
"""Frames that are sent to make a faulty one smaller, at most."""
SMALLER_S = 10.0
"""Seconds for the same, at most: a target that does not answer makes each attempt long."""


@dataclass
class Talk:
    """Sends almost-frames on sessions that are opened when they are needed."""

    case: Case
    shared: Peer | None = None
    sent: list[AlmostFrame] = field(default_factory=list[AlmostFrame])

    def say(self, one: AlmostFrame) -> None:
        """Send a frame, which must be answered as it earns; raises Violation."""
        self.sent.append(one)
        if one.frame is SessionOpen:
            peer = self.case.connect()
        else:
            if self.shared is None or self.shared.is_gone:
                self.shared = self.case.opened()
            peer = self.shared
        self._put(peer, one)
        if one.closes is not None:
            peer.over = True
            peer.expect_close(one.closes)
        elif one.earns is not None:
            within = OPEN_ANSWER_S + SLACK_S if one.frame is SessionOpen else peer.answer_s
            peer.expect_error(one.earns, within, hint=f"{one.flaw} at {one.pointer or 'the whole'}")
        elif one.frame is SessionOpen:
            peer.ready = peer.expect("session.ready", OPEN_ANSWER_S + SLACK_S)
        else:
            peer.expect("action_chunk", seq=peer.seq)
        if peer is not self.shared and not peer.is_gone:
            peer.send_close()

    def _put(self, peer: Peer, one: AlmostFrame) -> None:
        if one.frame is Observation:
            peer.seq += 1
        text, events = one.at(peer.seq), self.case.transcript.events
        at = len(events)
        if one.closes is not None or one.earns is None:
            peer.send_bytes(Kind.TEXT, text)
        else:
            peer.send_wrong(text, one.earns)
        if at < len(events):
            closes = {"closes": one.closes} if one.closes is not None else {}
            is_what = {"frame": one.frame.tag(), "flaw": one.flaw, "pointer": one.pointer}
            events[at].info.update(earns=one.earns, rule=one.rule.id, **is_what, **closes)


def explore(case: Case, rule: Requirement) -> None:
    """Raise Violation with the smallest frame found that is not answered as the rule says."""
    if rule.id in case.broken:
        raise NotSeen(f"{rule.id} is broken, as another conversation shows")
    strategies = {k: s for k, s in by_key(case.subject).items() if SENTENCES[k] is rule}
    if not strategies:
        raise NotSeen("no frame of this kind can be made for this target")
    number = case.rng.getrandbits(64)
    talk = Talk(case.aside())
    failed: list[tuple[Any, Violation]] = []
    passing: DidNotInfer | None = None
    seen = 0

    def say(drawn: tuple[AlmostFrame, ...]) -> None:
        nonlocal passing, seen
        if failed:
            raise Found  # Hypothesis holds its example once more: that is no second opinion.
        for key, one in zip(strategies, drawn, strict=True):
            try:
                talk.say(one)
                seen += 1
            except Violation as violation:
                failed.append((key, violation))
                raise Found from None
            except DidNotInfer as cause:
                passing = cause  # It says nothing about the frame.

    try:
        _draw(st.tuples(*strategies.values()), say, number, ROUNDS)
    finally:
        _let_go(talk)
        if not failed:
            case.enter(talk.case.transcript)
    if not failed:
        if passing is not None and not seen:
            raise passing
        return
    key, violation = failed[0]
    smallest = _smallest(case, strategies[key], number) or _again(case, talk, violation)
    case.leave(smallest[1])
    raise smallest[0]


def _draw(strategy: st.SearchStrategy[Any], hold: Callable[[Any], None], number: int, count: int,
          *phases: Phase) -> None:  # fmt: skip
    hold_each(lambda take: _search(strategy, take, number, count, *phases), hold)


def _search(strategy: st.SearchStrategy[Any], take: Callable[[Any], None], number: int, count: int,
            *phases: Phase) -> None:  # fmt: skip
    @seed(number)
    @bounded(count, *phases)
    @given(strategy)
    def hold(drawn: Any) -> None:
        take(drawn)

    # It would complain that the words for a frame are many, where one is too big on purpose.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HypothesisWarning)
        hold()


def _smallest(
    case: Case, strategy: st.SearchStrategy[AlmostFrame], number: int
) -> tuple[Violation, Transcript] | None:
    """The smallest frame that fails twice on a session of its own, and its conversation."""
    best: tuple[Violation, Transcript] | None = None
    left, until = ATTEMPTS, case.clock() + SMALLER_S

    def take(one: AlmostFrame) -> None:
        nonlocal best, left
        if left <= 0 or case.clock() > until:
            return
        left -= 2
        if _alone(case, [one])[0] is None:
            return
        violation, transcript = _alone(case, [one])
        if violation is not None:
            best = violation, transcript
            raise Found

    _draw(strategy, take, number, 20, Phase.shrink)
    return best


def _alone(case: Case, frames: list[AlmostFrame]) -> tuple[Violation | None, Transcript]:
    talk = Talk(case.aside())
    try:
        for one in frames:
            talk.say(one)
    except Violation as violation:
        return violation, talk.case.transcript
    except NotSeen:
        pass
    finally:
        _let_go(talk)
    return None, talk.case.transcript


def _again(case: Case, talk: Talk, first: Violation) -> tuple[Violation, Transcript]:
    """What no frame shows alone: the whole series of them, held again."""
    violation, transcript = _alone(case, talk.sent)
    if violation is not None:
        return violation, transcript
    seen = f"{first.seen}, and no fault when the same was sent again"
    wavering = Wavering(first.expected, seen, at=first.at, pointer=first.pointer)
    return wavering, talk.case.transcript


def _let_go(talk: Talk) -> None:
    """End the sessions as they should be ended."""
    for peer in talk.case.peers:
        try:
            if not peer.over and not peer.is_gone:
                peer.close_session()
                peer.next(SLACK_S)
        except (NotSeen, OutOfTime):
            pass
        finally:
            peer.release()
