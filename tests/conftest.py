"""The real services for all tests: started once per test session, when a test first asks.

The servers belong to a holder process, started by whichever process (or xdist worker) is first.
The process that runs the session keeps a pipe to it open; when that process ends, however it
ends, the holder stops the servers and removes their folder.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from app.embedded import Services, running
from app.settings import GivenSettings

_FOLDER = "MINTAGE_TEST_SERVICES"
_PIPE = pytest.StashKey[int]()
_STOP_SECONDS = 60.0

_HOLDER = """
import shutil, sys
from pathlib import Path
from app.embedded import start
from app.settings import GivenSettings
try:
    with start(GivenSettings(_env_file=None, data_dir=Path(sys.argv[1]) / "var",
                        database_url=None, redis_url=None, s3_url=None)):
        sys.stdin.read()
finally:
    shutil.rmtree(sys.argv[1])
"""


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder and the pipe that the holder lives on; no server is started yet."""
    if hasattr(config, "workerinput"):
        return
    # Not pytest's own folder: that is closed, and PostgreSQL runs as another user below root.
    folder = Path(tempfile.mkdtemp(prefix="mintage-tests-"))
    folder.chmod(0o711)
    os.mkfifo(folder / "alive", 0o600)
    os.environ[_FOLDER] = str(folder)
    # Both ends, or opening would wait for a reader.
    config.stash[_PIPE] = os.open(folder / "alive", os.O_RDWR | os.O_CLOEXEC)


def pytest_report_header() -> str:
    """Say whether the JavaScript client is tested."""
    if shutil.which("node") is None:
        return "Node is not there: the JavaScript SDK is not tested (tests/clients)."
    return "Node is there: the JavaScript SDK is tested, too."


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let the holder go and wait until all of it is gone."""
    pipe = config.stash.get(_PIPE, None)
    if pipe is None:
        return
    folder = Path(os.environ.pop(_FOLDER))
    os.close(pipe)
    if not (folder / "var").exists():
        _remove_unused(folder)
    end = time.monotonic() + _STOP_SECONDS
    while folder.exists() and time.monotonic() < end:
        time.sleep(0.02)


@pytest.fixture(scope="session")
def services() -> Services:
    """The three embedded services, shared by all processes of this session."""
    folder = Path(os.environ[_FOLDER])
    with _locked(folder / "lock"):
        return running(_settings(folder)) or _start_holder(folder)


@pytest.fixture(scope="session")
def database_url(services: Services) -> Iterator[str]:
    """An empty database of this xdist worker; no migration has run in it."""
    name = f"test_{_worker()}"
    with psycopg.connect(services.database_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield services.database_url.replace("@/mintage?", f"@/{name}?")
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_url(services: Services) -> str:
    """Valkey, with a database number of this xdist worker."""
    number = 1 + int(re.sub(r"\D", "", _worker()) or 0)
    return services.redis_url.replace("?db=0", f"?db={number}")


@pytest.fixture(scope="session")
def s3_url(services: Services) -> str:
    """The S3 server, once it answers."""
    address = services.s3_url.split("@")[1].split("/")[0]
    end = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://{address}/healthz", timeout=5):
                return services.s3_url
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def _worker() -> str:
    """The name of this xdist worker; "main" without xdist."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def _settings(folder: Path) -> GivenSettings:
    return GivenSettings(
        _env_file=None, data_dir=folder / "var", database_url=None, redis_url=None, s3_url=None
    )


def _start_holder(folder: Path) -> Services:
    """Start the holder, bound to the session's pipe, and wait for the services."""
    alive = os.open(folder / "alive", os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(alive, True)
    with tempfile.TemporaryFile() as log:
        holder = subprocess.Popen(
            [sys.executable, "-W", "default", "-c", _HOLDER, str(folder)],
            stdin=alive,
            stdout=log,
            stderr=log,
            cwd="/",
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            start_new_session=True,
        )
        os.close(alive)
        while holder.poll() is None:
            if found := running(_settings(folder)):
                holder.returncode = 0  # it outlives this process; nobody here waits for it
                return found
            time.sleep(0.01)
        log.seek(0)
        said = log.read().decode(errors="replace")
    raise RuntimeError(f"The services for the tests did not start:\n{said}")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_unused(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
