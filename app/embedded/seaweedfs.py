"""SeaweedFS: the S3 server, all its parts in one process on loopback ports.

Only its S3 port asks for credentials; its other ports trust whoever is on this machine.
"""

import json
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

from app.embedded import ports
from app.embedded.binaries import weed
from app.embedded.folders import socket_folder
from app.embedded.private_files import keep_once, private_folder
from app.embedded.server import Server

BUCKET = "mintage"
_SOCKETS = ("filer.sock", "s3.sock")
_PARTS = ("s3", "master", "volume", "filer", "admin")


def prepare(data_dir: Path) -> Server:
    """SeaweedFS of this DATA_DIR, ready to be started; credentials and ports are written.

    Nothing waits for it: its address is known, and it answers a second later.
    """
    folder = private_folder(data_dir / "seaweedfs")
    reserved = ports.reserve(len(_PARTS), folder / "ports.json")
    credentials = folder / "s3.json"
    key, secret = _key_pair(keep_once(credentials, _new_credentials))
    sockets = socket_folder(folder / "run", _SOCKETS[0], data_dir, None)
    address = f"{ports.HOST}:{reserved.numbers[0]}"
    return Server(
        name="SeaweedFS",
        command=(*_command(folder, credentials, sockets), *_port_options(reserved.numbers)),
        folder=folder,
        log=data_dir / "log" / "seaweedfs.log",
        url=f"http://{key}:{secret}@{address}/{BUCKET}",
        state=None,
        environment={"HOME": str(folder)},
        # Asked nicely it waits half a minute for idle connections; killed it loses nothing.
        farewell=signal.SIGKILL,
        patience=5,
        reserved=reserved.sockets,
        litter=(*_stray_sockets(reserved.numbers), *(sockets / name for name in _SOCKETS), sockets),
    )


def _command(folder: Path, credentials: Path, sockets: Path) -> tuple[str, ...]:
    return (
        str(weed()),
        "-logtostderr",
        "mini",
        f"-dir={private_folder(folder / 'data').name}",  # relative: it splits paths at commas
        f"-ip={ports.HOST}",
        f"-ip.bind={ports.HOST}",
        f"-s3.config={credentials}",
        "-volume.id=mintage",  # not its address: the ports may be others next time
        f"-filer.localSocket={sockets / _SOCKETS[0]}",
        f"-s3.localSocket={sockets / _SOCKETS[1]}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-volume.preStopSeconds=0",
        "-master.telemetry=false",
        "-webdav=false",
        "-admin.ui=false",
    )


def _port_options(numbers: tuple[int, ...]) -> Iterator[str]:
    for part, number in zip(_PARTS, numbers, strict=True):
        yield f"-{part}.port={number}"
        yield f"-{part}.port.grpc={number + ports.PAIR}"


def _stray_sockets(numbers: tuple[int, ...]) -> Iterator[Path]:
    """What it puts into /tmp whatever we say, and leaves there."""
    for part, number in zip(_PARTS, numbers, strict=True):
        yield Path(f"/tmp/seaweedfs-{part}-grpc-{number + ports.PAIR}.sock")  # noqa: S108 - its choice


def _new_credentials() -> str:
    credentials = {"accessKey": secrets.token_hex(10), "secretKey": secrets.token_hex(20)}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identity = {"name": "mintage", "credentials": [credentials], "actions": actions}
    return json.dumps({"identities": [identity]})


def _key_pair(text: str) -> tuple[str, str]:
    credentials = json.loads(text)["identities"][0]["credentials"][0]
    return credentials["accessKey"], credentials["secretKey"]
