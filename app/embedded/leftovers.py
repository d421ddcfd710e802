"""Servers left over from an instance that was killed: found by program and folder, and stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 10.0
"""Seconds a leftover server has to end in its own way."""


def stop_leftovers(program: str, folder: Path, stop_signal: signal.Signals) -> None:
    """Stop every process of the program that works in `folder`; returns when none is left.

    The caller holds the lock of the DATA_DIR, so whatever is found has no owner.
    """
    end = time.monotonic() + PATIENCE
    wanted = stop_signal
    while pids := _processes(Path(program).name, folder):
        for pid in _heads(pids):
            _send(pid, wanted)
        if time.monotonic() > end:
            wanted = signal.SIGKILL
        _wait_gone(pids, 0.5)


def _processes(program: str, folder: Path) -> list[int]:
    """Processes of that name whose working folder is `folder`; here also PostgreSQL's backends."""
    if sys.platform != "linux":
        return _listed(program, folder)
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # A program replaced on disk reads "... (deleted)".
            same = (entry / "exe").readlink().name.split(" ")[0] == program
            if same and (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
        except OSError:
            continue  # gone meanwhile, or not ours
    return found


def _heads(pids: list[int]) -> list[int]:
    """Those that are no child of another: a server ends its own children, in its own order."""
    return [pid for pid in pids if _parent(pid) not in pids]


def _parent(pid: int) -> int | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None  # gone meanwhile, or not Linux
    return int(fields[1])


def _listed(program: str, folder: Path) -> list[int]:
    """The same without /proc: by the command line, which names the folder."""
    command = ["/bin/ps", "-axww", "-o", "pid=,args="]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S603
    matching = (line.split() for line in lines if f"/{program} " in line and str(folder) in line)
    return [int(words[0]) for words in matching if int(words[0]) != os.getpid()]


def _send(pid: int, wanted: signal.Signals) -> None:
    try:
        os.kill(pid, wanted)
    except ProcessLookupError:
        return


def _wait_gone(pids: list[int], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(_alive(pid) for pid in pids):
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
