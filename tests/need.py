"""An optional peer that is missing is a visible skip on a desk and a failure in CI."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def found(peer: str) -> bool:
    """Look for a path below the tree ("examples/x"), a command ("node") or a module ("aiortc")."""
    if "/" in peer:
        return (ROOT / peer).exists()
    return shutil.which(peer) is not None or importlib.util.find_spec(peer) is not None


def need(peer: str, why: str) -> None:
    """Go on only if the peer is there; `why` says what cannot be shown without it."""
    if not found(peer):
        miss(f"{peer} is missing: {why}")


def miss(reason: str) -> None:
    """Do not go on: a skip with its reason, in CI a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason, allow_module_level=True)
