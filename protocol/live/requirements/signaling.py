"""Signaling: how offer, answer and candidates travel."""

from ...requirement import Requirement, Seen
from ..declares import Declares
from ..limits import (
    ANSWER_WITHIN_S,
    EARLY_CANDIDATES,
    EARLY_CANDIDATES_S,
    FLAT_CONNECTION,
    GREATEST_CONNECTION,
    MAX_MESSAGE_BYTES,
)

NEED = Declares.CONNECTIONS
FLAT = Declares.FLAT

BY_CONNECTION = Requirement(
    "L-SIGNAL-1",
    "A server MUST offer signaling by connection.",
)
REGISTER = Requirement(
    "L-SIGNAL-2",
    f"A server MUST answer `POST .../connections`, with any body or none, with 201 and a `connection_id` from {FLAT_CONNECTION + 1} to {GREATEST_CONNECTION} that no other connection of the session has.",
)
ICE_SERVERS = Requirement(
    "L-SIGNAL-3",
    "A server MUST answer `GET .../ice_servers` with 200 and a list, which may be empty, as often as it is asked.",
)
OFFER_TAKEN = Requirement(
    "L-SIGNAL-4",
    "A server MUST answer a good offer, by `POST` or `PUT`, with 202 and its `connection_id`.",
)
UNREGISTERED = Requirement(
    "L-SIGNAL-5",
    "A server MUST take an offer and candidates for a connection id that was never registered.",
)
ANSWER_IN_TIME = Requirement(
    "L-SIGNAL-6",
    f"A server MUST have the answer at `GET .../sdp_params` within {ANSWER_WITHIN_S} s of a good offer.",
)
NOT_YET = Requirement(
    "L-SIGNAL-7",
    "A server MUST answer 202 at `GET .../sdp_params` as long as no offer was made, or its answer is not there yet.",
)
ANSWER_STAYS = Requirement(
    "L-SIGNAL-8",
    "A server MUST go on answering `GET .../sdp_params` with the answer to the newest offer until the next one.",
)
NEWEST_OFFER = Requirement(
    "L-SIGNAL-9",
    "A server MUST NOT return the answer to an older offer once a newer one is taken.",
)
MALFORMED_OFFER = Requirement(
    "L-SIGNAL-10",
    "A server MUST answer 422 `invalid_offer` at once to an offer whose SDP cannot be read, or has no section that can be answered.",
)
MALFORMED_MAPPING = Requirement(
    "L-SIGNAL-11",
    "A server MUST answer 422 at once to a `track_mapping` with a kind, a direction, a track or a `mid` that does not exist, or that does not fit the track.",
)
FAILED_OFFER = Requirement(
    "L-SIGNAL-12",
    "A server MUST answer 422 `offer_failed` at `GET .../sdp_params` where an offer that it took could not be answered.",
    Seen.OBSERVED,
)
NOT_PENDING_FOREVER = Requirement(
    "L-SIGNAL-13",
    f"A server MUST NOT answer 202 at `GET .../sdp_params` for longer than {ANSWER_WITHIN_S} s after an offer.",
)
SECTIONS_IN_ORDER = Requirement(
    "L-SIGNAL-14",
    "A server MUST answer with as many media sections as the offer has, in its order, with its `mid` values.",
)
REVERSED = Requirement(
    "L-SIGNAL-15",
    "A server MUST answer a section that is mapped to a track with the direction of the track, as far as the offer allows it.",
)
MAPPED_BY_MID = Requirement(
    "L-SIGNAL-16",
    "A server MUST take a section for the track that `track_mapping` names for its `mid`, whatever the order; without `track_mapping`, in the order of the capabilities.",
)
UNMAPPED = Requirement(
    "L-SIGNAL-17",
    "A server MUST answer a media section that is no track with `inactive`, or refuse it with port 0.",
)
MESSAGE_SIZE = Requirement(
    "L-SIGNAL-18",
    f"A server MUST declare in the answer's `a=max-message-size` at least {MAX_MESSAGE_BYTES} bytes.",
)
CANDIDATES_TAKEN = Requirement(
    "L-SIGNAL-19",
    "A server MUST answer 202 to well-formed candidates, also to none, and to those that it does not use: TCP, `.local`, empty ones.",
)
MALFORMED_CANDIDATE = Requirement(
    "L-SIGNAL-20",
    "A server MUST answer 422 at once to a candidate that cannot be read.",
)
EARLY_CANDIDATES_KEPT = Requirement(
    "L-SIGNAL-21",
    f"A server MUST keep candidates that come before their offer, up to {EARLY_CANDIDATES} a connection and for {EARLY_CANDIDATES_S} s.",
)
FINAL_IS_NOT = Requirement(
    "L-SIGNAL-22",
    "A server MUST use candidates that come after `is_final`.",
)
SERVES_CONNECTION = Requirement(
    "L-SIGNAL-23",
    "A server MUST serve a connection as soon as its channel `data` is open, whether `control` opens before it, after it or never.",
)
SEVERAL = Requirement(
    "L-SIGNAL-24",
    "A server MUST serve several connections of one session at one time, on one state.",
)
FLAT_ROUTES = Requirement(
    "L-SIGNAL-25",
    f"A server that offers the flat routes MUST take them for the connection {FLAT_CONNECTION}.",
    Seen.DECLARED,
    needs=FLAT,
)
FLAT_RUNNING = Requirement(
    "L-SIGNAL-26",
    "A server MUST start the outputs of a connection of the flat routes running, and not paused.",
    Seen.DECLARED,
    needs=FLAT,
)
VP8 = Requirement(
    "L-SIGNAL-27",
    "A server MUST be able to send and receive video as VP8.",
)
UNANSWERABLE_PARTS = Requirement(
    "L-SIGNAL-28",
    "A server MUST answer 422 `invalid_offer` at once to a BUNDLE group that names a section which is not there, and to a data section without a port from 1 to 65535.",
)
NO_FOREIGN_CHECKS = Requirement(
    "L-SIGNAL-29",
    "A server MUST NOT send anything to a candidate with a multicast, broadcast or unspecified address, or with port 0.",
    Seen.OFF_WIRE,
    reason="A judge does not hear what is sent to others.",
)
BOUNDED_CHECKS = Requirement(
    "L-SIGNAL-30",
    "A server MUST bound the number of candidates that it sends checks to for one offer.",
    Seen.OFF_WIRE,
    reason="A judge does not hear what is sent to others.",
)
