"""Where a model's schema comes from: a file, standard input, or a server, in bounded time."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import sys
import threading
import time
from typing import Any, BinaryIO, Final, NoReturn
from urllib.parse import SplitResult, urljoin, urlsplit

from risp.protocol.live.model import ModelSchema

STDIN = "-"
"""The name of standard input."""
MAX_BYTES: Final = 4 << 20
"""A schema has no more bytes."""
WITHIN_S = 10.0
"""A server has so many seconds for all of its answer."""
MAX_REDIRECTS = 5
"""So many redirects are followed."""
SHOWN = 200
"""So many characters of a source are repeated."""


_ADDRESS = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}(/.*)?")


class BadSource(ValueError):
    """There is no schema to be had: what is wrong, where, and what mends it."""


class NotPublished(BadSource):
    """The server does not give its schema to everybody."""


def is_url(source: str) -> bool:
    """Whether a source is a server's address, and not a file's."""
    return source.lower().startswith(("http://", "https://"))


def schema_of(source: str) -> ModelSchema:
    """Read a schema from a file, from `-` or from a URL; raises BadSource."""
    data = _fetched(source) if is_url(source) else _read(source)
    return parsed(data, source)


def parsed(data: bytes, source: str) -> ModelSchema:
    """Read a schema; raises BadSource."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _fail(source, f"is no UTF-8: byte {error.start}")
    if text.lstrip()[:1] == "<":
        _fail(source, "is HTML or XML, and no schema: a server's is at /schema")
    try:
        document = json.loads(text, parse_constant=_no_number)
    except RecursionError:
        _fail(source, "is nested too deeply")
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        _fail(source, f"is no JSON ({error.msg}: {at}); a schema is JSON, and not YAML")
    except ValueError as error:
        _fail(source, f"is no JSON ({str(error)[:SHOWN]})")
    return model_of(document, source)


def model_of(document: Any, source: str) -> ModelSchema:
    """Read the document of a model; raises BadSource."""
    if not isinstance(document, dict) or "openapi" not in document:
        _fail(source, "is no OpenAPI document: a server's is at /schema")
    try:
        model = ModelSchema.of_openapi(document)
    except ValueError as error:
        _fail(source, f"is no model's schema: {str(error)[:SHOWN]}")
    if not (model.commands or model.messages or model.tracks):
        _fail(source, "is an OpenAPI document, but no model's: it has no /events, and no tracks")
    return model


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")


def shown(source: str) -> str:
    """A source on a terminal: one line, without what may be secret in a URL."""
    if source == STDIN:
        return "standard input"
    text = source.partition("?")[0] if is_url(source) else source
    return "".join(one if one.isprintable() else "?" for one in text[:SHOWN])


def _fail(source: str, what: str) -> NoReturn:
    raise BadSource(f"{shown(source)}: {what}")


def _read(source: str) -> bytes:
    try:
        if source == STDIN:
            return _bounded(sys.stdin.buffer, source)
        with open(source, "rb") as file:
            return _bounded(file, source)
    except (OSError, ValueError) as error:
        if isinstance(error, BadSource):
            raise
        hint = f"; did you mean http://{source}?" if _ADDRESS.fullmatch(source) else ""
        _fail(source, f"cannot be read: {getattr(error, 'strerror', None) or error}{hint}")


def _bounded(file: BinaryIO | http.client.HTTPResponse, source: str) -> bytes:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        _fail(source, f"has more than {MAX_BYTES >> 20} MiB: this is no model's schema")
    return data


def _fetched(source: str) -> bytes:
    """Get a URL; without a path, it is the server's `/schema`."""
    url = _split(source, source)
    if url.path in {"", "/"} and not url.query:
        url = url._replace(path="/schema")
    end = time.monotonic() + WITHIN_S
    for _ in range(MAX_REDIRECTS + 1):
        found = _get(url, source, end)
        if isinstance(found, bytes):
            return found
        url = _split(found, source, url.geturl())
    _fail(source, f"redirects more than {MAX_REDIRECTS} times: give the address where it ends")


def _split(text: str, source: str, base: str = "") -> SplitResult:
    try:
        url = urlsplit(urljoin(base, text))
        port = url.port
    except ValueError:
        _fail(source, "is no URL: write it as http://host:port")
    if url.scheme not in {"http", "https"} or not url.hostname or port == 0:
        _fail(source, "is no URL of a server: write it as http://host:port")
    if url.username is not None:
        raise BadSource(f"{url.hostname}: the key goes into --key, and not into the URL")
    return url


def _get(url: SplitResult, source: str, end: float) -> bytes | str:
    """The body, or where it is to be had instead."""
    left = max(end - time.monotonic(), 0.001)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=left)
    try:
        connection.connect()
        # A timeout of the socket bounds each read, and this bounds them all together.
        timer = threading.Timer(left, _cut, [connection.sock])
        timer.daemon = True
        timer.start()
        try:
            path = (url.path or "/") + (f"?{url.query}" if url.query else "")
            connection.request("GET", path, headers={"Accept": "application/json"})
            found = _taken(connection.getresponse(), source)
        finally:
            timer.cancel()
        if time.monotonic() < end:
            return found
        raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, BadSource):
            raise
        if time.monotonic() >= end:
            _fail(source, f"has not answered within {WITHIN_S:g} s: try again")
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        _fail(source, f"cannot be had: {reason[:SHOWN]}; does the server run there?")
    finally:
        connection.close()


def _cut(sock: socket.socket) -> None:
    """End whatever waits for a server."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _taken(answer: http.client.HTTPResponse, source: str) -> bytes | str:
    where = answer.headers.get("Location")
    if answer.status in {301, 302, 303, 307, 308} and where:
        return where
    if answer.status in {401, 403, 404}:
        raise NotPublished(
            f"{shown(source)}: {answer.status}: no schema is published there; of a server with "
            "keys it comes with --key KEY --model NAME"
        )
    if answer.status != 200:
        _fail(source, f"answers {answer.status} {answer.reason[:40]}, and no schema")
    data = _bounded(answer, source)
    if answer.length:
        raise http.client.IncompleteRead(data, answer.length)
    return data
