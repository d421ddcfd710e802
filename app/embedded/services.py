"""The services of one installation: the ones given by URL, and embedded ones for the rest."""

import fcntl
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.embedded.bound_process import import_path
from app.embedded.errors import AlreadyRunning, EmbeddedError, ServerDidNotStart
from app.embedded.folders import data_folder
from app.embedded.log_tail import last_lines
from app.embedded.private_files import keep_once, private_folder

if TYPE_CHECKING:  # the guard imports this package too, and has to start fast
    from app.settings import GivenSettings

URLS = ("database_url", "redis_url", "s3_url")
_LOCK_SECONDS = 75.0
"""How long the servers of an instance that was just ended may take to stop."""
_STOP_SECONDS = 90.0


@dataclass(frozen=True)
class Services:
    """Where the services are, and the secret of the installation.

    `database_url` is a libpq URL, `redis_url` one for redis-py's `from_url`, `s3_url` reads
    http(s)://ACCESS_KEY:SECRET_KEY@host:port/bucket.
    """

    database_url: str
    redis_url: str
    s3_url: str
    secret: str


@contextmanager
def start(settings: "GivenSettings") -> Iterator[Services]:
    """The services, for the time of the block: what has no URL is started under DATA_DIR.

    When all URLs are given nothing is started, and any number of instances may run. Raises
    AlreadyRunning when another instance runs servers on this DATA_DIR, and EmbeddedError with a
    readable sentence when a server cannot be started.
    """
    given = {name: getattr(settings, name) for name in URLS if getattr(settings, name)}
    provide = [name for name in URLS if name not in given]
    secret = settings.secret
    if not provide and secret:
        yield Services(**given, secret=secret)
        return
    data_dir = data_folder(settings.data_dir)
    given["secret"] = secret or keep_once(data_dir / "secret", lambda: secrets.token_urlsafe(32))
    if not provide:
        yield Services(**given)
        return
    order: dict[str, object] = {"data_dir": str(data_dir), "provide": provide, "given": given}
    with _guarded(data_dir, order) as services:
        yield services


def running(settings: "GivenSettings") -> Services | None:
    """The services of an instance that runs servers on this DATA_DIR; None if there is none."""
    data_dir = settings.data_dir.expanduser().resolve()
    try:
        facts = json.loads((data_dir / "services.json").read_text())
        with (data_dir / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return Services(**facts)  # the guard is alive and holds the lock
    return None


@contextmanager
def attach(settings: "GivenSettings") -> Iterator[Services]:
    """The services of the running instance, or of one started for the time of the block."""
    with ExitStack() as stack:
        services = running(settings)
        if services is None:
            try:
                services = stack.enter_context(start(settings))
            except AlreadyRunning:  # it came up meanwhile
                services = running(settings)
                if services is None:
                    raise
        yield services


@contextmanager
def _guarded(data_dir: Path, order: dict[str, object]) -> Iterator[Services]:
    """Run a guard with this order for the time of the block."""
    logs = private_folder(data_dir / "log")
    with _locked(data_dir) as lock, (logs / "guard.log").open("wb") as log:
        guard = subprocess.Popen(
            [sys.executable, "-m", "app.embedded.guard"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            env={**os.environ, "PYTHONPATH": import_path()},
            pass_fds=[lock],
            start_new_session=True,  # Ctrl-C is for us; the guard is told afterwards
        )
    try:
        yield _answer(guard, order, logs / "guard.log")
    finally:
        _end(guard)


def _answer(guard: subprocess.Popen[bytes], order: dict[str, object], log: Path) -> Services:
    """Give the guard its order and wait for the services. Raises EmbeddedError."""
    if guard.stdin is None or guard.stdout is None:
        raise TypeError("The guard was started without pipes.")
    guard.stdin.write(json.dumps(order).encode() + b"\n")
    guard.stdin.flush()
    line = guard.stdout.readline()
    if not line:
        raise ServerDidNotStart(
            f"The process that guards the embedded services ended. Its log, {log}, ends:\n"
            f"{last_lines(log)}"
        )
    answer = json.loads(line)
    if "error" in answer:
        raise EmbeddedError(answer["error"])
    return Services(**answer["services"])


def _end(guard: subprocess.Popen[bytes]) -> None:
    guard.terminate()
    for pipe in (guard.stdin, guard.stdout):
        if pipe is not None:
            pipe.close()
    try:
        guard.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        guard.kill()
        guard.wait()


@contextmanager
def _locked(data_dir: Path) -> Iterator[int]:
    """The lock of the DATA_DIR, to be handed to the guard. Raises AlreadyRunning.

    Waits while the servers of an instance that ended are being stopped.
    """
    handle = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        end = time.monotonic() + _LOCK_SECONDS
        while not _taken(handle):
            if (data_dir / "services.json").exists() or time.monotonic() > end:
                raise AlreadyRunning(
                    f"Another instance of Mintage runs on DATA_DIR {data_dir}. Stop it first, or "
                    "set another DATA_DIR and PORT."
                )
            time.sleep(0.05)
        (data_dir / "services.json").unlink(missing_ok=True)  # of a guard that was killed
        yield handle
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
