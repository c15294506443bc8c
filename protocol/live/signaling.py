"""The JSON bodies of signaling: ICE servers, connections, offers, answers, candidates."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..frame import Part
from ..scalars import Flag, NonNegativeInt, NonNegativeNumber, Text
from .bodies import ClientInfo, Direction, Kind
from .limits import EARLY_CANDIDATES
from .scalars import ConnectionId, Name


class IceCredentials(Part):
    """What a TURN server asks for."""

    username: Text
    """The name."""
    password: Text
    """The secret."""


class IceServer(Part):
    """A STUN or TURN server."""

    uris: list[Text]
    """Where it is (RFC 7064, RFC 7065)."""
    credentials: IceCredentials | None = None
    """What it asks for."""


class IceServers(Part):
    """The ICE servers that a client is to use."""

    ice_servers: list[IceServer]
    """In order of preference; empty where host candidates do."""


class MappedTrack(Part):
    """A track of the model, as the model sees it."""

    kind: Kind
    """What it carries."""
    direction: Literal["in", "out"]
    """`out` comes from the model."""
    rate: NonNegativeNumber
    """Frames a second, or 0 where none is fixed."""


class NewConnection(Part):
    """A connection that waits for its offer."""

    connection_id: ConnectionId
    """Its id within the session."""
    track_map: dict[str, MappedTrack] | None = None
    """The model's tracks by name."""


class TrackMapping(Part):
    """Which media section of the offer is which track."""

    mid: Text
    """The section's `a=mid`."""
    name: Name
    """The track's name, from the capabilities."""
    kind: Kind
    """What it carries."""
    direction: Direction
    """Which way it goes, as the client sees it."""


class Offer(Part):
    """An offer."""

    sdp_offer: Annotated[Text, Field(min_length=1)]
    """The SDP (RFC 8866)."""
    client_info: ClientInfo | None = None
    """Who asks."""
    track_mapping: list[TrackMapping] | None = None
    """Which media section is which track; absent: they come in the order of the capabilities."""


class OfferTaken(Part):
    """An offer that is being answered."""

    connection_id: ConnectionId
    """The connection that it is for."""


class Answer(Part):
    """The answer to the newest offer."""

    sdp_answer: Text
    """The SDP."""
    connection_id: ConnectionId
    """The connection that it is for."""


class Candidate(Part):
    """An ICE candidate."""

    candidate: Text
    """The line (RFC 8839), with or without `candidate:`; empty where a section has no more."""
    sdp_mid: Text | None = None
    """The section that it is for."""
    sdp_mline_index: NonNegativeInt | None = None
    """The section's number, where `sdp_mid` is absent."""


class Candidates(Part):
    """ICE candidates."""

    candidates: Annotated[list[Candidate], Field(max_length=EARLY_CANDIDATES)]
    """Any number, also none."""
    is_final: Flag | None = None
    """Whether the client believes that there will be no more; others may follow all the same."""
    client_info: ClientInfo | None = None
    """Who asks."""
