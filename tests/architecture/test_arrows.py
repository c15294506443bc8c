"""protocol <- reference_impl, protocol <- conformance, and nothing between the last two."""

import ast
from pathlib import Path

import pytest

from tests.architecture.tree import ROOMS, ROOT, modules, write
from tests.architecture.tree import imported as imported_by

NO_IO = {"asyncio", "logging", "select", "selectors", "socket", "ssl", "threading", "time"}
NO_TRANSPORT = {"aiortc", "httpx", "starlette", "uvicorn", "uvloop", "websockets"}
FORBIDDEN = {
    "protocol": {"risp.reference_impl", "risp.conformance", *NO_IO, *NO_TRANSPORT},
    "reference_impl": {"risp.conformance"},
    "conformance": {"risp.reference_impl"},
}
NOBODYS = {"risp.command", "tests", *ROOMS}
"""What no room imports: the command, the tests, and a room by its folder's name."""


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def wrong_arrows(root: Path) -> list[str]:
    wrong: set[str] = set()
    for room in ROOMS:
        for module in modules(root, room):
            for node in ast.walk(module.tree()):
                wrong |= {
                    f"{module.name} imports {target}"
                    for name in imported_by(node, module.package)
                    for target in FORBIDDEN[room] | NOBODYS
                    if within(name, target)
                }
    return sorted(wrong)


def test_every_arrow_points_to_the_protocol():
    assert wrong_arrows(ROOT) == []


@pytest.mark.parametrize(
    ("file", "text", "finding"),
    [
        ("protocol/a.py", "import asyncio", "risp.protocol.a imports asyncio"),
        ("protocol/a.py", "from time import monotonic", "risp.protocol.a imports time"),
        ("protocol/a.py", "def f():\n import socket", "risp.protocol.a imports socket"),
        ("protocol/x/a.py", "import logging.config", "risp.protocol.x.a imports logging"),
        (
            "protocol/a.py",
            "from risp import conformance",
            "risp.protocol.a imports risp.conformance",
        ),
        (
            "reference_impl/a.py",
            "from risp.conformance.check import check",
            "risp.reference_impl.a imports risp.conformance",
        ),
        (
            "conformance/x/a.py",
            "from ...reference_impl import app",
            "risp.conformance.x.a imports risp.reference_impl",
        ),
        ("conformance/a.py", "import protocol", "risp.conformance.a imports protocol"),
        (
            "reference_impl/__init__.py",
            "from ..command import main",
            "risp.reference_impl imports risp.command",
        ),
    ],
)
def test_a_wrong_arrow_is_reported(tmp_path, file, text, finding):
    assert wrong_arrows(write(tmp_path, {file: text})) == [finding]


def test_the_right_arrows_are_not_reported(tmp_path):
    write(
        tmp_path,
        {
            "protocol/a.py": "from .codec import decode\nfrom risp.protocol import machine",
            "reference_impl/a.py": "import asyncio\nfrom risp.protocol.codec import decode",
            "conformance/a.py": "import time, protocols\nfrom . import check",
        },
    )
    assert wrong_arrows(tmp_path) == []
