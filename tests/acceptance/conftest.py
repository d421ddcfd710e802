"""A fresh installation, its client, and what a worker would do, done in this process."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from app.database.session import Database
from app.settings import GivenSettings
from tests.clients.conftest import server
from tests.installation import app, client, installation, prepared, reset, rows
from workers.chunks import advance
from workers.identifier_job import IdentifierJobs

__all__ = ["app", "client", "installation", "mint", "prepared", "reset", "rows", "server"]

Mint = Callable[[str], Awaitable[None]]


@pytest.fixture
async def mint(installation: GivenSettings) -> AsyncIterator[Mint]:
    """Does all the chunks of a job."""
    database = Database(installation.database_url or "", max_size=3)
    await database.open()

    async def run(job: str) -> None:
        for _ in range(20):
            await advance(database, IdentifierJobs(), job)

    yield run
    await database.close()
