"""What a hostile client tries with offers and candidates."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from risp.protocol.live.model import Direction, Track
from risp.protocol.live.signaling import Candidate, Offer
from risp.reference_impl.live.refusal import Refusal
from risp.reference_impl.live.serving.offers import (
    MAX_CANDIDATES,
    MAX_LINES,
    MAX_SECTIONS,
    read_candidate,
    read_offer,
)
from risp.reference_impl.live.serving.peer import Peer
from tests.reference_impl.live.bad_input import SDP

rule = pytest.mark.requirement
TRACKS = (Track(name="main_video", direction=Direction.OUT),)
PLAIN = SDP.replace("\r\n", "\n")
VIDEO = PLAIN[PLAIN.index("m=video") : PLAIN.index("m=application")]
DATA = PLAIN[PLAIN.index("m=application") :]
MID = "a=mid:0\n"


def after_mid(lines):
    return PLAIN.replace(MID, MID + lines)


def formats(count):
    return "".join(f"a=rtpmap:{number % 96} x/90000\n" for number in range(count))


@rule("L-SIGNAL-10")
@rule("L-SIGNAL-28")
@pytest.mark.parametrize(
    "sdp",
    [
        pytest.param(after_mid("a=x\n" * MAX_LINES), id="lines"),
        pytest.param(
            PLAIN + "".join(VIDEO.replace("mid:0", f"mid:x{n}") for n in range(MAX_SECTIONS)),
            id="sections",
        ),
        # Each line of feedback would become an object for each format: two million of them.
        pytest.param(after_mid(formats(1400) + "a=rtcp-fb:* a\n" * 1400), id="feedback"),
        pytest.param(PLAIN.replace("BUNDLE 0 1", "BUNDLE 9 0 1"), id="bundle of nothing"),
        pytest.param(PLAIN.replace("BUNDLE 0 1", "BUNDLE 0 1 9"), id="bundle with nothing"),
        pytest.param(PLAIN.replace("mid:0", "mid:a b"), id="mid with a space"),
        pytest.param(PLAIN.replace("a=sctp-port:5000\n", ""), id="no port"),
        pytest.param(PLAIN.replace("port:5000", "port:0"), id="port 0"),
        pytest.param(PLAIN.replace("port:5000", "port:70000"), id="port 70000"),
        pytest.param(PLAIN.replace("port:5000", "port:-1"), id="port -1"),
        pytest.param(
            PLAIN.replace("UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP x"), id="old port"
        ),
        pytest.param(PLAIN + DATA.replace("mid:1", "mid:2"), id="two data sections"),
    ],
)
def test_an_offer_that_cannot_be_answered_or_would_take_long_is_refused_at_once(sdp):
    began = time.monotonic()
    with pytest.raises(Refusal) as caught:
        read_offer(Offer(sdp_offer=sdp), TRACKS)
    assert (caught.value.code.code, caught.value.param) == ("invalid_offer", "/sdp_offer")
    assert time.monotonic() - began < 1


def test_an_offer_of_a_browsers_size_and_one_of_the_old_kind_are_taken():
    large = after_mid(formats(60) + "a=rtcp-fb:97 nack\n" * 200)
    old = PLAIN.replace("UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5000")
    for sdp in (PLAIN, large, old.replace("a=sctp-port:5000\n", "")):
        assert read_offer(Offer(sdp_offer=sdp), TRACKS).primary == "0"
    alone = PLAIN.replace("a=group:BUNDLE 0 1\n", "")
    assert read_offer(Offer(sdp_offer=alone), TRACKS).primary is None


def candidate(address, port=9):
    return f"candidate:1 1 udp 2122194687 {address} {port} typ host"


NOWHERE = [
    ("0.0.0.0", 9),
    ("224.0.0.251", 9),
    ("ff02::1", 9),
    ("255.255.255.255", 9),
    ("192.0.2.2", 0),
    ("name.invalid", 9),
]


@rule("L-SIGNAL-19")
@rule("L-SIGNAL-29")
@pytest.mark.parametrize(("address", "port"), NOWHERE)
def test_candidates_that_lead_to_nobody_or_to_many_are_taken_and_not_used(address, port):
    line = candidate(address, port)
    assert read_candidate(Candidate(candidate=line, sdp_mid="0"), 0) is None
    kept = read_offer(Offer(sdp_offer=after_mid(f"a={line}\n")), TRACKS).sdp
    assert "a=candidate:" not in kept


@rule("L-SIGNAL-30")
def test_only_so_many_candidates_of_an_offer_are_sent_packets():
    lines = "".join(f"a={candidate('192.0.2.2', port)}\n" for port in range(1, 1000))
    kept = read_offer(Offer(sdp_offer=after_mid(lines)), TRACKS).sdp
    assert kept.count("a=candidate:") == MAX_CANDIDATES


def test_only_so_many_candidates_after_an_offer_are_sent_packets():
    async def scene():
        peer, added = Peer(SimpleNamespace(), ()), []

        async def add(one):
            added.append(one)

        peer._pc.addIceCandidate = add
        one = read_candidate(Candidate(candidate=candidate("192.0.2.2"), sdp_mid="0"), 0)
        for _ in range(MAX_CANDIDATES + 9):
            await peer.add(one)
        await peer.close()
        assert len(added) == MAX_CANDIDATES

    asyncio.run(scene())
