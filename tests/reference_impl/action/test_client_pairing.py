"""The books by themselves: what a wire would need a thousand frames to show."""

from risp.reference_impl.action.pairing import Pairing


def test_observations_that_are_never_answered_do_not_pile_up():
    pairing = Pairing()
    pairing.room = None
    for seq in range(3000):
        pairing.sent(seq)
    assert (pairing.answered(0), pairing.answered(2999)) == (False, True)
    assert sum(pairing.answered(seq) for seq in range(3000)) == 1023


def test_an_answer_counts_once():
    pairing = Pairing()
    pairing.sent(0)
    assert [pairing.answered(seq) for seq in (0, 0, None)] == [True, False, False]


def test_a_wait_in_vain_gives_up_only_what_a_later_observation_replaces():
    pairing = Pairing()
    pairing.waited_in_vain()
    pairing.sent(0)
    assert pairing.awaits
    pairing.waited_in_vain()
    assert pairing.awaits
    pairing.sent(1)
    pairing.sent(2)
    assert [pairing.answered(seq) for seq in range(3)] == [False, True, True]
    assert not pairing.awaits
