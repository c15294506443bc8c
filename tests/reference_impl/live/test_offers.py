"""Offers and candidates: read at once, and refused at once with the place that is wrong."""

import asyncio

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from risp.protocol.live.model import Direction, Track
from risp.protocol.live.signaling import Candidate, Offer, TrackMapping
from risp.reference_impl.live.refusal import Refusal
from risp.reference_impl.live.serving.offers import read_candidate, read_offer

rule = pytest.mark.requirement
TRACKS = (
    Track(name="webcam", direction=Direction.IN),
    Track(name="main_video", direction=Direction.OUT),
)
HOST = "candidate:1 1 udp 2122194687 192.0.2.2 50798 typ host"


async def _sdp(*directions: str, channel: bool = True) -> str:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        if channel:
            pc.createDataChannel("data")
        for direction in directions:
            pc.addTransceiver("video", direction=direction)
        await pc.setLocalDescription(await pc.createOffer())
        return str(pc.localDescription.sdp)
    finally:
        await pc.close()


@pytest.fixture(scope="module")
def sdp():
    return asyncio.run(_sdp("sendonly", "recvonly"))


def mapping(mid="0", name="webcam", kind="video", direction="sendonly"):
    return TrackMapping(mid=mid, name=name, kind=kind, direction=direction)


BOTH = [mapping(), mapping("1", "main_video", direction="recvonly")]


def refused(offer: Offer) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read_offer(offer, TRACKS)
    assert caught.value.status == 422
    return caught.value


def names(offer: Offer) -> dict[str, str]:
    return {mid: one.track.name for mid, one in read_offer(offer, TRACKS).sections.items()}


def test_sections_are_mapped_by_mid_whatever_the_order(sdp):
    assert names(Offer(sdp_offer=sdp, track_mapping=BOTH)) == {"0": "webcam", "1": "main_video"}
    assert names(Offer(sdp_offer=sdp, track_mapping=BOTH[::-1])) == {
        "0": "webcam",
        "1": "main_video",
    }


def test_without_a_mapping_sections_come_in_the_order_of_the_tracks(sdp):
    assert names(Offer(sdp_offer=sdp)) == {"0": "webcam", "1": "main_video"}


def test_a_section_that_is_not_mapped_is_no_track(sdp):
    assert names(Offer(sdp_offer=sdp, track_mapping=BOTH[:1])) == {"0": "webcam"}


def test_a_mapping_that_says_inactive_is_no_track(sdp):
    assert names(Offer(sdp_offer=sdp, track_mapping=[mapping(direction="inactive")])) == {}


def test_a_data_channel_alone_is_an_offer():
    assert names(Offer(sdp_offer=asyncio.run(_sdp()))) == {}


def test_an_offer_of_nothing_that_is_known_is_refused():
    sdp = asyncio.run(_sdp("inactive", channel=False))
    assert refused(Offer(sdp_offer=sdp)).code.code == "invalid_offer"


@rule("L-SIGNAL-11")
@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ([mapping(name="nobody")], "/track_mapping/0/name"),
        ([mapping(), mapping("1", "webcam")], "/track_mapping/1/name"),
        ([mapping("7")], "/track_mapping/0/mid"),
        ([BOTH[0], mapping("0", "main_video", direction="recvonly")], "/track_mapping/1/mid"),
        ([mapping(kind="audio")], "/track_mapping/0/kind"),
        ([mapping("2")], "/track_mapping/0/kind"),
        ([mapping(direction="recvonly")], "/track_mapping/0/direction"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_with_its_place(sdp, wrong, param):
    if param == "/track_mapping/0/kind" and wrong[0].mid == "2":
        assert "m=application" in sdp.split("a=mid:1")[1]
    assert refused(Offer(sdp_offer=sdp, track_mapping=wrong)).param == param


@rule("L-SIGNAL-10")
@pytest.mark.parametrize(
    "spoil",
    [
        lambda sdp: "garbage",
        lambda sdp: "v=0",
        lambda sdp: sdp.replace("a=ice-ufrag", "a=x-ufrag"),
        lambda sdp: sdp.replace("a=fingerprint", "a=x-fingerprint"),
        lambda sdp: sdp.replace("a=rtcp-mux", "a=x-mux"),
        lambda sdp: sdp.replace("a=mid:1", "a=mid:0"),
        lambda sdp: sdp.replace("m=video", "m=smell"),
        lambda sdp: sdp.replace("VP8", "AV9").replace("H264", "H999"),
        lambda sdp: sdp.replace("m=video", "m=video x"),
        lambda sdp: sdp.replace("SAVPF ", "SAVPF 999 "),
    ],
)
def test_sdp_that_cannot_be_answered_is_refused(sdp, spoil):
    assert spoil(sdp) != sdp
    refusal = refused(Offer(sdp_offer=spoil(sdp)))
    assert (refusal.code.code, refusal.param) == ("invalid_offer", "/sdp_offer")


def test_candidates_that_are_not_used_are_left_out_of_the_offer(sdp):
    lines = (
        "a=candidate:9 1 tcp 1518214911 192.0.2.2 33837 typ host tcptype passive\r\n"
        "a=candidate:8 1 udp 2113937151 6f2a.local 33296 typ host\r\n"
    )
    spoilt = sdp.replace("a=end-of-candidates", f"{lines}a=end-of-candidates", 1)
    kept = read_offer(Offer(sdp_offer=spoilt), TRACKS).sdp
    assert " tcp " not in kept
    assert ".local" not in kept
    assert "end-of-candidates" not in kept
    assert "a=candidate:" in kept


@pytest.mark.parametrize("text", [HOST, f"a={HOST}", HOST.removeprefix("candidate:")])
def test_a_candidate_is_read_with_or_without_its_prefix(text):
    read = read_candidate(Candidate(candidate=text, sdp_mid="0"), 0)
    assert read is not None
    assert (read.ip, read.port, read.sdpMid) == ("192.0.2.2", 50798, "0")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "candidate:9 1 tcp 1518214911 192.0.2.2 33837 typ host tcptype passive generation 0",
        "candidate:8 1 udp 2113937151 6f2a.local 33296 typ host generation 0",
    ],
)
def test_candidates_that_are_not_used_are_taken(text):
    assert read_candidate(Candidate(candidate=text, sdp_mid="0"), 0) is None


@rule("L-SIGNAL-20")
@pytest.mark.parametrize(
    ("candidate", "param"),
    [
        (Candidate(candidate="x", sdp_mid="0"), "candidate"),
        (Candidate(candidate=HOST.replace("50798", "x"), sdp_mid="0"), "candidate"),
        (Candidate(candidate=HOST.replace("50798", "70000"), sdp_mid="0"), "candidate"),
        (Candidate(candidate=HOST.replace("host", "guest"), sdp_mid="0"), "candidate"),
        (Candidate(candidate=HOST), "sdp_mid"),
    ],
)
def test_a_candidate_that_cannot_be_read_is_refused_with_its_place(candidate, param):
    with pytest.raises(Refusal) as caught:
        read_candidate(candidate, 3)
    assert (caught.value.status, caught.value.param) == (422, f"/candidates/3/{param}")
