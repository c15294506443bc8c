"""Tokens: short-lived, made from a key, and what they allow."""

from ...requirement import Requirement, Seen
from ..declares import Declares
from ..limits import MAX_TOKEN_S

NEED = Declares.AUTH

EXCHANGE = Requirement(
    "L-TOKEN-1",
    "A server with keys MUST answer `POST /tokens` under a known `Reactor-API-Key` with 200 and a token, whether the body is absent, `null` or a sound request.",
    Seen.DECLARED,
    needs=NEED,
)
UNKNOWN_KEY = Requirement(
    "L-TOKEN-2",
    "A server with keys MUST answer `POST /tokens` under a missing or unknown key with 401 and `WWW-Authenticate`.",
    Seen.DECLARED,
    needs=NEED,
)
ALL_MODELS = Requirement(
    "L-TOKEN-3",
    "A server MUST make a token good for every model of the key where `authorization_details` says nothing of models.",
    Seen.DECLARED,
    needs=NEED,
)
NARROWED = Requirement(
    "L-TOKEN-4",
    "A server MUST answer 403 `model_not_allowed` to a session with a model that the token does not cover.",
    Seen.DECLARED,
    needs=NEED,
)
SHORT_LIVED = Requirement(
    "L-TOKEN-5",
    f"A server MUST make a token that is good for at most {MAX_TOKEN_S} s, and say in `expires_at` when it ends.",
    Seen.DECLARED,
    needs=NEED,
)
EXPIRES_AFTER = Requirement(
    "L-TOKEN-6",
    "A server MUST make a token that is good for no longer than `expires_after` asks for.",
    Seen.DECLARED,
    needs=NEED,
)
TOKEN_REQUIRED = Requirement(
    "L-TOKEN-7",
    "A server with keys MUST answer 401 with `WWW-Authenticate` to a request for a session, signaling or an upload's place without a good token.",
    Seen.DECLARED,
    needs=NEED,
)
EXPIRED = Requirement(
    "L-TOKEN-8",
    "A server MUST refuse a token whose time is over.",
    Seen.DECLARED,
    needs=NEED,
)
FORGED = Requirement(
    "L-TOKEN-9",
    "A server MUST refuse a token that it did not sign, or that names another algorithm than its own.",
    Seen.DECLARED,
    needs=NEED,
)
OF_THE_KEY = Requirement(
    "L-TOKEN-10",
    "A server MUST let every good token of the same key poll, connect to, restart and end a session, unless it is bound to other sessions.",
    Seen.DECLARED,
    needs=NEED,
)
OTHERS_404 = Requirement(
    "L-TOKEN-11",
    "A server MUST answer 404 `unknown_session` to a token that may not touch the session, as if there were none.",
    Seen.DECLARED,
    needs=NEED,
)
OUTLIVED = Requirement(
    "L-TOKEN-12",
    "A server MUST NOT end a session because a token of it ends.",
    Seen.SLOW,
    needs=NEED,
    reason="A token's end is waited for.",
)
DURATION = Requirement(
    "L-TOKEN-13",
    "A server MUST end a session at the latest `max_session_duration_seconds` of its token after it became active.",
    Seen.SLOW,
    needs=NEED,
    reason="The session's end is waited for.",
)
HOW_MANY = Requirement(
    "L-TOKEN-14",
    "A server MUST answer 429 `too_many_sessions` with `Retry-After` where a token's `max_sessions` live already.",
    Seen.DECLARED,
    needs=NEED,
)
ACTION_TOKEN = Requirement(
    "L-TOKEN-15",
    "A server that speaks the action profile too MUST take there, in `?token=`, a token that is neither narrowed to models nor bound to sessions.",
    Seen.DECLARED,
    needs=NEED,
)
