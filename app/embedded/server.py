"""One server as a child process: started, watched, stopped in its own way."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from socket import socket

from app.embedded.account import Account
from app.embedded.bound_process import spawn_bound
from app.embedded.leftovers import stop_leftovers


class State(Enum):
    """What a server says when asked: nothing, that it still reads its data, or that it is ready."""

    SILENT = "silent"
    BUSY = "busy"
    READY = "ready"


@dataclass(frozen=True)
class Server:
    """How one server is started, known to be ready, and stopped.

    `url` is its address for clients. `state` answers at once; None if nobody waits for the server.
    `farewell` is the signal it gets when its parent is gone without a word; `patience` is the
    seconds it has to stop. `reserved` keeps its ports. `litter` is what it leaves behind: files,
    then folders that are empty by then; `stale` is what keeps the next one out after a crash.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    log: Path
    url: str
    state: Callable[[], State] | None
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    farewell: signal.Signals = signal.SIGTERM
    patience: float = 10.0
    reserved: tuple[socket, ...] = ()
    litter: tuple[Path, ...] = ()
    stale: tuple[Path, ...] = ()


class Child:
    """A server that has been started, and may be started again."""

    def __init__(self, server: Server) -> None:
        self.server = server
        server.log.write_bytes(b"")
        self.process = self._spawn()

    def restart(self) -> None:
        self.process = self._spawn()

    def ask_to_stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(self.server.stop_signal)

    def stop(self) -> None:
        """Wait until the server, which was asked to stop, is gone; kill it when it takes long."""
        try:
            self.process.wait(self.server.patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for path in self.server.litter:
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)

    def _spawn(self) -> subprocess.Popen[bytes]:
        server = self.server
        stop_leftovers(server.command[0], server.folder, server.stop_signal)
        for path in server.stale:
            path.unlink(missing_ok=True)
        with server.log.open("ab") as log:
            return spawn_bound(
                server.command,
                server.farewell,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=server.folder,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", **server.environment},
                account=server.account,
            )
