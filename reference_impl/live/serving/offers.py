"""Offers and candidates, read: what can be said of them before any network is touched."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiortc import RTCIceCandidate
from aiortc.sdp import MediaDescription, SessionDescription, candidate_from_sdp

from risp.protocol.live.limits import EARLY_CANDIDATES
from risp.protocol.live.model import Direction, Track
from risp.protocol.live.signaling import Candidate, Offer, TrackMapping

from ..refusal import Refusal

BROADCAST = "255.255.255.255"
CODECS = frozenset({"video/vp8", "video/h264"})
"""What is encoded and decoded here."""
MAX_CANDIDATES = 2 * EARLY_CANDIDATES
"""So many candidates of an offer are used, and as many that come after it: each is sent packets."""
MAX_SECTIONS = 64
"""An offer with more media sections is refused."""
MAX_LINES = 4096
"""An offer with more lines is refused."""
MAX_FEEDBACK = 1 << 14
"""A section with more pairs of a format and a line of feedback is refused: each becomes an object.

Browsers come to a third of it.
"""


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
    primary: str | None
    """The section whose network all others share, by mid; None where each has its own."""
    sections: Mapping[str, Section]
    """Its sections that are tracks, by mid."""


def read_offer(offer: Offer, tracks: Sequence[Track]) -> Read:
    """Read an offer for a model's tracks. Raises Refusal (L-SIGNAL-10, L-SIGNAL-11)."""
    sdp = "\r\n".join([*_kept(offer.sdp_offer.splitlines()), ""])
    try:
        description = SessionDescription.parse(sdp)
    except Exception:  # noqa: BLE001  # its reader raises whatever its lines lead to
        raise _unreadable("it is no SDP (RFC 8866)") from None
    by_mid = _check_sections(description)
    primary = _primary(description, by_mid)
    if offer.track_mapping is None:
        sections = _in_order(description, tracks)
    else:
        sections = _mapped(offer.track_mapping, by_mid, tracks)
    for section in sections:
        _check_codecs(by_mid[section.mid])
    if not sections and not any(media.kind == "application" for media in description.media):
        raise _unreadable("it has neither a data channel nor a track of this model")
    return Read(sdp, primary, {section.mid: section for section in sections})


def _unreadable(detail: str) -> Refusal:
    return Refusal("invalid_offer", f"the offer cannot be answered: {detail}", param="/sdp_offer")


def _kept(lines: Sequence[str]) -> list[str]:
    """The lines that are used. Raises Refusal where reading them would take too long."""
    if len(lines) > MAX_LINES:
        raise _unreadable(f"it has more than {MAX_LINES} lines")
    kept: list[str] = []
    sections = formats = feedback = candidates = 0
    for line in lines:
        if line.startswith("m="):
            sections, formats, feedback = sections + 1, 0, 0
        formats += line.startswith("a=rtpmap:")
        feedback += line.startswith(("a=rtcp-fb:", "a=fmtp:"))
        if sections > MAX_SECTIONS:
            raise _unreadable(f"it has more than {MAX_SECTIONS} media sections")
        if formats * feedback > MAX_FEEDBACK:
            raise _unreadable(f"media section {sections - 1} has too many formats")
        if not line.startswith("a=candidate:"):
            # L-SIGNAL-22: candidates that come after the last one are used all the same.
            if not line.startswith("a=end-of-candidates"):
                kept.append(line)
        elif candidates < MAX_CANDIDATES and _is_used(line):
            candidates += 1
            kept.append(line)
    return kept


def _is_used(line: str) -> bool:
    bits = line.split()
    return len(bits) >= 8 and bits[2].lower() == "udp" and _is_somewhere(bits[4], bits[5])


def _is_somewhere(address: str, port: str | int) -> bool:
    """Whether packets can be sent there; a name is none: `.local` alone would cost a second."""
    try:
        there = ipaddress.ip_address(address)
    except ValueError:
        return False
    is_nobody = there.is_multicast or there.is_unspecified or address == BROADCAST
    return str(port) != "0" and not is_nobody


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
        if mid.split() != [mid]:
            raise _unreadable(f"{where} has an `a=mid` with white space in it")
        if media.ice is None or not media.ice.usernameFragment or not media.ice.password:
            raise _unreadable(f"{where} lacks `a=ice-ufrag` or `a=ice-pwd`")
        if media.dtls is None or not media.dtls.fingerprints:
            raise _unreadable(f"{where} lacks `a=fingerprint`")
        if media.kind != "application" and not media.rtcp_mux:
            raise _unreadable(f"{where} lacks `a=rtcp-mux`")
        if media.kind == "application" and not 0 < _sctp_port(media) < 1 << 16:
            raise _unreadable(f"{where} has no `a=sctp-port` that exists")
        by_mid[mid] = media
    if sum(media.kind == "application" for media in description.media) > 1:
        raise _unreadable("it has several sections for data channels")
    return by_mid


def _sctp_port(media: MediaDescription) -> int:
    if media.profile != "DTLS/SCTP":
        return media.sctp_port or 0
    port = str(media.fmt[0])  # as it was written before RFC 8841
    return int(port) if port.isdecimal() and len(port) <= 5 else 0


def _primary(description: SessionDescription, by_mid: Mapping[str, MediaDescription]) -> str | None:
    bundles = [group.items for group in description.group if group.semantic == "BUNDLE"]
    for name in bundles[0] if bundles else ():
        if name not in by_mid:
            raise _unreadable(f"`a=group:BUNDLE` names a section {str(name)[:60]!r} that it lacks")
    return str(bundles[0][0]) if bundles and bundles[0] else None


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
    if read.protocol.lower() != "udp" or not _is_somewhere(read.ip, read.port):
        return None
    read.sdpMid, read.sdpMLineIndex = candidate.sdp_mid, candidate.sdp_mline_index
    return read


def _bad(number: int, member: str, detail: str) -> Refusal:
    return Refusal("invalid_candidate", detail, param=f"/candidates/{number}/{member}")
