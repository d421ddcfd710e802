"""One installation as a command sees it: its services, its settings, its door to the data."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict

from app import domains
from app.access.caller import SYSTEM
from app.database.session import Database
from app.embedded import attach
from app.embedded.services import Services
from app.items.compile import builtin
from app.items.items import Items
from app.settings import Settings, settings


def adopt(services: Services) -> Settings:
    """Make these services the ones of this process; its settings."""
    os.environ.update({name.upper(): url for name, url in asdict(services).items()})
    settings.cache_clear()
    return settings()


@contextmanager
def attached() -> Iterator[Settings]:
    """The settings of the running installation, or of one started for the time of the block."""
    with attach(settings()) as services:
        yield adopt(services)


@asynccontextmanager
async def opened(current: Settings) -> AsyncIterator[Items]:
    """The door to the data, for Mintage itself. The database has to be migrated."""
    domains.register_all()
    database = Database(current.database_url or "", max_size=4)
    await database.open()
    try:
        yield Items(database, builtin(), SYSTEM, current.max_relational_depth)
    finally:
        await database.close()
