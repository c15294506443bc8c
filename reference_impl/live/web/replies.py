"""What is answered: a part as JSON, a refusal as JSON, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from risp.protocol.codec import dump
from risp.protocol.frame import Part
from risp.protocol.live.bodies import Problem
from risp.protocol.live.endpoint import JSON, Endpoint

from ..refusal import Refusal

UNKEPT = {"Cache-Control": "no-store"}
"""Nothing here is worth keeping, and some of it is secret."""
RETRIED = (429, 503)
"""Statuses that say when to come again (L-HTTP-23)."""


def succeed(endpoint: Endpoint, result: Any) -> Response:
    """The answer of a row for what its handler has made."""
    if isinstance(result, Response):
        return result
    for good in endpoint.good:
        has_body = good.body is not None or not good.nothing
        if has_body is (result is not None):
            return _json(good.status, result) if has_body else nothing(good.status)
    raise TypeError(f"{endpoint.name} has no answer with {type(result).__name__}")


def refuse(refusal: Refusal, wait_s: int, headers: Mapping[str, str] | None = None) -> Response:
    """The answer of a refusal (L-HTTP-1); `wait_s` where it does not say when to come again."""
    response = _json(
        refusal.status,
        Problem(detail=refusal.detail, code=refusal.code.code, param=refusal.param),
    )
    response.headers.update(headers or {})
    if refusal.status in RETRIED:
        response.headers["Retry-After"] = str(refusal.retry_after_s or wait_s)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if refusal.code.code == "too_slow":
        response.headers["Connection"] = "close"  # the rest of it is not waited for
    return response


def nothing(status: int) -> Response:
    """An answer without a body."""
    return Response(status_code=status, headers=UNKEPT)


def _json(status: int, body: Part | dict[str, Any]) -> Response:
    if isinstance(body, Part):
        body = body.model_dump(mode="json", by_alias=True, exclude_none=True)
    return Response(dump(body), status, UNKEPT, media_type=JSON)
