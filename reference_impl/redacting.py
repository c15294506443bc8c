"""Keeps secrets out of logs."""

from __future__ import annotations

import logging
import re

# A query goes as a whole: `%74oken=` is a token too, and quotes would end a narrower pattern.
_SECRET = re.compile(
    r"""(?ix)
    (\?)\S+?(?=\"\ \d|\s|$)
    | (\bbearer\s+)[^\s\"',;]+
    | (\breactor-api-key\b[\"']?\s*[:=,]\s*b?[\"']?)[^\s\"',;]+
    | ((?<![\w/])/uploads/|//[^\s/]+/uploads/)[^\s\"',;/?]+
    | ()\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*
    """
)


def redact(text: str) -> str:
    """Text for a log, without keys, tokens and URLs of uploads in it (A-HAND-16, L-SESS-24)."""
    return _SECRET.sub(lambda found: f"{''.join(filter(None, found.groups()))}[redacted]", text)


class Quiet(logging.Filter):
    """Keeps secrets out of the log, and uvicorn's complaint about handshakes that were denied."""

    _format = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the line and its traceback; drop it if it is about a denial."""
        text = record.getMessage()
        record.msg, record.args = redact(text), None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._format.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return not text.startswith("ASGI callable returned without completing handshake")
