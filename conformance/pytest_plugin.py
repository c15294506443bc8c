"""`pytest --risp-target URL`: one test item per check, beside a project's own tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    pass

GROUP = "risp"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; nothing of the kit is imported before one is used."""
    group = parser.getgroup(GROUP, "conformance to the Realtime Inference Session Protocol")
    group.addoption("--risp-target", metavar="URL", help="judge the server at this URL")
    group.addoption("--risp-key", metavar="KEY", help="key for `Authorization: Bearer`")
