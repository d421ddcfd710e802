"""Child processes that do not outlive their parent, however it ends."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from app.embedded.account import Account

_PR_SET_PDEATHSIG = 1


def spawn_bound(
    command: Sequence[str],
    farewell: signal.Signals,
    *,
    stdin: int | IO[bytes] | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    account: Account | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child, in a session of its own, that gets `farewell` when this thread ends.

    Only Linux can bind so; elsewhere whoever comes next has to look for leftovers. With an
    `account` the child runs as that user (needs root).
    """
    return subprocess.Popen(  # noqa: S603 - commands are ours, never a client's
        command,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        cwd=cwd,
        env=env,
        start_new_session=True,
        preexec_fn=_binding(farewell),  # noqa: PLW1509 - plain calls only; see there
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
    )


def import_path() -> str:
    """PYTHONPATH for a child that imports this package, wherever it is started."""
    root = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])


def _binding(farewell: signal.Signals) -> Callable[[], None] | None:
    """What the child does between fork and exec, after the change of user, which would unbind."""
    if sys.platform != "linux":
        return None
    # Looked up before the fork, so that the child makes no more than two system calls.
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()
    number = int(farewell)

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it was gone before the binding
            os._exit(1)

    return bind
