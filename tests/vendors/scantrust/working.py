"""A worker of work orders and documents, in the process of the tests."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from app.database.session import Database
from app.served import served
from workers.chunks import advance
from workers.document import Documents
from workers.identifier_job import IdentifierJobs
from workers.workorder import WorkOrders

JOBS = "SELECT id FROM identifier_job WHERE status IN ('new', 'in_progress')"
DOCUMENTS = "SELECT key FROM document WHERE status IN ('pending', 'in-progress')"
ORDERS = "SELECT id FROM workorder WHERE state IN ('minted', 'packing')"


@pytest.fixture
async def work(installation, rows) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Does what workers do with what waits, until nothing is left to do."""
    database = Database(installation.database_url)
    await database.open()

    async def work() -> None:
        while jobs := rows.execute(JOBS).fetchall():
            for (key,) in jobs:
                await advance(database, IdentifierJobs(), str(key))
        while orders := rows.execute(ORDERS).fetchall():
            for (key,) in orders:
                await advance(database, WorkOrders(served(installation).compiler), str(key))
        while documents := rows.execute(DOCUMENTS).fetchall():
            for (key,) in documents:
                await advance(database, Documents(served(installation).compiler), str(key))

    yield work
    await database.close()
