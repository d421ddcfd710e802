"""A server of a fresh installation, for clients that are processes of their own."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from app.demo import free_port
from app.settings import GivenSettings
from tests.installation import app, client, environment_of, installation, prepared, reset, rows

__all__ = ["app", "client", "installation", "prepared", "reset", "rows", "server"]


@pytest.fixture
def server(installation: GivenSettings) -> Iterator[str]:
    """The address of a web server that serves the installation."""
    port = free_port()
    command = f"{sys.executable} -m uvicorn app.main:app --port {port} --log-level warning"
    process = subprocess.Popen(
        command.split(), env={**os.environ, **environment_of(installation), "LOG_LEVEL": "warning"}
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/server/ping", timeout=5).close()
                break
            except OSError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)
