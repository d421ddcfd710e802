"""Keys that change hands while a job runs: each chunk asks again, and holds what it found."""

import psycopg
import pytest

from app.database.session import Database
from app.domains.code_space.service import space_by_id
from app.domains.identifier_job.service import hold_keys, read_job
from app.settings import settings
from workers.chunks import advance
from workers.identifier_job import IdentifierJobs

JOBS = IdentifierJobs()


@pytest.fixture
def other(plant):
    return plant.value("INSERT INTO account (account_name) VALUES ('Other') RETURNING id::text")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setenv("CHUNK_SIZE", "10")
    settings.cache_clear()


async def finish(plant, database: Database, job: str) -> None:
    for _ in range(100):
        if plant.status(job) not in {"new", "in_progress"}:
            return
        await advance(database, JOBS, job)


@pytest.mark.parametrize(
    ("fields", "move"),
    [
        ({"type": "sgtin"}, "UPDATE company_prefix SET account = %s WHERE digits = '9312345'"),
        ({"type": "grai"}, "UPDATE company_prefix SET account = %s WHERE digits = '0614141'"),
        (
            {"type": "sscc", "sscc_company_prefix": "0614141"},
            "UPDATE company_prefix SET account = %s WHERE digits = '0614141'",
        ),
        ({"type": "short_code"}, "UPDATE domain SET account = %s"),
        ({"type": "short_code"}, "UPDATE domain SET state = 'pending' WHERE account <> %s"),
        ({"type": "sgtin"}, "DELETE FROM company_prefix WHERE digits = '9312345' OR digits = %s"),
    ],
)
async def test_what_is_anothers_by_now_is_not_minted(plant, database, other, fields, move):
    if fields["type"] == "short_code":
        fields = {**fields, "domain": plant.domain}
    job = plant.job(quantity=40, **fields)
    await advance(database, JOBS, job)  # its plan
    await advance(database, JOBS, job)  # at most one chunk
    there = plant.value("SELECT count(*) FROM unique_code")
    assert there < 40
    plant.connection.execute(move, [other])
    await finish(plant, database, job)
    assert plant.status(job) == "error"
    assert plant.value("SELECT count(*) FROM unique_code") == there
    said = plant.value("SELECT error_message FROM identifier_job WHERE id = %s", job)
    assert "admin of the installation" in said


async def test_a_chunk_holds_what_its_codes_lie_under(plant, database):
    """Whoever wants to change it waits until the codes are there, and sees them."""
    job = plant.job(quantity=10, type="sgtin")
    await advance(database, JOBS, job)
    async with database.write() as session:
        space = await space_by_id(session, plant.value("SELECT id FROM code_space"))
        held = await hold_keys(session, await read_job(session, job), space, None)
        assert held.prefix_length == 7
        with psycopg.connect(plant.database_url) as connection:
            for statement in (
                "SELECT FROM company_prefix WHERE digits = '9312345' FOR UPDATE NOWAIT",
                "SELECT FROM product WHERE id = '/01/09312345551927' FOR UPDATE NOWAIT",
            ):
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    connection.execute(statement)
                connection.rollback()


@pytest.mark.parametrize(
    ("fields", "prefix"),
    [
        ({"type": "sgtin"}, "/01/09312345551927/21/"),
        ({"type": "grai"}, "/8003/00614141123452"),
        ({"type": "sscc", "sscc_company_prefix": "931234555"}, "/00/0931234555"),
    ],
)
async def test_more_of_what_was_given_out_has_the_same_prefix_length(
    plant, database, fields, prefix
):
    """A code space keeps it, of whatever alphabet and length, whatever the prefix says."""
    plant.connection.execute(
        "INSERT INTO code_space (key_prefix, alphabet, length, company_prefix_length) "
        "VALUES (%s, 'another', 0, 9)",
        [prefix],
    )
    job = plant.job(quantity=20, **fields)
    await finish(plant, database, job)
    assert plant.status(job) == "complete"
    found = plant.column("SELECT DISTINCT company_prefix_length FROM unique_code")
    assert found == [9]
