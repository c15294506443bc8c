"""Tokens: made from keys, signed here, read back.

1. A key goes to `POST /tokens` and nowhere else: it is no token (L-TOKEN-7).
2. A token says in itself what it allows, so nothing is kept of it here.
3. Several `authorization_details` add up in models; of their bounds the tightest holds, and if one
   of them binds to sessions, the token is bound to those that are named.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from risp.protocol.live.bodies import AuthorizationDetail, Constraints, Token, TokenRequest
from risp.protocol.live.limits import MAX_TOKEN_S

from .refusal import Refusal
from .settings import LiveSettings

ALGORITHM = "HS256"
"""The one algorithm: a token that names another is refused (L-TOKEN-9)."""
ISSUER = "risp"
REQUIRED = ("exp", "iat", "iss", "jti", "sub")
MAX_LENGTH = 8192
"""A longer token is none of ours."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What who asks may do."""

    subject: str
    """Whose sessions may be touched: the same for all tokens of one key, and for nobody else."""
    models: frozenset[str] | None = None
    """Models that sessions may be created with; None: all."""
    bound: frozenset[str] | None = None
    """The only sessions that may be touched, and none created; None: not bound."""
    max_session_s: int | None = None
    """How long a session may live, in seconds."""
    max_sessions: int | None = None
    """How many sessions of the token may live at one time."""
    token_id: str = ""
    """The token's own id."""


ANYBODY = Grant("anybody")
"""What everyone may do where no key is asked for."""


class Claims(BaseModel):
    """What stands in a token."""

    model_config = ConfigDict(strict=True, frozen=True)

    sub: str
    jti: str
    iat: int
    exp: int
    models: list[str] | None = None
    sessions: list[str] | None = None
    max_session_s: int | None = None
    max_sessions: int | None = None


class Tokens:
    """Makes and reads the tokens of one server."""

    def __init__(self, settings: LiveSettings, wall: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._wall = wall
        secret = settings.token_secret.encode() or secrets.token_bytes(32)
        self._secret = hashlib.sha512(b"risp token" + secret).digest()
        self._subjects = {self._subject(key) for key in settings.keys}

    def exchange(
        self,
        key: str | None,
        request: TokenRequest | None,
        known: Collection[str] | None = None,
    ) -> Token:
        """A token for a key (L-TOKEN-1..6); `known` are the models that there are.

        Raises Refusal: `not_found` without keys, `unauthorized`, `unknown_model`.
        """
        if not self._settings.keys:
            raise Refusal("not_found", "no key is asked for here, and no token")
        owner = self.check_key(key)
        request = request or TokenRequest()
        details = request.authorization_details or []
        _check_models(details, known)
        now = int(self._wall())
        asked = self._settings.token_s if request.expires_after is None else request.expires_after
        claims = Claims(
            sub=owner,
            jti=secrets.token_urlsafe(16),
            iat=now,
            exp=now + min(asked, MAX_TOKEN_S),
            models=_models(details),
            sessions=_sessions(details),
            max_session_s=_least(c.max_session_duration_seconds for c in _constraints(details)),
            max_sessions=_least(c.max_sessions for c in _constraints(details)),
        )
        return Token(jwt=self._sign(claims), expires_at=float(claims.exp))

    def check_key(self, key: str | None) -> str:
        """Whose key it is, as a token's subject. Raises Refusal (`unauthorized`, L-TOKEN-2)."""
        owner = self._owner(key or "")
        if owner is None:
            raise Refusal("unauthorized", "send a key that opens here as `Reactor-API-Key`")
        return owner

    def read(self, authorization: str | None) -> Grant:
        """What an `Authorization` header allows. Raises Refusal (`unauthorized`).

        Without keys it allows everything, whatever it is: deployed clients send `Bearer local`.
        """
        if not self._settings.keys:
            return ANYBODY
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Refusal("unauthorized", "send a token as `Authorization: Bearer TOKEN`")
        claims = self._verify(token.strip())
        if claims is None:
            raise Refusal("unauthorized", "the token is unknown here, or its time is over")
        return Grant(
            subject=claims.sub,
            models=None if claims.models is None else frozenset(claims.models),
            bound=None if claims.sessions is None else frozenset(claims.sessions),
            max_session_s=claims.max_session_s,
            max_sessions=claims.max_sessions,
            token_id=claims.jti,
        )

    def is_good(self, token: str) -> bool:
        """Whether a token opens the action profile (L-TOKEN-15).

        One that was narrowed to some models, or to sessions that there are, does not: a policy is
        none of those.
        """
        claims = self._verify(token)
        return claims is not None and claims.models is None and claims.sessions is None

    def _owner(self, given: str) -> str | None:
        """Compare with every key, and take as long for each."""
        sent, owner = given.encode("latin-1", "replace"), None
        for key in self._settings.keys:
            if hmac.compare_digest(sent, key.encode()):
                owner = self._subject(key)
        return owner

    def _subject(self, key: str) -> str:
        """What stands for a key: whoever reads a token cannot even try keys on it."""
        return hmac.digest(self._secret, key.encode(), "sha256").hex()[:32]

    def _sign(self, claims: Claims) -> str:
        import jwt

        body: dict[str, Any] = {"iss": ISSUER, **claims.model_dump(exclude_none=True)}
        return jwt.encode(body, self._secret, algorithm=ALGORITHM)

    def _verify(self, token: str) -> Claims | None:
        import jwt

        if len(token) > MAX_LENGTH:
            return None
        # Its times are checked below, by the clock that was passed in.
        options: Any = {
            "require": list(REQUIRED),
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
        }
        try:
            body = jwt.decode(
                token, self._secret, algorithms=[ALGORITHM], options=options, issuer=ISSUER
            )
            claims = Claims.model_validate(body)
        except (jwt.InvalidTokenError, ValidationError):
            return None
        is_ours = claims.sub in self._subjects  # an operator may have taken a key away
        return claims if is_ours and self._wall() < claims.exp else None


def _check_models(details: list[AuthorizationDetail], known: Collection[str] | None) -> None:
    for number, detail in enumerate(details):
        models = detail.resources.models if detail.resources else None
        for place, name in enumerate((models.match if models else None) or []):
            if known is not None and name not in known:
                raise Refusal(
                    "unknown_model",
                    "no such model is served here",
                    param=f"/authorization_details/{number}/resources/models/match/{place}",
                )


def _models(details: list[AuthorizationDetail]) -> list[str] | None:
    """The models of all details together; None where one of them allows every model."""
    names: set[str] = set()
    for detail in details:
        models = detail.resources.models if detail.resources else None
        if models is None or models.all or (models.match is None and models.all is None):
            return None
        names |= set(models.match or ())
    return sorted(names) if details else None


def _sessions(details: list[AuthorizationDetail]) -> list[str] | None:
    bound: set[str] | None = None
    for detail in details:
        sessions = detail.resources.sessions if detail.resources else None
        if sessions is not None and sessions.bind is not None:
            bound = {*(bound or ()), *sessions.bind}
    return None if bound is None else sorted(bound)


def _constraints(details: list[AuthorizationDetail]) -> list[Constraints]:
    return [detail.constraints for detail in details if detail.constraints is not None]


def _least(bounds: Iterable[int | None]) -> int | None:
    return min((one for one in bounds if one is not None), default=None)
