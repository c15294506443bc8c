"""`GET /events`: what happens, as server-sent events."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from risp.protocol.live.endpoint import EVENT_STREAM

from ..journal import Journal
from ..refusal import Refusal
from .doors import one

KEEP_ALIVE_S = 15.0
"""After so many seconds without an event a comment shows that there is still somebody."""
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
LAST = "Last-Event-ID"
_ID = re.compile(r"\d{1,18}", re.ASCII)


def stream_events(journal: Journal, request: Request) -> Response:
    """The events after the one that is known, or from now on. Raises Refusal (L-LOCAL-12)."""
    since, last = request.query_params.get("since"), request.headers.get(LAST)
    if since is not None and not _ID.fullmatch(since):
        raise Refusal("invalid_query", "`since` is the id of an event: an integer", param="since")
    if last is not None and not _ID.fullmatch(one(request, LAST) or ""):
        raise Refusal("invalid_header", f"`{LAST}` is the id of an event: an integer", param=LAST)
    if request.method == "HEAD":
        return Response(headers=HEADERS, media_type=EVENT_STREAM)
    # The header is newer: a browser that comes again keeps the URL and adds it.
    known = last if last is not None else since
    events = _write(journal, None if known is None else int(known))
    return StreamingResponse(events, headers=HEADERS, media_type=EVENT_STREAM)


async def _write(journal: Journal, known: int | None) -> AsyncIterator[str]:
    async with journal.watch(known) as watch:
        yield ":\n\n"  # some clients show that they are connected only once something has come
        while True:
            try:
                async with asyncio.timeout(KEEP_ALIVE_S):
                    event = await watch.next()
            except TimeoutError:
                yield ":\n\n"
                continue
            if event is None:
                return
            yield f"id: {event.id}\ndata: {event.text}\n\n"
