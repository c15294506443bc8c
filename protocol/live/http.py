"""Every HTTP endpoint of the live profile: one row each.

From a row come the route of the server, the call of the client, the operation in the OpenAPI
document, and the probes of a judge.
"""

from __future__ import annotations

from typing import Final

from . import bodies, signaling
from .endpoint import EVENT_STREAM, JSON, Auth, Endpoint, Good, Group
from .requirements import http as rules
from .requirements import local, sessions, tokens, uploads
from .requirements import signaling as signals

_SESSION: Final = "/sessions/{session_id}"
_WEBRTC: Final = f"{_SESSION}/transport/webrtc"
_CONNECTION: Final = f"{_WEBRTC}/connections/{{connection_id}}"
_OFFERS: Final = ("invalid_offer", "session_closed", "no_capacity", "loading")

CREATE_TOKEN = Endpoint(
    name="create_token",
    group=Group.TOKENS,
    method="POST",
    path="/tokens",
    summary="Exchange a key for a short-lived token.",
    why=tokens.EXCHANGE,
    auth=Auth.KEY,
    body=bodies.TokenRequest,
    body_due=False,
    good=(Good(200, "The token.", bodies.Token),),
    errors=("unknown_model",),
)
CREATE_SESSION = Endpoint(
    name="create_session",
    group=Group.SESSIONS,
    method="POST",
    path="/sessions",
    summary="Create a session; it may have to wait for a place.",
    why=sessions.CREATES,
    body=bodies.SessionRequest,
    good=(Good(201, "The session.", bodies.Session),),
    errors=("unknown_model", "model_not_allowed", "too_many_sessions", "no_capacity"),
)
GET_SESSION = Endpoint(
    name="get_session",
    group=Group.SESSIONS,
    method="GET",
    path=_SESSION,
    summary="Look at a session: clients poll it until it has a transport and capabilities.",
    why=sessions.POLL,
    good=(Good(200, "The session as it is.", bodies.SessionDescriptor),),
)
GET_SESSION_INFO = Endpoint(
    name="get_session_info",
    group=Group.SESSIONS,
    method="GET",
    path=f"{_SESSION}/info",
    summary="Look at a session in short.",
    why=sessions.POLL,
    good=(Good(200, "The session in short.", bodies.SessionInfo),),
)
RESTART_SESSION = Endpoint(
    name="restart_session",
    group=Group.SESSIONS,
    method="PUT",
    path=_SESSION,
    summary="Begin a session's model anew; the id stays.",
    why=sessions.RESTART_RESETS,
    good=(Good(200, "The session as it is now.", bodies.SessionDescriptor),),
    errors=("session_closed",),
)
END_SESSION = Endpoint(
    name="end_session",
    group=Group.SESSIONS,
    method="DELETE",
    path=_SESSION,
    summary="End a session.",
    why=sessions.DELETE_ENDS,
    body=bodies.EndRequest,
    body_due=False,
    good=(Good(204, "It has ended."),),
)
GET_ICE_SERVERS = Endpoint(
    name="get_ice_servers",
    group=Group.SIGNALING,
    method="GET",
    path=f"{_WEBRTC}/ice_servers",
    summary="Ask for STUN and TURN servers.",
    why=signals.ICE_SERVERS,
    good=(Good(200, "The servers, perhaps none.", signaling.IceServers),),
    errors=("session_closed",),
)
CREATE_CONNECTION = Endpoint(
    name="create_connection",
    group=Group.SIGNALING,
    method="POST",
    path=f"{_WEBRTC}/connections",
    summary="Register a connection; a body of any kind is ignored.",
    why=signals.REGISTER,
    raw=True,
    body_due=False,
    good=(Good(201, "The connection.", signaling.NewConnection),),
    errors=("session_closed", "no_capacity", "loading"),
)


def _offers(method: str, name: str, group: Group, path: str) -> Endpoint:
    return Endpoint(
        name=name,
        group=group,
        method=method,
        path=f"{path}/sdp_params",
        summary="Make an offer; it replaces the one before, and its answer.",
        why=signals.OFFER_TAKEN if group is Group.SIGNALING else signals.FLAT_ROUTES,
        body=signaling.Offer,
        good=(Good(202, "It is being answered.", signaling.OfferTaken),),
        errors=_OFFERS,
    )


def _answers(name: str, group: Group, path: str) -> Endpoint:
    return Endpoint(
        name=name,
        group=group,
        method="GET",
        path=f"{path}/sdp_params",
        summary="Ask for the answer to the newest offer.",
        why=signals.ANSWER_IN_TIME if group is Group.SIGNALING else signals.FLAT_ROUTES,
        good=(
            Good(200, "The answer.", signaling.Answer),
            Good(202, "There is none yet."),
        ),
        errors=("offer_failed", "session_closed"),
    )


def _candidates(name: str, group: Group, path: str) -> Endpoint:
    return Endpoint(
        name=name,
        group=group,
        method="POST",
        path=f"{path}/ice_candidates",
        summary="Hand over ICE candidates, before or after the offer.",
        why=signals.CANDIDATES_TAKEN if group is Group.SIGNALING else signals.FLAT_ROUTES,
        body=signaling.Candidates,
        good=(Good(202, "They are taken."),),
        errors=("invalid_candidate", "session_closed", "no_capacity", "loading"),
    )


