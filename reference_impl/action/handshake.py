"""The upgrade from HTTP to WebSocket, as a client does it (RFC 6455, 4.1)."""

from __future__ import annotations

import contextlib
import email.utils
import json
from datetime import UTC, datetime
from typing import Any, cast

from websockets.utils import accept_key, generate_key

from risp.protocol.version import PROTOCOL_VERSION

from .address import Address
from .failures import WebSocketHandshakeError
from .transport import Network, Transport

USER_AGENT = f"risp-client/{PROTOCOL_VERSION}"
_MAX_HEAD = 1 << 16
_MAX_BODY = 1 << 16
_BODY_S = 1.0
"""How long the explanation in a refusal's body is waited for."""


async def upgrade(
    network: Network, transport: Transport, address: Address, key: str | None, deadline: float
) -> bytes:
    """Turn a connection into a WebSocket; returns the bytes that came right behind the answer.

    Raises WebSocketHandshakeError for any other answer, and ConnectionError for none.
    """
    nonce = generate_key()
    await transport.send(request_head(address, key, nonce), deadline)
    head, rest = await _read_head(transport, deadline)
    line, headers = _parse(head)
    status = _status(line)
    if status != 101:
        rest = await _read_body(transport, headers, rest, min(deadline, network.now() + _BODY_S))
        raise WebSocketHandshakeError(status, line, _explanation(rest), retry_after(headers))
    wrong = _what_is_wrong(headers, nonce)
    if wrong:
        raise WebSocketHandshakeError(status, line, wrong)
    return rest


def request_head(address: Address, key: str | None, nonce: str) -> bytes:
    """The request: no Origin, no subprotocol (which means JSON), no extension (A-HAND-7)."""
    lines = [
        f"GET {address.target} HTTP/1.1",
        f"Host: {address.host_header}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {nonce}",
        "Sec-WebSocket-Version: 13",
        *([f"Authorization: Bearer {key}"] if key else []),
        f"User-Agent: {USER_AGENT}",
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def retry_after(headers: dict[str, str]) -> float | None:
    """Seconds that `Retry-After` asks for, given as such or as a date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return float(value)
    until = _date(value)
    if until is None:
        return None
    # The server's own clock, if it tells it: a robot's may be wrong by years.
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _date(value: str) -> datetime | None:
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


async def _read_head(transport: Transport, deadline: float) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        more = await transport.receive(deadline)
        if not more:
            raise ConnectionError("the server hung up on the upgrade")
        data += more
        # Whatever is no HTTP will not become it.
        if not data.startswith(b"HTTP/1."[: len(data)]) or len(data) > _MAX_HEAD:
            raise WebSocketHandshakeError(0, _first_line(data), "not an HTTP answer")
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _parse(head: bytes) -> tuple[str, dict[str, str]]:
    line, *fields = head.decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    for field in fields:
        name, _, value = field.partition(":")
        name = name.strip().lower()
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return line, headers


def _status(line: str) -> int:
    words = line.split(" ")
    if len(words) > 1 and len(words[1]) == 3 and words[1].isascii() and words[1].isdigit():
        return int(words[1])
    raise WebSocketHandshakeError(0, line[:200], "not an HTTP answer")


def _first_line(data: bytes) -> str:
    return data.partition(b"\r\n")[0][:200].decode("latin-1")


async def _read_body(
    transport: Transport, headers: dict[str, str], body: bytes, deadline: float
) -> bytes:
    length = headers.get("content-length", "")
    size = min(int(length), _MAX_BODY) if length.isascii() and length.isdigit() else 0
    # The status is known; what is lost here is only its explanation.
    with contextlib.suppress(OSError):
        while len(body) < size:
            more = await transport.receive(deadline)
            if not more:
                break
            body += more
    return body


def _explanation(body: bytes) -> str:
    try:
        said: Any = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(said, dict):
        return ""
    parts = [cast(dict[str, Any], said).get(name) for name in ("code", "detail")]
    return ": ".join(part[:500] for part in parts if isinstance(part, str))


def _what_is_wrong(headers: dict[str, str], nonce: str) -> str:
    if headers.get("upgrade", "").lower() != "websocket":
        return "no `Upgrade: websocket`"
    tokens = [token.strip().lower() for token in headers.get("connection", "").split(",")]
    if "upgrade" not in tokens:
        return "no `Connection: Upgrade`"
    if headers.get("sec-websocket-accept") != accept_key(nonce):
        return "a wrong `Sec-WebSocket-Accept`"
    for name in ("extensions", "protocol"):
        if headers.get(f"sec-websocket-{name}"):
            return f"`Sec-WebSocket-{name.title()}`, which was not offered"
    return ""
