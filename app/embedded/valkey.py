"""Valkey: the broker and the cache, on a unix socket, keeping its data (append-only file)."""

import secrets
import socket
from pathlib import Path
from urllib.parse import quote

from app.embedded.binaries import valkey_server
from app.embedded.folders import socket_folder
from app.embedded.private_files import keep_once, private_folder, write_private
from app.embedded.server import Server, State

_SOCKET = "valkey.sock"


def prepare(data_dir: Path) -> Server:
    """Valkey of this DATA_DIR, ready to be started; its password and configuration are written."""
    folder = private_folder(data_dir / "valkey")
    password = keep_once(folder / "password", lambda: secrets.token_hex(24))
    path = socket_folder(folder / "run", _SOCKET, data_dir, None) / _SOCKET
    configuration = folder / "valkey.conf"
    write_private(configuration, _configuration(folder, path, password))
    return Server(
        name="Valkey",
        command=(str(valkey_server()), str(configuration)),
        folder=folder,
        log=data_dir / "log" / "valkey.log",
        url=f"unix://:{password}@{quote(str(path))}?db=0",
        state=lambda: _state(path, password),
        litter=(path, path.parent),
    )


def _configuration(folder: Path, path: Path, password: str) -> str:
    """A file, not arguments: arguments, and a password among them, are seen by every user."""
    return "\n".join(
        [
            "port 0",
            f"unixsocket {_quoted(path)}",
            "unixsocketperm 700",
            f"requirepass {password}",
            f"dir {_quoted(folder)}",
            "appendonly yes",
            'save ""',
            "set-proc-title no",
            "",
        ]
    )


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _state(path: Path, password: str) -> State:
    """What it answers to our password and a PING."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(path))
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (block := connection.recv(256)):  # noqa: PLR2004 - two commands, two answers
                answer += block
    except OSError:
        return State.SILENT
    if answer == b"+OK\r\n+PONG\r\n":
        return State.READY
    return State.BUSY if b"-LOADING" in answer else State.SILENT
