"""The operating-system user PostgreSQL runs as: oneself, or `nobody` when that would be root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """An operating-system user by its numbers."""

    uid: int
    gid: int

    def reaches(self, path: Path) -> bool:
        """Whether this user may enter the folder or run the file at `path`.

        Asked of the system itself, so that access lists and mounts count too. Needs root.
        """
        command = ["/bin/sh", "-c", '[ -x "$1" ]', "sh", str(path)]
        asked = subprocess.run(  # noqa: S603 - a fixed command
            command, user=self.uid, group=self.gid, extra_groups=[], cwd="/", check=False
        )
        return asked.returncode == 0


def unprivileged() -> Account | None:
    """The account servers that refuse root run as; None when this process is not root."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)
