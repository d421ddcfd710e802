"""The fixtures of a fresh installation, and `mintage` as a command run against it."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from app.settings import GivenSettings
from tests.installation import app, client, environment_of, installation, prepared, reset, rows

__all__ = ["app", "client", "installation", "mintage", "prepared", "reset", "rows"]

Mintage = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def mintage(installation: GivenSettings) -> Mintage:
    """Runs `mintage` with these arguments, as a process of its own."""

    def run(*arguments: str, answer: str = "", **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            env={**os.environ, **environment_of(installation), **environment},
            input=answer,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
