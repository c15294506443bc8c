"""The bytes of a request, and the object in them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pydantic import ValidationError
from starlette.requests import Request

from risp.protocol.codec import parse
from risp.protocol.errors import DecodeError
from risp.protocol.frame import Part
from risp.protocol.live.codec import place

from ...transport import UNTIL
from ..refusal import Refusal

_LENGTH = re.compile(r"\d{1,20}", re.ASCII)  # h11 lets no longer number through


async def read(request: Request, most: int) -> bytes:
    """The whole body, of at most so many bytes. Raises Refusal (L-HTTP-12, L-HTTP-24)."""
    if (announced(request) or 0) > most:
        raise _too_large(most)
    body = bytearray()
    async with in_time(request):
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise _too_large(most)
    return bytes(body)


def announced(request: Request) -> int | None:
    """What `Content-Length` says, if it is there."""
    found = _LENGTH.fullmatch(request.headers.get("content-length", ""))
    return int(found[0]) if found else None


@asynccontextmanager
async def in_time(request: Request) -> AsyncGenerator[None]:
    """A time within which the body has to be read. Raises Refusal (`too_slow`)."""
    clock = asyncio.timeout_at(request.scope.get(UNTIL))
    try:
        async with clock:
            yield
    except TimeoutError:
        if clock.expired():
            raise Refusal("too_slow", "the request did not arrive in time") from None
        raise


def understand(body: bytes, due: type[Part], is_due: bool) -> Part | None:
    """The object in a body; None where there is none and need not be. Raises Refusal (L-HTTP-3).

    `null` counts as no body.
    """
    if body.strip(b" \t\r\n") in (b"", b"null"):
        if is_due:
            raise Refusal("invalid_body", "a body is due: a JSON object")
        return None
    try:
        tree = parse(body)
    except DecodeError as error:
        detail = error.message.replace("a frame is", "the body must be")
        raise Refusal("invalid_body", detail, param=error.pointer or None) from None
    try:
        return due.model_validate(tree)
    except ValidationError as error:
        pointer, what = place(error)
        raise Refusal(
            "invalid_body", f"{pointer or 'the body'}: {what}", param=pointer or None
        ) from None


def _too_large(most: int) -> Refusal:
    return Refusal("too_large", f"bodies of at most {most} bytes are taken")
