"""Folders for instances of their own, and a way to run one in another process."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from app.embedded.account import Account
from app.embedded.ports import PAIR
from app.settings import GivenSettings

ROOT = Path(__file__).parents[2]
NO_S3 = "http://key:secret@127.0.0.1:9/mintage"
"""Given, so that nothing is started for it: SeaweedFS takes a second to stop."""
_ENOUGH = 2**30

_KEEPER = """
import sys
from pathlib import Path
from app.embedded import start
from app.settings import GivenSettings
with start(GivenSettings(_env_file=None, data_dir=Path(sys.argv[1]), database_url=None,
                    redis_url=None, s3_url=sys.argv[2] or None)):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A new folder that every user may enter; pytest's own are closed."""
    with opened_folder() as folder:
        yield folder


@contextmanager
def opened_folder(parent: Path | None = None) -> Iterator[Path]:
    """As above; in memory if there is enough, where it is made and removed faster."""
    if (
        parent is None
        and Path("/dev/shm").is_dir()
        and shutil.disk_usage("/dev/shm").free > _ENOUGH
    ):
        parent = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="mintage-test-", dir=parent)).resolve()
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        sweep(folder)
        shutil.rmtree(folder)


def sweep(folder: Path) -> None:
    """Remove what instances below `folder` have elsewhere, as their next start or stop would."""
    for note in folder.rglob("ports.json"):
        for number in json.loads(note.read_text()):
            for path in Path("/tmp").glob(f"seaweedfs-*-grpc-{number + PAIR}.sock"):
                path.unlink()
    for note in folder.rglob("postgres.location"):
        shutil.rmtree(Path(note.read_text().strip()).parent, ignore_errors=True)


def settings_for(data_dir: Path, **given: object) -> GivenSettings:
    urls = {"database_url": None, "redis_url": None, "s3_url": NO_S3, "secret": None}
    return GivenSettings(_env_file=None, data_dir=data_dir, **{**urls, **given})


@dataclass(frozen=True)
class Keeper:
    """A process that keeps an instance running, and all processes below it."""

    process: subprocess.Popen[str]
    below: list[psutil.Process]

    def named(self, name: str) -> psutil.Process:
        return next(process for process in self.below if process.name() == name)

    @property
    def servers(self) -> list[psutil.Process]:
        """The processes that stay: not the ones PostgreSQL starts for each connection."""
        guard = self.guard
        return [guard, *guard.children()]

    @property
    def guard(self) -> psutil.Process:
        return next(process for process in self.below if "app.embedded.guard" in process.cmdline())

    def all_gone(self, seconds: float = 10) -> bool:
        end = time.monotonic() + seconds
        while any(_runs(process) for process in self.below):
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True


def _runs(process: psutil.Process) -> bool:
    """Whether it is there and not just waiting for its parent to take notice of its end."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def starting(
    data_dir: Path,
    s3_url: str,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """A process that starts an instance and keeps it until its input ends."""
    command = [sys.executable, "-c", _KEEPER, str(data_dir), s3_url]
    process = subprocess.Popen(
        command if account is None else [*_becoming(account), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
        cwd=ROOT if account is None else "/",
    )
    try:
        yield process
    finally:
        process.communicate()


@contextmanager
def keeping(
    data_dir: Path,
    *,
    s3_url: str = NO_S3,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Keeper]:
    """Run an instance in another process, as another user if wanted."""
    with starting(data_dir, s3_url, account, environment) as process:
        assert process.stdout.readline() == "ready\n"
        yield Keeper(process, psutil.Process(process.pid).children(recursive=True))


def _becoming(account: Account) -> list[str]:
    """The command that runs another as this ordinary user.

    Where the interpreter itself is closed to that user (root's own Python), the process may read
    what others may not; it still is an ordinary user that owns and writes nothing of root's.
    """
    command = ["setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    if not account.reaches(Path(sys.executable).resolve()) or not account.reaches(ROOT):
        command += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return command
