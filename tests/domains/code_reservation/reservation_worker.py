"""A worker of reservations, in the process of the tests."""

import pytest

from app.database.session import Database
from app.served import served
from workers.chunks import advance
from workers.code_reservation import CodeReservations

KEYS = (
    "SELECT id FROM code_reservation WHERE status IN ('new', 'in_progress') ORDER BY date_created"
)


@pytest.fixture
async def work(installation, rows):
    """Does what a worker does with the reservations that wait."""
    database = Database(installation.database_url)
    await database.open()

    async def work():
        rows.execute("UPDATE job_chunk SET not_before = now()")
        for (key,) in rows.execute(KEYS).fetchall():
            await advance(database, CodeReservations(served(installation).compiler), str(key))

    yield work
    await database.close()
