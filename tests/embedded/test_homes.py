"""Closed homes: as root, whose PostgreSQL runs as another user, and as an ordinary user."""

import contextlib
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from app.embedded import EmbeddedError, running, start
from app.embedded.account import Account
from app.embedded.binaries import postgres_package
from tests.embedded.conftest import ROOT, keeping, opened_folder, settings_for

_DAEMON = pwd.getpwnam("daemon")
ORDINARY = Account(_DAEMON.pw_uid, _DAEMON.pw_gid) if os.geteuid() == 0 else None
"""Somebody who is not root: another user below root, else oneself."""


@pytest.fixture
def closed_home() -> Iterator[Path]:
    """A folder nobody else may enter, on a file system that programs can run from."""
    with opened_folder(Path(tempfile.gettempdir())) as folder:
        (folder / "home").mkdir(mode=0o700)
        yield folder / "home"


def modes(folder: Path) -> dict[Path, int]:
    return {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.parents)}


def copy_of_the_wheel(folder: Path) -> str:
    """An installation below the closed home; the import path that finds it first."""
    package = postgres_package()
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            shutil.copytree(source, folder / source.name)
    return os.pathsep.join([str(ROOT), str(folder)])


def test_below_a_closed_home_with_a_closed_installation(closed_home, monkeypatch):
    before = modes(closed_home)
    monkeypatch.setenv("PYTHONPATH", copy_of_the_wheel(closed_home / "venv"))
    settings = settings_for(closed_home / "var")
    for _ in range(2):
        with start(settings) as services:
            assert psycopg.connect(services.database_url).close() is None
    assert modes(closed_home) == before
    note = settings.data_dir / "postgres.location"
    assert note.exists() == (os.geteuid() == 0)


def test_a_state_folder_that_is_gone_is_not_replaced_silently(closed_home):
    settings = settings_for(closed_home / "var", redis_url="redis://127.0.0.1:9")
    settings.data_dir.mkdir()
    note = settings.data_dir / "postgres.location"
    note.write_text("/nonexistent/mintage/postgres\n")
    with pytest.raises(EmbeddedError, match=r"Restore it, or delete .*postgres\.location"):
        start(settings).__enter__()


def test_as_an_ordinary_user_in_a_closed_home(closed_home):
    environment = {"PYTHONPATH": copy_of_the_wheel(closed_home / "venv")}
    if ORDINARY is not None:
        for path in (closed_home, *closed_home.rglob("*")):
            os.chown(path, ORDINARY.uid, ORDINARY.gid, follow_symlinks=False)
    settings = settings_for(closed_home / "var")
    for _ in range(2):
        with keeping(
            settings.data_dir, s3_url="", account=ORDINARY, environment=environment
        ) as keeper:
            owner = os.geteuid() if ORDINARY is None else ORDINARY.uid
            assert _owners(keeper.below) == {owner}
            assert keeper.named("postgres").exe().startswith(str(closed_home))
            assert not (settings.data_dir / "postgres.location").exists()
            assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700
            assert running(settings) is not None
        assert keeper.all_gone()


def _owners(processes):
    """Effective users; PostgreSQL's own workers come and go meanwhile."""
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.add(process.uids().effective)
    return found
