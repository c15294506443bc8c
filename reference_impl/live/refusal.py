"""A request that is refused."""

from __future__ import annotations

from risp.protocol.live.codes import HTTP_CODES, HttpCode


class Refusal(Exception):
    """Becomes the answer to a request: a code of the profile's table, with its status.

    Raises KeyError for a code that the table does not have.
    """

    def __init__(
        self, code: str, detail: str, *, param: str | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code: HttpCode = HTTP_CODES[code]
        self.detail = detail
        """For a human; it holds no secret and no path of this machine."""
        self.param = param
        """A JSON pointer into the body, or the name of a header or of a part of the path."""
        self.retry_after_s = retry_after_s
        """What `Retry-After` says, in seconds; due with 429 and 503 (L-HTTP-23)."""

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self.code.status
