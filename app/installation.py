"""One installation as a command sees it: its services, its settings, its door to the data."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from pathlib import Path

import psycopg

from app.access.caller import SYSTEM
from app.database.session import Database
from app.embedded import attach
from app.embedded.services import Services
from app.errors import AppError
from app.items.items import Items
from app.items.query.selection import Limits
from app.served import served
from app.settings import InstallationSettings, installation_settings, settings


class NoInstallation(AppError):
    """A command that needs an installation was sent to a folder that holds none."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"There is no installation in {data_dir.absolute()}: start one with `mintage run`, "
            "or set DATA_DIR (or DATABASE_URL) to yours."
        )


def adopt(services: Services) -> InstallationSettings:
    """Make these services the ones of this process; its settings."""
    os.environ.update({name.upper(): url for name, url in asdict(services).items()})
    settings.cache_clear()
    return installation_settings()


@contextmanager
def attached(*, make: bool = False) -> Iterator[InstallationSettings]:
    """The settings of the running installation, or of one started for the time of the block.

    Raises NoInstallation where there is none, unless the command is there to `make` one.
    """
    current = settings()
    if not make and current.database_url is None and not _is_there(current.data_dir):
        raise NoInstallation(current.data_dir)
    with attach(current) as services:
        yield adopt(services)


def _is_there(data_dir: Path) -> bool:
    """Whether an embedded PostgreSQL has its data there, or says there where it has it."""
    return any(
        (data_dir.expanduser() / name).exists() for name in ("postgres", "postgres.location")
    )


async def _require_answer(url: str) -> None:
    """Connect once: the error says why at once, where a pool would try and log for half a minute.

    Raises psycopg.OperationalError.
    """
    connection = await psycopg.AsyncConnection.connect(url, connect_timeout=5)
    await connection.close()


@asynccontextmanager
async def opened(current: InstallationSettings) -> AsyncIterator[Items]:
    """The door to the data, for Mintage itself. The database has to be migrated."""
    compiler = served(current).compiler
    await _require_answer(current.database_url)
    database = Database(current.database_url, max_size=4)
    await database.open()
    try:
        yield Items(database, compiler, SYSTEM, Limits(depth=current.max_relational_depth))
    finally:
        await database.close()
