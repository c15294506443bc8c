"""What every test may use."""

from collections.abc import Callable

import pytest

from tests import need as needs


@pytest.fixture(scope="session")
def need() -> Callable[[str, str], None]:
    """`need("node", "runs the stranger's server")`: skip on a desk, fail in CI."""
    return needs.need
