"""Offers and candidates, read: what can be said of them before any network is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiortc import RTCIceCandidate
from aiortc.sdp import MediaDescription, SessionDescription, candidate_from_sdp

from risp.protocol.live.model import Direction, Track
from risp.protocol.live.signaling import Candidate, Offer, TrackMapping

from ..refusal import Refusal

CODECS = frozenset({"video/vp8", "video/h264"})
"""What is encoded and decoded here."""


@dataclass(frozen=True, slots=True)
class Section:
    """A media section of an offer that is a track of the model."""

    mid: str
    track: Track


@dataclass(frozen=True, slots=True)
class Read:
    """An offer that can be answered, as far as it shows."""

    sdp: str
    """The offer without the candidates that are not used."""
    sections: Mapping[str, Section]
    """Its sections that are tracks, by mid."""


def read_offer(offer: Offer, tracks: Sequence[Track]) -> Read:
    """Read an offer for a model's tracks. Raises Refusal (L-SIGNAL-10, L-SIGNAL-11)."""
    kept = [line for line in offer.sdp_offer.splitlines() if not _is_unused(line)]
    sdp = "\r\n".join([*kept, ""])
    try:
        description = SessionDescription.parse(sdp)
    except Exception:  # noqa: BLE001  # its reader raises whatever its lines lead to
        raise _unreadable("it is no SDP (RFC 8866)") from None
    by_mid = _check_sections(description)
    if offer.track_mapping is None:
        sections = _in_order(description, tracks)
    else:
        sections = _mapped(offer.track_mapping, by_mid, tracks)
    for section in sections:
        _check_codecs(by_mid[section.mid])
    if not sections and not any(media.kind == "application" for media in description.media):
        raise _unreadable("it has neither a data channel nor a track of this model")
    return Read(sdp, {section.mid: section for section in sections})


def _unreadable(detail: str) -> Refusal:
    return Refusal("invalid_offer", f"the offer cannot be answered: {detail}", param="/sdp_offer")


def _is_unused(line: str) -> bool:
    """TCP candidates are not used, each `.local` one would cost a second, and none is the last."""
    if line.startswith("a=end-of-candidates"):
        return True  # L-SIGNAL-22: those that come after it are used all the same
    if not line.startswith("a=candidate:"):
        return False
    bits = line.split()
    return len(bits) < 8 or bits[2].lower() != "udp" or bits[4].lower().endswith(".local")


def _check_sections(description: SessionDescription) -> dict[str, MediaDescription]:
    by_mid: dict[str, MediaDescription] = {}
    if not description.media:
        raise _unreadable("it has no media section")
    for number, media in enumerate(description.media):
        where = f"media section {number}"
        if media.kind not in ("audio", "video", "application"):
            raise _unreadable(f"{where} is of the unknown kind {media.kind[:20]!r}")
        mid = media.rtp.muxId
        if not mid or mid in by_mid:
            raise _unreadable(f"{where} has no `a=mid` of its own")
        if media.ice is None or not media.ice.usernameFragment or not media.ice.password:
            raise _unreadable(f"{where} lacks `a=ice-ufrag` or `a=ice-pwd`")
        if media.dtls is None or not media.dtls.fingerprints:
            raise _unreadable(f"{where} lacks `a=fingerprint`")
        if media.kind != "application" and not media.rtcp_mux:
            raise _unreadable(f"{where} lacks `a=rtcp-mux`")
        by_mid[mid] = media
    return by_mid


def _check_codecs(media: MediaDescription) -> None:
    if not any(codec.mimeType.lower() in CODECS for codec in media.rtp.codecs):
        raise _unreadable(f"section {media.rtp.muxId} offers neither VP8 nor H.264")


def _in_order(description: SessionDescription, tracks: Sequence[Track]) -> list[Section]:
    """Without a mapping: the first free track of the kind and direction (L-SIGNAL-16)."""
    free = list(tracks)
    found: list[Section] = []
    for media in description.media:
        for track in free:
            if media.kind == track.kind and _fits(track, media.direction or "sendrecv"):
                free.remove(track)
                found.append(Section(media.rtp.muxId, track))
                break
    return found


def _mapped(
    mapping: Sequence[TrackMapping], by_mid: Mapping[str, MediaDescription], tracks: Sequence[Track]
) -> list[Section]:
    known = {track.name: track for track in tracks}
    found: dict[str, Section] = {}
    for number, one in enumerate(mapping):
        here = f"/track_mapping/{number}"
        track, media = known.get(one.name), by_mid.get(one.mid)
        if track is None or any(one.name == other.track.name for other in found.values()):
            raise _mismatch(
                f"{here}/name",
                f"no track of the model is called {one.name!r}, or it is mapped twice",
            )
        if media is None or one.mid in found:
            raise _mismatch(
                f"{here}/mid", f"the offer has no section {one.mid[:60]!r}, or it is mapped twice"
            )
        if one.kind != track.kind or media.kind != track.kind:
            raise _mismatch(f"{here}/kind", f"track and section have to be {track.kind}")
        if one.direction == "inactive":
            continue
        if not _fits(track, one.direction):
            due = track.direction.client
            raise _mismatch(f"{here}/direction", f"for a client, {one.name} is {due}")
        found[one.mid] = Section(one.mid, track)
    return list(found.values())


def _mismatch(param: str, detail: str) -> Refusal:
    return Refusal("invalid_body", detail, param=param)


def _fits(track: Track, direction: str) -> bool:
    return direction in ("sendrecv", "recvonly" if track.direction is Direction.OUT else "sendonly")


def read_candidate(candidate: Candidate, number: int) -> RTCIceCandidate | None:
    """Read a candidate; None for one that is not used. Raises Refusal (L-SIGNAL-20)."""
    text = candidate.candidate.strip().removeprefix("a=").removeprefix("candidate:")
    if not text:
        return None  # no more of this section: others may follow all the same
    try:
        read = candidate_from_sdp(text)
    except (AssertionError, ValueError, IndexError):
        raise _bad(number, "candidate", "it is no ICE candidate (RFC 8839)") from None
    if not 0 <= read.port < 1 << 16 or read.type not in ("host", "srflx", "prflx", "relay"):
        raise _bad(number, "candidate", "its port or type does not exist")
    if candidate.sdp_mid is None and candidate.sdp_mline_index is None:
        raise _bad(number, "sdp_mid", "neither `sdp_mid` nor `sdp_mline_index` is there")
    if read.protocol.lower() != "udp" or read.ip.lower().endswith(".local"):
        return None
    read.sdpMid, read.sdpMLineIndex = candidate.sdp_mid, candidate.sdp_mline_index
    return read


def _bad(number: int, member: str, detail: str) -> Refusal:
    return Refusal("invalid_candidate", detail, param=f"/candidates/{number}/{member}")
