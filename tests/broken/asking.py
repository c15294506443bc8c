"""Conversations that the kit itself does not hold, in which odd servers show what is odd.

None of them judges; the monitors do, and whoever forbids the oddity.
"""

from risp.conformance.check import ALL_CAPABILITIES, Case
from risp.protocol.action.limits import REMEMBERED_CHUNKS


def hesitates(case: Case) -> None:
    """Wait a moment before the first frame."""
    peer = case.connect()
    peer.next(0.1)
    peer.send(case.open_frame())
    peer.next()


def reuses_seq(case: Case) -> None:
    """Use a `seq` again after a malformed observation, and after one of another width."""
    peer = case.opened()
    peer.observe(seq=0)
    peer.send_wrong(peer.observation(seq=3) | {"state": "x"}, "invalid_observation")
    peer.next()
    peer.send_observation(seq=3)
    peer.next()
    peer.send_observation(seq=7, state=[0.0] * (case.subject.state_width + 1))
    peer.next()
    peer.send_observation(seq=7)
    peer.next()


def says_it_twice(case: Case) -> None:
    """Observe the same twice, and as two requests."""
    peer = case.opened()
    content = peer.observation()
    peer.observe(**content)
    peer.observe(**content | {"seq": content["seq"] + 1})


def lists_everything(case: Case) -> None:
    """Open with every capability, and observe."""
    case.opened(capabilities=list(ALL_CAPABILITIES)).observe()


def asks_for_many(case: Case) -> None:
    """Make more requests than must be remembered, and use the first id for something else."""
    peer = case.opened()
    for number in range(REMEMBERED_CHUNKS + 1):
        peer.observe(request_id=f"request-{number}")
    peer.send_observation(request_id="request-0")
    peer.next()


def opens_three(case: Case) -> None:
    """Hold three sessions at a time."""
    for _ in range(3):
        case.opened()


def wants_tensors(case: Case) -> None:
    """Have six chunks as tensors."""
    peer = case.opened(capabilities=["tensor_b64"])
    for _ in range(6):
        peer.observe()


def overtakes_what_is_old(case: Case) -> None:
    """In `latest`, keep the policy busy, and overtake an observation that is too old at once."""
    peer = case.opened(queue="latest", capabilities=["max_age"])
    for age in (None, 0, None):
        peer.send_observation(max_age_ms=age)
    for _ in range(3):
        peer.next()


ASKED = (
    hesitates,
    reuses_seq,
    says_it_twice,
    lists_everything,
    asks_for_many,
    opens_three,
    wants_tensors,
    overtakes_what_is_old,
)
"""All of them."""
