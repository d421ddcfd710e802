"""The fixtures of a fresh installation and its client."""

import gc
from collections.abc import Iterator

import pytest

from tests.harbour import harbour, harbour_app
from tests.installation import app, client, installation, prepared, reset, rows

__all__ = ["app", "client", "harbour", "harbour_app", "installation", "prepared", "reset", "rows"]


@pytest.fixture(autouse=True, scope="module")
def _little_to_look_through() -> Iterator[None]:
    """What thousands of tests have left is not looked through: clients here have a second."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
