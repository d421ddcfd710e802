"""Files and folders only their owner can read: data, passwords, keys, URLs with passwords in."""

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from app.embedded.account import Account
from app.embedded.errors import DataFolderUnusable


def write_private(path: Path, text: str) -> None:
    """Replace the file by one with this text, in one step; 0600 from its first byte."""
    temporary = _written_beside(path, text)
    temporary.replace(path)


def keep_once(path: Path, make: Callable[[], str]) -> str:
    """The text of the file, which is made with `make()` if there is none yet.

    When several processes come at once, all get the text of the one that was first. Raises
    DataFolderUnusable when the file is there but empty: a lost secret is never replaced silently.
    """
    if not path.exists():
        temporary = _written_beside(path, make())
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            pass  # another process was first; its text is the one
        finally:
            temporary.unlink()
    text = path.read_text().strip()
    if not text:
        raise DataFolderUnusable(f"{path} is empty. Restore it from a backup.")
    return text


def private_folder(path: Path, account: Account | None = None) -> Path:
    """The folder, made if missing, mode 0700, owned by `account` (None: by this process).

    Raises DataFolderUnusable if something else is there or it belongs to somebody else.
    """
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    wanted = os.geteuid() if account is None else account.uid
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {wanted, os.geteuid()}:
        raise DataFolderUnusable(
            f"{path} is not a folder of user {wanted}. Remove it, or choose another DATA_DIR."
        )
    if account is not None:
        os.chown(path, account.uid, account.gid)
    path.chmod(0o700)
    return path


def _written_beside(path: Path, text: str) -> Path:
    """A new file next to `path`, 0600, with the text on the disk."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