MAKE_OFFER = _offers("POST", "make_offer", Group.SIGNALING, _CONNECTION)
REPLACE_OFFER = _offers("PUT", "replace_offer", Group.SIGNALING, _CONNECTION)
GET_ANSWER = _answers("get_answer", Group.SIGNALING, _CONNECTION)
ADD_CANDIDATES = _candidates("add_candidates", Group.SIGNALING, _CONNECTION)
FLAT_MAKE_OFFER = _offers("POST", "flat_make_offer", Group.FLAT, _WEBRTC)
FLAT_REPLACE_OFFER = _offers("PUT", "flat_replace_offer", Group.FLAT, _WEBRTC)
FLAT_GET_ANSWER = _answers("flat_get_answer", Group.FLAT, _WEBRTC)
FLAT_ADD_CANDIDATES = _candidates("flat_add_candidates", Group.FLAT, _WEBRTC)

RESERVE_UPLOAD = Endpoint(
    name="reserve_upload",
    group=Group.UPLOADS,
    method="POST",
    path=f"{_SESSION}/uploads",
    summary="Reserve a place for a file.",
    why=uploads.RESERVE,
    body=bodies.UploadRequest,
    good=(Good(201, "The place.", bodies.UploadPlace),),
    errors=("session_closed", "upload_reserved", "too_many_uploads", "no_capacity", "loading"),
)
PUT_UPLOAD = Endpoint(
    name="put_upload",
    group=Group.UPLOADS,
    method="PUT",
    path="/uploads/{upload_id}",
    summary="Put the file's bytes there, once.",
    why=uploads.PUT_ONCE,
    auth=Auth.NOTHING,
    raw=True,
    good=(Good(200, "It is there."),),
    errors=("unknown_upload", "wrong_length", "already_uploaded"),
)
START_LOCAL = Endpoint(
    name="start_local_session",
    group=Group.LOCAL,
    method="POST",
    path="/start_session",
    summary="Start the session of this machine.",
    why=local.START,
    auth=Auth.NOTHING,
    body=bodies.StartRequest,
    body_due=False,
    good=(Good(200, "The session.", bodies.SessionDescriptor),),
    errors=("session_running", "loading", "no_capacity"),
)
GET_LOCAL = Endpoint(
    name="get_local_session",
    group=Group.LOCAL,
    method="GET",
    path="/session",
    summary="Look at the session of this machine, or at where it would be.",
    why=local.LOOK,
    auth=Auth.NOTHING,
    good=(Good(200, "The session.", bodies.SessionDescriptor),),
)
STOP_LOCAL = Endpoint(
    name="stop_local_session",
    group=Group.LOCAL,
    method="POST",
    path="/stop_session",
    summary="End the session of this machine.",
    why=local.STOP,
    auth=Auth.NOTHING,
    body=bodies.EndRequest,
    body_due=False,
    good=(Good(200, "It has ended."),),
    errors=("no_session",),
)
GET_HEALTH = Endpoint(
    name="get_health",
    group=Group.DISCOVERY,
    method="GET",
    path="/health",
    summary="Ask how the server is.",
    why=local.HEALTH,
    auth=Auth.NOTHING,
    good=(Good(200, "How it is.", bodies.Health),),
)
GET_SCHEMA = Endpoint(
    name="get_schema",
    group=Group.LOCAL,
    method="GET",
    path="/schema",
    summary="Ask what the model publishes: an OpenAPI 3.1 document.",
    why=local.SCHEMA,
    auth=Auth.NOTHING,
    good=(Good(200, "The document.", media=JSON, nothing=False),),
    errors=("loading",),
)
GET_EVENTS = Endpoint(
    name="get_events",
    group=Group.LOCAL,
    method="GET",
    path="/events",
    summary="Watch what happens, as server-sent events.",
    why=local.EVENTS,
    auth=Auth.NOTHING,
    query={"since": "The id of the last event that is known."},
    good=(Good(200, "The events, without an end.", media=EVENT_STREAM, nothing=False),),
    errors=("invalid_query",),
)
GET_WELL_KNOWN = Endpoint(
    name="get_well_known",
    group=Group.DISCOVERY,
    method="GET",
    path="/.well-known/risp",
    summary="Ask what the server speaks.",
    why=rules.WELL_KNOWN,
    auth=Auth.NOTHING,
    good=(Good(200, "What it speaks.", bodies.WellKnown),),
)

ENDPOINTS: tuple[Endpoint, ...] = (
    CREATE_TOKEN,
    CREATE_SESSION,
    GET_SESSION,
    GET_SESSION_INFO,
    RESTART_SESSION,
    END_SESSION,
    GET_ICE_SERVERS,
    CREATE_CONNECTION,
    MAKE_OFFER,
    REPLACE_OFFER,
    GET_ANSWER,
    ADD_CANDIDATES,
    FLAT_MAKE_OFFER,
    FLAT_REPLACE_OFFER,
    FLAT_GET_ANSWER,
    FLAT_ADD_CANDIDATES,
    RESERVE_UPLOAD,
    PUT_UPLOAD,
    START_LOCAL,
    GET_LOCAL,
    STOP_LOCAL,
    GET_SCHEMA,
    GET_EVENTS,
    GET_HEALTH,
    GET_WELL_KNOWN,
)
"""Every endpoint, in the order of the specification."""
