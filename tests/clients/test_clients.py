"""The contract's own clients against a running server (directus.md 11)."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.installation import TOKEN

HERE = Path(__file__).parent
SDK = Path(sys.prefix) / "node" / "node_modules" / "@directus" / "sdk" / "dist" / "index.js"
"""Where `make setup` puts the JavaScript SDK, if Node is there."""


def ran(command, server):
    """What a client printed; nothing when all went well."""
    environment = {**os.environ, "SERVER": server, "TOKEN": TOKEN, "SDK": SDK.as_uri()}
    done = subprocess.run(
        command, env=environment, cwd=HERE, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_the_python_clients_work_unchanged(server):
    status, printed = ran([sys.executable, "-W", "ignore", "python_clients.py"], server)
    assert status == 0, printed


if shutil.which("node") is not None:

    def test_the_javascript_sdk_works_unchanged(server):
        assert SDK.exists(), "Run `make setup` again: Node is there, the SDK is not."
        status, printed = ran(["node", "sdk.mjs"], server)
        assert status == 0, printed
