"""Where an instance keeps things: DATA_DIR, short socket folders, a state folder elsewhere."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from app.embedded.account import Account
from app.embedded.errors import DataFolderUnusable
from app.embedded.private_files import private_folder, write_private

STATE_ROOT = Path("/var/lib/mintage")
LONGEST_SOCKET = 100
"""Bytes; systems allow 104 to 108 for the path of a unix socket."""


def data_folder(path: Path) -> Path:
    """DATA_DIR as an absolute path, made if missing. Raises DataFolderUnusable."""
    folder = path.expanduser().resolve()
    try:
        # As root the servers' own user has to pass through; everything in it is closed by itself.
        folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "this user may not write there")
    except OSError as error:
        raise DataFolderUnusable(
            f"DATA_DIR {folder} cannot be used: {error.strerror}. Set DATA_DIR to a folder of "
            "the user that runs Mintage."
        ) from error
    return folder


def fingerprint(data_dir: Path) -> str:
    """A short name for this DATA_DIR, the same every time."""
    return hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]


def socket_folder(preferred: Path, file: str, data_dir: Path, account: Account | None) -> Path:
    """A private folder for the unix socket `file`: `preferred`, or a short one if that is long.

    Also if there is a comma in it, which PostgreSQL and its clients take for the end of a path.
    """
    if len(os.fsencode(preferred / file)) < LONGEST_SOCKET and "," not in str(preferred):
        return private_folder(preferred, account)
    short = f"mintage-{os.geteuid()}-{fingerprint(data_dir)}-{preferred.parent.name}"
    folder = Path(tempfile.gettempdir()).resolve() / short
    if len(os.fsencode(folder / file)) >= LONGEST_SOCKET:
        folder = Path("/tmp") / short  # noqa: S108 - private_folder refuses a foreign one
    return private_folder(folder, account)


def postgres_home(data_dir: Path, account: Account | None) -> Path:
    """The folder of everything PostgreSQL's: DATA_DIR/postgres, or, when its own user cannot get
    there because a folder above is closed, one below /var/lib/mintage, which is noted in
    DATA_DIR/postgres.location.

    Raises DataFolderUnusable when neither works, or when the noted folder is gone.
    """
    note = data_dir / "postgres.location"
    if note.exists():
        return _noted_home(note)
    home = data_dir / "postgres"
    if account is None or account.reaches(data_dir):
        return private_folder(home, account)
    if home.exists():
        raise DataFolderUnusable(
            f"PostgreSQL cannot run as root, and user {account.uid} cannot reach its data in "
            f"{home}. Let others enter the folders above it (chmod o+x)."
        )
    home = private_folder(_state_folder(data_dir, account) / "postgres", account)
    write_private(note, f"{home}\n")
    return home


def _noted_home(note: Path) -> Path:
    home = Path(note.read_text().strip())
    if not home.is_dir():
        raise DataFolderUnusable(
            f"The PostgreSQL data of this DATA_DIR is in {home} (so says {note}), which is gone. "
            f"Restore it, or delete {note} to begin with an empty database."
        )
    return home


def _state_folder(data_dir: Path, account: Account) -> Path:
    # Never one from before: without its note in DATA_DIR its password and secret are lost too.
    folder = STATE_ROOT.resolve() / f"{fingerprint(data_dir)}-{secrets.token_hex(4)}"
    try:
        STATE_ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
        folder.mkdir(mode=0o711)
        (folder / "belongs-to").write_text(f"{data_dir}\n")
    except OSError as error:
        raise _no_state_folder(data_dir, folder, str(error.strerror)) from error
    if not account.reaches(folder):
        raise _no_state_folder(data_dir, folder, f"user {account.uid} cannot enter it")
    return folder


def _no_state_folder(data_dir: Path, folder: Path, reason: str) -> DataFolderUnusable:
    return DataFolderUnusable(
        "PostgreSQL cannot run as root, its own user cannot reach "
        f"{data_dir}, and {folder} cannot be used instead: {reason}. Set DATA_DIR to a folder "
        "every user may enter, run as an ordinary user, or set DATABASE_URL."
    )
